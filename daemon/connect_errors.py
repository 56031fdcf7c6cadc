"""Why a company could not be connected."""


class ConnectError(Exception):
    """A company could not be connected. The text says why and what to do."""


class UnknownVendorError(ConnectError):
    """No such vendor is configured."""


class ConsentRefusedError(ConnectError):
    """The owner declined, or the answer is not to a request that we made just now."""


class CodeRefusedError(ConnectError):
    """The vendor does not take the authorization code."""


class KeysRefusedError(ConnectError):
    """The vendor does not take the keys."""


class WrongCompanyError(ConnectError):
    """The tokens do not open the company that was named."""


class VendorFailedError(ConnectError):
    """The vendor did not answer, or does not take this app's identity. Nothing was stored."""
