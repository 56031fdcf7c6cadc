"""How a command says that it did not do what it was asked to."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a script learns from how a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2


class CommandError(Exception):
    """Expected trouble: shown as one message, never as a traceback.

    Attributes:
        advice: what to do about it, or empty.
        exit_code: how the process ends.
        document: the daemon's problem document as it came; empty when the trouble is ours.
    """

    document = b""

    def __init__(
        self, message: str, advice: str = "", exit_code: ExitCode = ExitCode.FAILED
    ) -> None:
        super().__init__(message)
        self.advice = advice
        self.exit_code = exit_code
