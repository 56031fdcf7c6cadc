"""What a failed operation says about itself. Pure."""

from actors.errors import BreakerOpenError, ThrottledError, VendorError
from store.errors import StoreUnavailableError

STORE_REST_S = 5.0
"""How long a store that takes no writes is left alone."""


def reason(error: VendorError | StoreUnavailableError) -> str:
    """Return one word from a closed set, fit for a metric's label."""
    return error.reason if isinstance(error, VendorError) else "store_unavailable"


def wait_s(error: VendorError | StoreUnavailableError) -> float:
    """Return how long we were asked to wait; 0 when nobody said."""
    match error:
        case ThrottledError(retry_after_s=asked_s) | BreakerOpenError(retry_in_s=asked_s):
            return asked_s
        case StoreUnavailableError():
            return STORE_REST_S
        case _:
            return 0.0
