"""What two nodes answer to the same question, without what no two answers share."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

_OF_THE_MOMENT = frozenset({"date", "content-length", "etag", "set-cookie"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_COMPANY = re.compile(r"(Sandbox )?Company \d+")
_MOMENT = re.compile(r'data-now="[\d.]+"|\d+ of the \d+ of all')
_STATE = re.compile(r"state=[\w-]+")

Anything = Any
"""Decoded JSON."""


def question_answered(reply: httpx.Response) -> tuple[int, dict[str, str], Anything]:
    """Return status, headers and body; of what was asked twice within moments only ages may differ."""
    return reply.status_code, _headers(reply), _without(_body(reply), _AGES)


def deed_answered(reply: httpx.Response) -> tuple[int, dict[str, str], Anything]:
    """Return status, headers and body of what was done twice: ids and instants differ, too."""
    headers = {name: _plain(text) for name, text in _headers(reply).items()}
    return reply.status_code, headers, _plain(_without(_body(reply), _AGES | _NUMBERS))


_AGES = frozenset(
    {
        "age_seconds",
        "next_in_s",
        "next_look_in_s",
        "available",
        "last_s",
        "slowest_s",
        "seconds",
        "used",
        "cluster",
    }
)
_NUMBERS = frozenset(
    {"reads", "request", "answers", "number", "mended_before", "object_id", "Id", "DisplayName"}
    | {
        "trace_id",
        "SyncToken",
        "idempotency_key",
        "external_account_id",
        "name",
        "external_id",
        "V4IDPseudonym",
    }
    | {"payload", "version", "updated_at", "synced_at", "object_type"}
)


def _headers(reply: httpx.Response) -> dict[str, str]:
    return {
        name: _STATE.sub("state=…", text)
        for name, text in reply.headers.items()
        if name not in _OF_THE_MOMENT
    }


def _body(reply: httpx.Response) -> Anything:
    is_json = "json" in reply.headers.get("content-type", "")
    return reply.json() if is_json and reply.content else _MOMENT.sub("…", reply.text).splitlines()


def _without(answer: Anything, names: frozenset[str]) -> Anything:
    """Show of what goes by these names only whether there is something."""
    if isinstance(answer, Mapping):
        return {
            name: (each is not None) if name in names else _without(each, names)
            for name, each in answer.items()
        }
    if isinstance(answer, Sequence) and not isinstance(answer, str):
        return [_without(each, names) for each in answer]
    return answer


def _plain(answer: Anything) -> Anything:
    if isinstance(answer, Mapping):
        return {name: _plain(each) for name, each in answer.items()}
    if isinstance(answer, str):
        return _COMPANY.sub("a company", _ID.sub("an id", _INSTANT.sub("an instant", answer)))
    if isinstance(answer, Sequence):
        return [_plain(each) for each in answer]
    return answer


def differences(owner: Anything, other: Anything, place: str = "") -> list[str]:
    """Say where two answers differ."""
    if isinstance(owner, Mapping) and isinstance(other, Mapping):
        names = {**owner, **other}
        pairs = [(name, owner.get(name, ...), other.get(name, ...)) for name in names]
    elif _are_lists(owner, other) and len(owner) == len(other):
        pairs = [(number, *pair) for number, pair in enumerate(zip(owner, other, strict=True))]
    else:
        return [] if owner == other else [f"{place}: {owner!r} at the owner, but {other!r}"]
    return [
        told for name, mine, yours in pairs for told in differences(mine, yours, f"{place}/{name}")
    ]


def _are_lists(*answers: Anything) -> bool:
    return all(isinstance(each, Sequence) and not isinstance(each, str) for each in answers)
