"""A job as somebody enters it, and all that is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from actors.jobs.address import address_flaws, normal_address
from actors.jobs.amount import IN_WORDS, read_amount
from actors.jobs.fingerprint import job_fingerprint
from actors.jobs.flaw import Flaw
from actors.jobs.homeowner import homeowner_flaws, tidy_homeowner
from actors.jobs.plain_text import one_line, paragraphs, shown
from actors.surroundings import Surroundings
from actors.vendors.dispatching import Dispatcher
from store.errors import UnknownAccountError
from store.job_models import Address, Homeowner
from store.models import Account
from store.ports import Store

_ACCOUNT, _TECHNICIAN = "created_by.account_id", "created_by.technician_id"


@dataclass(frozen=True, slots=True)
class JobEntry:
    """What somebody wants done.

    Attributes:
        account_id: of the company that enters it.
        technician_id: the vendor's id of its technician.
        revenue: what it is expected to bring, as it was typed, if that was said.
        allow_duplicate: it may be the same as an earlier one without a key.
    """

    account_id: str
    technician_id: str
    summary: str
    homeowner: Homeowner
    address: Address
    revenue: str | None = None
    idempotency_key: str | None = None
    allow_duplicate: bool = False

    def tidy(self) -> "JobEntry":
        """Return the same in the form that is stored and offered."""
        return replace(
            self,
            account_id=one_line(self.account_id),
            technician_id=one_line(self.technician_id),
            summary=paragraphs(self.summary),
            homeowner=tidy_homeowner(self.homeowner),
            address=normal_address(self.address),
            revenue=None if self.revenue is None else one_line(self.revenue),
        )

    @property
    def amount(self) -> Decimal | None:
        """What it is expected to bring; None when that was not said, or is no amount."""
        return None if self.revenue is None else read_amount(self.revenue)

    @property
    def fingerprint(self) -> str:
        """The same for entries that mean the same."""
        return job_fingerprint(
            self.account_id,
            self.technician_id,
            self.summary,
            self.homeowner,
            self.address,
            self.amount,
        )


class EntryCheck:
    """Says what is wrong with a tidy entry, all at once."""

    def __init__(
        self,
        store: Store,
        surroundings: Mapping[str, Surroundings],
        dispatchers: Mapping[str, Dispatcher],
    ) -> None:
        """Take what is needed; the configured vendors are looked at afresh each time."""
        self._store = store
        self._surroundings = surroundings
        self._dispatchers = dispatchers

    async def flaws(self, entry: JobEntry) -> Sequence[Flaw]:
        """Return them; nothing when the entry is sound."""
        flaws = [] if entry.summary else [Flaw("summary", "what is to be done", "nothing")]
        flaws += [*homeowner_flaws(entry.homeowner), *address_flaws(entry.address)]
        if entry.revenue is not None and entry.amount is None:
            flaws.append(Flaw("revenue", IN_WORDS, shown(entry.revenue)))
        return [*await self._origin_flaws(entry), *flaws]

    async def _origin_flaws(self, entry: JobEntry) -> Sequence[Flaw]:
        try:
            account = await self._store.account(entry.account_id)
        except UnknownAccountError:
            found = shown(entry.account_id)
            flaws = [Flaw(_ACCOUNT, "the id of an account; GET /integrations lists all", found)]
            if not entry.technician_id:
                flaws.append(Flaw(_TECHNICIAN, "the id of one of its technicians", "nothing"))
            return flaws
        dispatcher = self._dispatchers.get(account.vendor)
        if dispatcher is None:
            able = ", ".join(self._dispatchers)
            found = f"one of {account.vendor}, which has no technicians"
            return [Flaw(_ACCOUNT, f"a company at one of: {able}", found)]
        flaws = []
        if account.disconnected_at is not None:
            flaws.append(Flaw(_ACCOUNT, "a connected company", "one that is disconnected"))
        elif not (await self._store.company(account.id)).is_active:
            found = "one that takes no part in routing (routing.active is false)"
            flaws.append(Flaw(_ACCOUNT, "an active company", found))
        return [*flaws, *await self._technician_flaws(account, dispatcher, entry.technician_id)]

    async def _technician_flaws(
        self, account: Account, dispatcher: Dispatcher, technician_id: str
    ) -> Sequence[Flaw]:
        object_type = dispatcher.technician_type
        expected = f"the id of one of its {object_type}, active and known in its replica"
        around = self._surroundings.get(account.vendor)
        row = await self._store.object(account.id, object_type, technician_id)
        if row is not None and row.deleted:
            found = "one that is gone"
        elif row is not None:
            if dispatcher.is_active_technician(row.payload):
                return []
            found = "one that is not active"
        elif around is not None and object_type not in around.settings.object_types:
            found = (
                f"none, for {object_type} are not replicated:"
                f" add them to vendors.{account.vendor}.object_types"
            )
        elif account.exact_as_of is None:
            found = f"{shown(technician_id)}, and the replica is still being read"
        else:
            found = shown(technician_id)
        return [Flaw(_TECHNICIAN, expected, found)]
