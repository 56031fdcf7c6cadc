"""How a call to a vendor can end badly. Each class is one thing that the caller can do about it.

VendorError
├── TransientError         try again later (network, 5xx, an answer that cannot be read)
│   ├── ThrottledError     ... but not before `retry_after_s`
│   │   └── AllowanceUsedUpError  ... because the month's reads are used up: writes still pass
│   ├── BreakerOpenError   ... the call was not made: the vendor is left alone for `retry_in_s`
│   └── NotSentError       ... nothing reached the vendor
│       └── TooLateError   ... because its turn came too late: that says nothing about the vendor
├── ReauthorizeError       the access token was refused
├── GrantRefusedError      the refresh token or the code was refused: only the owner can help
├── RejectedError          the vendor will not do it: the same call will fail again
│   ├── FeedExpiredError   ... because changes that old are no longer listed
│   └── StaleVersionError  ... because the object was changed since it was read
└── UnknownOutcomeError    a write may have happened or not; look before it is sent again

CredentialError            stored tokens cannot be unsealed with the keys at hand
"""


class VendorError(Exception):
    """A call to a vendor failed.

    Attributes:
        status: the HTTP status, or None when no answer came.
        code: the vendor's own code, or None.
        trace_id: the vendor's id of the call, for its support, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        trace_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.trace_id = trace_id

    @property
    def reason(self) -> str:
        """One word from a closed set, fit for a metric's label."""
        return REASONS[type(self)]


class TransientError(VendorError):
    """The call may succeed later."""


class ThrottledError(TransientError):
    """The vendor asked to slow down.

    Attributes:
        retry_after_s: how long it asked us to wait.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float,
        status: int | None = None,
        code: str | None = None,
        trace_id: str | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code, trace_id=trace_id)
        self.retry_after_s = retry_after_s


class AllowanceUsedUpError(ThrottledError):
    """The app's metered reads of this month are used up, or kept for what is more urgent."""


class BreakerOpenError(TransientError):
    """The call was not made: the vendor failed too often and is left alone for a while.

    Attributes:
        retry_in_s: how long it will be left alone.
    """

    def __init__(self, retry_in_s: float) -> None:
        super().__init__(f"the vendor failed too often and is left alone for {retry_in_s:.0f} s")
        self.retry_in_s = retry_in_s


class NotSentError(TransientError):
    """No connection came about, or the call was too late to be made: the vendor knows nothing of it."""


class TooLateError(NotSentError):
    """The call's turn came too late for it to be made."""


class ReauthorizeError(VendorError):
    """The access token was refused."""


class GrantRefusedError(VendorError):
    """The refresh token or the authorization code was refused."""


class RejectedError(VendorError):
    """The vendor understood the call and will not do it."""


class FeedExpiredError(RejectedError):
    """The vendor no longer lists changes as old as were asked for."""


class StaleVersionError(RejectedError):
    """The object was changed since the version that the write was made for."""


class UnknownOutcomeError(VendorError):
    """A write was sent and its outcome is not known."""


class CredentialError(Exception):
    """Stored tokens cannot be unsealed with the keys at hand."""


REASONS: dict[type[VendorError], str] = {
    VendorError: "other",
    TransientError: "transient",
    ThrottledError: "throttled",
    AllowanceUsedUpError: "allowance_used_up",
    BreakerOpenError: "breaker_open",
    NotSentError: "not_sent",
    TooLateError: "not_sent",
    ReauthorizeError: "reauthorize",
    GrantRefusedError: "grant_refused",
    RejectedError: "rejected",
    FeedExpiredError: "feed_expired",
    StaleVersionError: "stale_version",
    UnknownOutcomeError: "unknown_outcome",
}
