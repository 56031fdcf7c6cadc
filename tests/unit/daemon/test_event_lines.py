"""Whatever happens has a line: an event that the log does not know would end the actor that tells it."""

import enum
import types
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from actors.events import Event
from daemon.event_log import EventLog
from daemon.metrics import Metrics
from support.virtual_time import VirtualClock

_PLAIN: dict[object, object] = {
    str: "text",
    int: 1,
    float: 1.0,
    bool: False,
    datetime: datetime(2026, 11, 21, tzinfo=UTC),
    Any: None,
    object: None,
}


def example(kind: Any) -> Any:  # noqa: ANN401 - it makes whatever it is asked for
    """Make something of the kind, of whatever it consists."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin = get_origin(kind)
    if origin is types.UnionType:
        return None if type(None) in get_args(kind) else example(get_args(kind)[0])
    if origin in {Sequence, tuple, list}:
        return ()
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    return kind(**{name: example(hint) for name, hint in get_type_hints(kind).items()})


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
async def test_every_event_is_logged_and_counted(kind: type) -> None:
    event = example(kind)
    EventLog({}).listen(event)
    Metrics(VirtualClock(), {"text": ("text",)}, "1.2.3").listen(event)
