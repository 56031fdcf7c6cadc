"""Child processes that end when whoever started them does, however that came about."""

import ctypes
import signal
from collections.abc import Callable

_DIE_WITH_PARENT = 1


def die_with_parent(how: signal.Signals) -> Callable[[], None]:
    """Return what a child runs first (`preexec_fn`) to be sent a signal when its parent's thread ends."""
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(_DIE_WITH_PARENT, how)

    return ask
