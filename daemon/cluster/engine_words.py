"""What the engine that places shards says of a database that is away, in a line of ours."""

import logging
from collections.abc import Iterator

import structlog

_ENGINE = "procrastinate"
_OF_DATABASES = frozenset({"psycopg", "psycopg_pool"})

log = structlog.get_logger()


class EngineWords(logging.Filter):
    """Lets records through to a handler, but for the engine's tracebacks of an outage.

    It goes on by itself behind one, and a line of ours says what happened.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is to be written."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None or record.name.partition(".")[0] != _ENGINE:
            return True
        cause = next((each for each in _causes(error) if _is_of_database(each)), None)
        if cause is None:
            return True
        text = " ".join(str(cause).split()) or type(cause).__name__
        log.warning("placement_interrupted", error=text)
        return False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what an error came of, the first cause first, and then itself."""
    if error.__cause__ is not None:
        yield from _causes(error.__cause__)
    yield error


def _is_of_database(error: BaseException) -> bool:
    """Tell whether an error is the way to the database, or the database itself; its driver is not imported."""
    package = type(error).__module__.partition(".")[0]
    return isinstance(error, OSError | TimeoutError) or package in _OF_DATABASES
