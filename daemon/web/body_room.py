"""How many large bodies of strangers are in memory at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from daemon.web.problem import ProblemError

MOST_LARGE_BODIES = 8
SMALL_BODY_BYTES = 64 * 1024
"""Up to this a body needs no place: no more than the server holds of any connection anyway, and
large bodies that come slowly cannot keep ordinary deliveries out."""


class BodyRoom:
    """The places for bodies that are read before anybody knows who sent them.

    Attributes:
        taken: how many are taken.
    """

    def __init__(self, most: int = MOST_LARGE_BODIES) -> None:
        self._most = most
        self.taken = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place while a large body is in memory.

        Raises:
            ProblemError: 503: all are taken.
        """
        if self.taken >= self._most:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "too-many-bodies",
                f"{self._most} large deliveries are being read already; deliver it again later",
                headers={"Retry-After": "10"},
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
