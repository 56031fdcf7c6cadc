"""What was found of an account, as the HTTP interface shows it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from actors.status import AccountState, ActorStatus
from daemon.health.checks import Check, Finding
from daemon.health.samples import Sample
from daemon.web.instant import Instant

LevelWord = Literal["warning", "critical"]
_WORDS: Sequence[LevelWord] = ("warning", "critical")


class LookFailure(msgspec.Struct, frozen=True):
    """One thing that could not be read the last time."""

    look: Annotated[str, Meta(description="An object type, or the vendor's feed of changes.")]
    failures: Annotated[int, Meta(description="In a row.")]
    error: str
    at: Instant


class CheckView(msgspec.Struct, frozen=True):
    """A check that did not come out well."""

    check: Check
    level: LevelWord
    reason: str


class ResponseView(msgspec.Struct, frozen=True):
    """How long the vendor takes to answer this account."""

    last_s: Annotated[float | None, Meta(description="The last call; null before the first.")]
    slowest_s: Annotated[float, Meta(description="The slowest since the last sample.")]


class SampleView(msgspec.Struct, frozen=True):
    """How the account was found."""

    at: Instant
    state: AccountState
    age_seconds: Annotated[
        float | None, Meta(description="How far behind its vendor; null before that is known.")
    ]
    response_s: Annotated[float, Meta(description="The slowest response since the one before.")]
    checks: Annotated[
        Mapping[Check, LevelWord], Meta(description="Those that did not come out well.")
    ]


def check_view(finding: Finding) -> CheckView:
    """Show what is not well."""
    return CheckView(finding.check, _WORDS[finding.level - 1], finding.reason)


def response_view(status: ActorStatus | None) -> ResponseView | None:
    """Show how long the vendor takes; None when only its node knows, and that does not answer."""
    if status is None or status.bucket is None:
        return None
    return ResponseView(status.last_response_s, status.slowest_response_s)


def sample_view(sample: Sample) -> SampleView:
    """Show what was found."""
    levels = {check: _WORDS[level - 1] for check, level in sample.levels.items()}
    return SampleView(sample.at, sample.state, sample.age_s, sample.response_s, levels)
