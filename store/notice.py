"""What a vendor's notices are to the store: hints that something happened, never data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec


class Notice(msgspec.Struct, frozen=True, gc=False):
    """What a vendor's webhook said of one object: a hint to look, never its data.

    Attributes:
        event_id: the vendor's own id of the event; the same one again is a repetition.
        operation: what happened: created, updated, deleted, merged, voided or emailed.
        occurred_at: the vendor's time of it.
    """

    event_id: str
    external_account_id: str
    object_type: str
    object_id: str
    operation: str
    occurred_at: datetime


class OpenNotices(msgspec.Struct, frozen=True, gc=False):
    """Notices about one type of an account that no look has answered yet.

    Attributes:
        newest: the number of the newest of them.
    """

    object_type: str
    newest: int


@dataclass(frozen=True, slots=True)
class NoticesReceived:
    """What became of a delivery.

    Attributes:
        fresh: by account, what is new of it.
        stored: how many notices are new.
        duplicates: how many were known already.
        unknown_accounts: how many are about companies that are not connected; not kept.
    """

    fresh: Mapping[str, Sequence[OpenNotices]]
    stored: int
    duplicates: int
    unknown_accounts: int


class NoticeCheck(msgspec.Struct, frozen=True, gc=False):
    """How a page is held against the notices of its account.

    Attributes:
        answers: by type, the newest notice that the page answers; the look began after it came.
        awaited: types of which it is to be told whether something is still awaited.
        missable: types whose changes are missed webhooks when no notice tells of them.
        missed_since: changes from before then, in vendor time, are not looked at for that.
        missed_until: nor those from behind then: their notice may still be on its way.
    """

    answers: Sequence[OpenNotices] = ()
    awaited: Sequence[str] = ()
    missable: Sequence[str] = ()
    missed_since: datetime | None = None
    missed_until: datetime | None = None
