"""Reads single objects again that may have changed without any list telling of it."""

from collections.abc import Sequence

from actors.intake import Intake
from actors.premises import Premises
from actors.vendors.base import Look, Page, Priority
from store.models import Tombstone, Via

_LOOK = Look("reread", Via.POLL, Priority.POLL, (), {})


async def reread(at: Premises, intake: Intake, refs: Sequence[tuple[str, str]]) -> bool:
    """Read objects (type, id) and store what is there of them; at most as many as a call takes.

    Returns False, and stores nothing, when their types were looked at meanwhile, or the account is to
    rest: what was read may be older than what came by then. That one is not there proves nothing:
    one witness is not enough.

    Raises:
        VendorError: it can't be read now.
        StoreUnavailableError, StaleEpochError: nothing was stored.
    """
    types = {object_type for object_type, _ in refs}

    def looked_at() -> Sequence[object]:
        cursors = at.cursors()
        return [cursors[name].last_synced_at for name in sorted(types & cursors.keys())]

    before = looked_at()
    async with at.slots.place(Priority.POLL):
        session = at.session(at.permit)
        witness = await at.vendor.confirm_gone(
            session, [Tombstone(object_type, object_id, None) for object_type, object_id in refs]
        )
        if looked_at() != before or not at.may_go_on():
            return False
        await intake.store(session, _LOOK, Page(None, witness.alive, ()))
    return True
