import json
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import psycopg
import pytest
import structlog
from procrastinate.exceptions import ConnectorException

from actors.moment import Moment
from daemon.config import LogConfig
from daemon.log import configure_logging
from daemon.redaction import Redactor

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class StoppedClock:
    def now(self) -> Moment:
        return Moment(0.0, datetime(2026, 11, 21, 9, 30, tzinfo=UTC))


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)


def configured(
    config: LogConfig | None = None,
    stream: StringIO | None = None,
    redactor: Redactor | None = None,
    environ: dict[str, str] | None = None,
) -> StringIO:
    stream = stream or StringIO()
    configure_logging(
        config or LogConfig(),
        clock=StoppedClock(),
        redactor=redactor or Redactor(),
        stream=stream,
        environ=environ or {},
    )
    return stream


def events(stream: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_event_is_one_json_line_with_when_how_bad_and_what() -> None:
    stream = configured()
    log.info("page_stored", account="a-1", objects=3)
    (line,) = stream.getvalue().splitlines()
    assert list(json.loads(line).items()) == [
        ("timestamp", "2026-11-21T09:30:00.000000Z"),
        ("level", "info"),
        ("event", "page_stored"),
        ("account", "a-1"),
        ("objects", 3),
    ]


def test_less_than_the_level_is_not_logged_and_the_level_can_change() -> None:
    stream = configured(LogConfig(level="warning"))
    log.info("quiet")
    log.warning("loud")
    configured(LogConfig(level="debug"), stream)
    log.debug("quiet_no_more")
    assert [event["event"] for event in events(stream)] == ["loud", "quiet_no_more"]


def test_configuring_again_does_not_log_twice() -> None:
    stream = configured(stream=configured())
    log.info("once")
    assert len(events(stream)) == 1


def test_what_is_bound_to_the_task_is_in_its_events() -> None:
    stream = configured()
    with structlog.contextvars.bound_contextvars(account="a-1"):
        log.info("inside")
    assert events(stream)[0]["account"] == "a-1"


def test_library_message_has_one_name_and_says_whose_it_is() -> None:
    stream = configured()
    logging.getLogger("aiohttp.server").warning("slow %s", "client")
    (event,) = events(stream)
    assert event["event"] == "library_message"
    assert (event["logger"], event["message"]) == ("aiohttp.server", "slow client")
    assert (event["level"], event["timestamp"]) == ("warning", "2026-11-21T09:30:00.000000Z")


def test_libraries_do_not_log_every_request() -> None:
    stream = configured(LogConfig(level="debug"))
    logging.getLogger("httpx").info("HTTP Request: GET /")
    logging.getLogger("aiohttp.access").info("GET /health")
    logging.getLogger("aiosqlite").debug("executing functools.partial(...)")
    assert stream.getvalue() == ""


def test_warnings_are_logged() -> None:
    stream = configured()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    (event,) = events(stream)
    assert event["logger"] == "py.warnings"
    assert "old ways" in str(event["message"])


def test_exception_is_one_line_with_its_traceback() -> None:
    stream = configured()
    try:
        raise ValueError("the cause")
    except ValueError:
        log.exception("actor_crashed")
    (event,) = events(stream)
    assert str(event["exception"]).startswith("Traceback (most recent call last):")
    assert str(event["exception"]).endswith("ValueError: the cause")


def test_no_secret_is_written_by_any_way_into_the_log() -> None:
    stream = configured(LogConfig(level="debug"), redactor=Redactor(["hush-hush"]))
    error = ValueError("vendor said hush-hush")
    error.add_note("note: hush-hush")
    log.info("event hush-hush", text="hush-hush", nested={"hush-hush": ["hush-hush"]}, error=error)
    logging.getLogger("aiohttp").error("library %s %r", "hush-hush", {"a": "hush-hush"})
    try:
        raise RuntimeError("outer hush-hush") from error
    except RuntimeError:
        log.exception("crashed")
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    with structlog.contextvars.bound_contextvars(token="hush-hush"):
        log.debug("bound", stack_info=True)
    assert len(events(stream)) == 5
    assert "hush-hush" not in stream.getvalue()


def test_line_that_cannot_be_written_is_named_without_its_text() -> None:
    stream = configured(redactor=Redactor())
    logging.getLogger("aiohttp").error("%d", "hush-hush")
    assert stream.getvalue() == "log_line_lost logger=aiohttp error=TypeError\n"


def test_threads_may_log_while_secrets_come_and_go() -> None:
    redactor = Redactor(["hush-hush"])
    stream = configured(redactor=redactor)

    def come_and_go() -> None:
        for n in range(2_000):
            redactor.add(f"hush{n}")
            redactor.discard(f"hush{n}")

    thread = threading.Thread(target=come_and_go)
    thread.start()
    for _ in range(200):
        log.info("said", text="it is hush-hush")
    thread.join()
    assert {str(event["text"]) for event in events(stream)} == {"it is ********"}


def test_terminal_gets_text_and_everything_else_json() -> None:
    terminal = configured(stream=Terminal())
    log.info("page_stored", account="a-1")
    assert "page_stored" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")
    assert "\x1b[" in terminal.getvalue()


def test_colours_are_left_out_when_they_are_not_wanted() -> None:
    terminal = configured(stream=Terminal(), environ={"NO_COLOR": "1"})
    log.warning("page_stored", account="a-1")
    assert "\x1b[" not in terminal.getvalue()


def test_console_shows_tracebacks_without_secrets() -> None:
    stream = configured(LogConfig(format="console"), redactor=Redactor(["hush-hush"]))
    try:
        raise ValueError("vendor said hush-hush")
    except ValueError:
        log.exception("actor_crashed")
    assert "ValueError: vendor said ********" in stream.getvalue()


def test_json_is_had_on_a_terminal_when_it_is_asked_for() -> None:
    stream = configured(LogConfig(format="json"), Terminal())
    log.info("page_stored")
    assert events(stream)[0]["event"] == "page_stored"


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_journal_is_told_how_bad_each_line_is(tmp_path: Path, log_format: str) -> None:
    config = LogConfig(level="debug", format="json" if log_format == "json" else "console")
    with (tmp_path / "journal").open("w+") as stream:
        status = os.fstat(stream.fileno())
        configure_logging(
            config,
            clock=StoppedClock(),
            redactor=Redactor(),
            stream=stream,
            environ={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"},
        )
        for method in (log.debug, log.info, log.warning, log.error, log.critical):
            method("said", text="two\nlines")
        stream.seek(0)
        heads = [line[:3] for line in stream]
    assert list(dict.fromkeys(heads)) == ["<7>", "<6>", "<4>", "<3>", "<2>"]


def test_stream_that_is_not_the_journals_has_no_priorities(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+") as stream:
        configure_logging(
            LogConfig(),
            clock=StoppedClock(),
            redactor=Redactor(),
            stream=stream,
            environ={"JOURNAL_STREAM": "1:2"},
        )
        log.info("said")
        stream.seek(0)
        assert stream.read().startswith("{")


def test_outage_is_a_line_of_ours_where_the_engine_would_print_a_traceback() -> None:
    stream = configured(LogConfig(fold_after=20))
    engine = logging.getLogger("procrastinate.worker")
    try:
        try:
            raise psycopg.OperationalError("the connection\n is closed")
        except psycopg.Error as cause:
            raise ConnectorException from cause
    except ConnectorException:
        engine.exception("poll_jobs_to_abort error")
    (line,) = events(stream)
    assert (
        line.items()
        >= {
            "level": "warning",
            "event": "placement_interrupted",
            "error": "the connection is closed",
        }.items()
    )
    assert "exception" not in line


def test_what_else_is_wrong_with_the_engine_is_told_as_it_is() -> None:
    stream = configured()
    try:
        raise KeyError("shard")
    except KeyError:
        logging.getLogger("procrastinate.worker").exception("Side task failed")
    (line,) = events(stream)
    assert (line["level"], line["message"]) == ("error", "Side task failed")
    assert "KeyError" in str(line["exception"])
