"""What an account's verification, and the runner of its users' writes, need of their actor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from actors import events
from actors.clock import Clock
from actors.settings import AccountSettings
from actors.slots import PageSlots
from actors.vendors.base import Permit, Session, Vendor
from store.models import Cursor
from store.ports import ActorStore


@dataclass(frozen=True, slots=True)
class Premises:
    """All of it.

    Attributes:
        session: speaks for the company with the newest tokens, through the given permit.
        permit: lets calls through, of the priority of whoever it is for.
        cursors: returns how far each type is read now.
        may_go_on: tells whether the account is not to rest.
        is_held: tells whether deletes of a type wait for a person's word: its cursor stands still.
        look_soon: has the vendor looked at for news of a type.
        listener: hears of pages that were mended.
    """

    account_id: str
    epoch: int
    store: ActorStore
    vendor: Vendor
    settings: AccountSettings
    clock: Clock
    random: Random
    slots: PageSlots
    session: Callable[[Permit], Session]
    permit: Permit
    cursors: Callable[[], Mapping[str, Cursor]]
    may_go_on: Callable[[], bool]
    is_held: Callable[[str], bool]
    look_soon: Callable[[str], None]
    listener: events.Listener
