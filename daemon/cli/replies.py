"""What the daemon's HTTP interface answers, as far as the command line reads it.

Fields that are not named here are left alone; `--json` shows them all.
"""

from datetime import datetime
from typing import TypeVar

import msgspec

from daemon.cli.failure import CommandError

Reply = TypeVar("Reply")


def decoded(raw: bytes | msgspec.Raw, kind: type[Reply]) -> Reply:
    """Read an answer.

    Raises:
        CommandError: it is not what the daemon would say.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as error:
        raise CommandError(
            f"this is not how a daemon of this version answers: {error}",
            "Is another program on its port, or was it not restarted after an update?",
        ) from error


class Page(msgspec.Struct, frozen=True):
    """One page of a list, its items still raw."""

    items: list[msgspec.Raw]
    next: int | str | None = None


class AccountReply(msgspec.Struct, frozen=True):
    """One connected company."""

    id: str
    vendor: str
    external_account_id: str
    name: str
    state: str
    connected_at: datetime
    exact_as_of: datetime | None = None
    last_synced_at: datetime | None = None
    reasons: list[str] = []


class CursorReply(msgspec.Struct, frozen=True):
    """How far one object type has been read."""

    object_type: str
    records: int = 0
    complete: bool = False
    rescan_requested: bool = False
    covered_until: datetime | None = None
    last_synced_at: datetime | None = None
    last_error: str | None = None


class HeldDeletesReply(msgspec.Struct, frozen=True):
    """Deletes of one type that wait for a person's word."""

    object_type: str
    count: int
    live: int
    noticed_at: datetime
    sample: list[str] = []
    confirmed_at: datetime | None = None
    confirmed_count: int = 0


class ConfirmedReply(msgspec.Struct, frozen=True):
    """What may be deleted now."""

    confirmed: list[HeldDeletesReply]


class TokenReply(msgspec.Struct, frozen=True):
    """When an account's tokens end; `advice` when that is near."""

    refresh_expires_at: datetime | None = None
    refresh_hard_expires_at: datetime | None = None
    advice: str | None = None


class BudgetReply(msgspec.Struct, frozen=True):
    """The month's metered reads, which all accounts of a vendor share."""

    month: str
    used: int
    stretch: float
    forecast: int | None = None
    allowance: int | None = None
    refused_by_vendor: bool = False
    reason: str | None = None


class SummaryReply(msgspec.Struct, frozen=True):
    """What the last comparison with the vendor came to."""

    finished_at: datetime
    exact: bool
    repaired: bool
    differences: int
    reads: int
    answers: int = 0


class ProgressReply(msgspec.Struct, frozen=True):
    """How far the comparison under way has come."""

    types_done: int
    types: int
    objects: int
    differences: int
    reads: int
    object_type: str | None = None
    began_at: datetime | None = None


class VerificationReply(msgspec.Struct, frozen=True):
    """How an account's comparisons with its vendor stand."""

    last: SummaryReply | None = None
    running: ProgressReply | None = None
    last_error: str | None = None
    mended_since: int = 0


class StatusReply(AccountReply, frozen=True):
    """One account with its cursors."""

    cursors: list[CursorReply] = []
    held_deletes: list[HeldDeletesReply] = []
    token: TokenReply | None = None
    budget: BudgetReply | None = None
    verification: VerificationReply = VerificationReply()


class TypePriceReply(msgspec.Struct, frozen=True):
    """What reading one type would cost."""

    object_type: str
    records: int
    calls: int


class PriceReply(msgspec.Struct, frozen=True):
    """What a look would cost."""

    calls: int
    minutes: float
    bound_by: str = ""
    types: list[TypePriceReply] = []
    allowance: int | None = None
    used: int = 0


class ComparedReply(msgspec.Struct, frozen=True):
    """How one object type compared."""

    object_type: str
    vendor_count: int
    local_count: int
    missing_count: int
    extra_count: int
    differing_count: int
    missing: list[str] = []
    extra: list[str] = []
    differing: list[str] = []
    complete: bool = True
    unrepaired_count: int = 0


class CertificateReply(msgspec.Struct, frozen=True):
    """What one comparison found."""

    exact: bool
    repaired: bool
    complete: bool
    as_of: datetime
    types: list[ComparedReply]
    reads: int
    mended_before: int = 0


class VerifyReply(msgspec.Struct, frozen=True):
    """A comparison that was asked for."""

    request: int


class ObjectReply(msgspec.Struct, frozen=True):
    """One object of the replica."""

    object_type: str
    object_id: str
    version: str
    updated_at: datetime
    synced_at: datetime
    deleted: bool
    payload: msgspec.Raw


class FreshnessReply(msgspec.Struct, frozen=True):
    """How old what is shown is."""

    exact_as_of: datetime | None = None
    stale: bool = False
    reason: str | None = None

    def in_words(self) -> str:
        """Say how old, for a person."""
        at = self.exact_as_of
        known = "not known yet" if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"
        if not self.stale:
            return f"Exact as of {known}."
        return f"Exact as of {known}, which is older than it should be: {self.reason or 'behind'}."


class FreshReply(msgspec.Struct, frozen=True):
    """Any answer that says how old it is."""

    freshness: FreshnessReply = FreshnessReply()


class FieldChangeReply(msgspec.Struct, frozen=True):
    """One field that a version changed; empty where it is not there."""

    name: str
    before: msgspec.Raw = msgspec.Raw(b"")
    after: msgspec.Raw = msgspec.Raw(b"")


class ExplainedEventReply(msgspec.Struct, frozen=True):
    """One thing that happened to an object."""

    at: datetime
    what: str
    why: str
    version: str
    via: str
    updated_at: datetime | None = None
    look: str = ""
    trace_ids: list[str] = []
    changed: list[FieldChangeReply] = []
    times: int = 1
    last_at: datetime | None = None


class ExplanationReply(msgspec.Struct, frozen=True):
    """How an object came to be as it is held."""

    object_type: str
    object_id: str
    deleted: bool
    events: list[ExplainedEventReply]
    covered_until: datetime | None = None
    earlier_left_out: bool = False


class AttemptReply(msgspec.Struct, frozen=True):
    """One call about an action."""

    at: datetime
    call: str
    outcome: str
    trace_id: str | None = None
    error: str | None = None


class ActionResultReply(msgspec.Struct, frozen=True):
    """The object that an action left."""

    object_type: str
    object_id: str


class DriftReply(msgspec.Struct, frozen=True):
    """A field that is not at the vendor as an action asked for."""

    object_type: str
    object_id: str
    field: str
    asked: str
    found: str
    found_at: datetime
    resolved_at: datetime | None = None


class ActionReply(msgspec.Struct, frozen=True):
    """One write that a user asked for."""

    id: str
    type: str
    state: str
    created_at: datetime
    needs_person: bool = False
    waits_for: str | None = None
    result: ActionResultReply | None = None
    attempts: list[AttemptReply] = []
    last_error: str | None = None
    drifts: list[DriftReply] = []


class ChangeReply(msgspec.Struct, frozen=True):
    """One applied difference."""

    seq: int
    account_id: str
    vendor: str
    object_type: str
    object_id: str
    op: str
    via: str
    observed_at: datetime
    updated_at: datetime


class DatabaseReply(msgspec.Struct, frozen=True):
    """How the database is."""

    last_seq: int


class Disconnected(msgspec.Struct, frozen=True):
    """What came of a disconnect.

    Attributes:
        detail: in words, also whether the vendor revoked the access.
    """

    purged: bool
    revoked: bool
    detail: str = ""


class ProblemField(msgspec.Struct, frozen=True):
    """One thing that is wrong with a request."""

    path: str
    expected: str
    found: str


class Problem(msgspec.Struct, frozen=True):
    """A problem document (RFC 9457)."""

    title: str
    detail: str = ""
    errors: list[ProblemField] = []
    reasons: list[str] = []
