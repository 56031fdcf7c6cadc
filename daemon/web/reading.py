"""What all calls that read one account have in common: how old an answer may be."""

from typing import Annotated, Protocol

from msgspec import Meta

from daemon.read_through import ReadThrough
from daemon.web.context import WebContext
from daemon.web.waiting import Waiting
from store.models import Account

MaxAge = (
    Annotated[
        float,
        Meta(
            ge=0,
            description="How many seconds ago the vendor may have been looked at, at most. When the"
            " last look is older, another is made first, which all who ask share. When that can't be"
            " done, the answer is what there is, with `stale: true` and the reason. `age_seconds` is"
            " more by the configured overlap: what the vendor may show late.",
        ),
    ]
    | None
)


class _AskedAge(Protocol):
    @property
    def max_age(self) -> float | None: ...


class _ReadingCall(Protocol):
    @property
    def context(self) -> WebContext: ...
    @property
    def waiting(self) -> Waiting: ...
    @property
    def query(self) -> _AskedAge: ...


async def read_through(call: _ReadingCall, account: Account) -> ReadThrough:
    """Have the account looked at first if it is older than asked for; it counts as read anyway."""
    readers, max_age_s = call.context.readers, call.query.max_age
    if max_age_s is None:
        readers.note(account.id)
        return ReadThrough(account, None)
    return await readers.bring_up(account, max_age_s, call.waiting.within)
