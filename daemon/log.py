"""Logging: one line an event, each with a stable name, none with a secret."""

import logging
import os
import sys
from collections.abc import Mapping
from functools import partial
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from actors.clock import Clock
from daemon.cluster.engine_words import EngineWords
from daemon.config import LogConfig
from daemon.log_folding import LogFolding
from daemon.redaction import Redactor

# Their every request or statement would be a line; ours say more.
_TALKATIVE = ("aiohttp.access", "aiosqlite", "hpack", "httpcore", "httpx", "procrastinate")

# What they warn of, again and again, is that the database is away: ours say it once.
_ALARMED = ("psycopg", "psycopg.pool")

# syslog(3)'s severities, which journald reads from the head of a line.
_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}


def configure_logging(
    config: LogConfig,
    *,
    clock: Clock,
    redactor: Redactor,
    stream: TextIO,
    environ: Mapping[str, str],
    folding: LogFolding | None = None,
) -> None:
    """Send this process' log to `stream`: our own events, and what libraries and warnings say.

    An event has `timestamp` (ISO 8601, UTC), `level`, `event` and its own fields. What a library
    says is the event `library_message`, with `logger` and `message`. May be called again.

    Args:
        config: the least level, and the format.
        clock: gives the timestamps.
        redactor: hides secrets in everything that is written.
        stream: where the lines go, usually stderr.
        environ: with `JOURNAL_STREAM`, `NO_COLOR`.
        folding: keeps lines that repeat themselves from being written, as often as configured.
    """
    level = logging.getLevelNamesMapping()[config.level.upper()]
    begin: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        partial(_add_timestamp, clock),
    ]
    structlog.configure(
        processors=[*begin, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=lambda *_: logging.getLogger("syncline"),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*begin, _name_library_message],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            partial(_redact, redactor),
            _renderer(config, stream, environ),
        ],
    )
    handler = _Handler(stream)
    handler.setFormatter(formatter)
    handler.addFilter(EngineWords())
    if folding is not None:
        folding.most = config.fold_after
        handler.addFilter(folding)
    logging.captureWarnings(capture=True)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    for name in _ALARMED:
        logging.getLogger(name).setLevel(max(level, logging.ERROR))


class _Handler(logging.StreamHandler[TextIO]):
    """Names a line that could not be written, without its text, which nobody has redacted."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        kind = sys.exception()
        self.stream.write(f"log_line_lost logger={record.name} error={type(kind).__name__}\n")


def _renderer(config: LogConfig, stream: TextIO, environ: Mapping[str, str]) -> Processor:
    on_terminal = stream.isatty()
    render: Processor = structlog.processors.JSONRenderer()
    if config.format == "console" or (config.format == "auto" and on_terminal):
        render = structlog.dev.ConsoleRenderer(
            colors=on_terminal and not environ.get("NO_COLOR"),
            exception_formatter=structlog.dev.plain_traceback,
        )
    return partial(_prioritize, render) if _is_journal(stream, environ) else render


def _is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether the stream goes to journald: its device and inode are those in `JOURNAL_STREAM`."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _prioritize(
    render: Processor, logger: WrappedLogger, method: str, event_dict: EventDict
) -> str:
    priority = _PRIORITIES.get(str(event_dict.get("level")), 6)
    lines = str(render(logger, method, event_dict)).splitlines()
    return "\n".join(f"<{priority}>{line}" for line in lines)


def _add_timestamp(
    clock: Clock, _logger: WrappedLogger, _method: str, event_dict: EventDict
) -> EventDict:
    now = clock.now().utc.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"timestamp": now, "level": event_dict.pop("level"), **event_dict}


def _name_library_message(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    record: logging.LogRecord = event_dict["_record"]
    message = event_dict.pop("event")
    return {**event_dict, "event": "library_message", "logger": record.name, "message": message}


def _redact(
    redactor: Redactor, _logger: WrappedLogger, _method: str, event_dict: EventDict
) -> EventDict:
    first = {"timestamp": None, "level": None, "event": None}
    redacted = redactor.redact({**first, **event_dict})
    return redacted if isinstance(redacted, dict) else {}
