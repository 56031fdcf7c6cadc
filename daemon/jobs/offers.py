"""What is offered to which company, made anew from how the companies are set up."""

from collections.abc import Callable, Mapping, Sequence

from actors.surroundings import Surroundings
from actors.vendors.dispatching import CannotOfferError, Dispatcher, Referral
from daemon.action_desk import fingerprint
from store.action_models import ActionLimit
from store.job_models import Company, NewOffer, NewRouting
from store.models import Account
from store.ports import Store


class OfferMaker:
    """Makes the actions that deliver jobs. Stores nothing."""

    def __init__(
        self,
        store: Store,
        surroundings: Mapping[str, Surroundings],
        dispatchers: Mapping[str, Dispatcher],
        new_id: Callable[[], str],
    ) -> None:
        """Take what is needed; the configured vendors are looked at afresh each time."""
        self._store = store
        self._surroundings = surroundings
        self._dispatchers = dispatchers
        self._new_id = new_id

    async def routings(self, origin: Account, referral: Referral) -> Sequence[NewRouting]:
        """Make a routing for every company but the one that entered the job.

        Which are those that are connected, active, and of a vendor whose companies can be offered
        jobs. Where one can't be offered this, the routing has the reason instead of an offer.
        """
        companies = await self._store.active_companies(tuple(self._dispatchers))
        return [
            self._routing(account, company, referral)
            for account, company in companies
            if account.id != origin.id
        ]

    def offer(self, account: Account, company: Company, referral: Referral) -> NewOffer:
        """Make the action that offers the job to one company, as that is set up now.

        Raises:
            CannotOfferError: it can't be offered; the text says what to do.
        """
        around, dispatcher = self._surroundings.get(account.vendor), self._dispatchers
        writer = None if around is None else around.writer
        if writer is None or account.vendor not in dispatcher:
            raise CannotOfferError(f"its vendor takes no jobs: configure vendors.{account.vendor}")
        offer = dispatcher[account.vendor].offer(company.options, referral)
        problems = writer.problems(offer.action_type, offer.payload)
        if problems:
            wrong = "; ".join(
                f"{each.path}: expected {each.expected}, found {each.found}" for each in problems
            )
            raise CannotOfferError(f"its vendor would not take the job: {wrong}")
        limit = writer.daily_limit(offer.action_type)
        return NewOffer(
            action_id=self._new_id(),
            action_type=offer.action_type,
            payload=offer.payload,
            fingerprint=fingerprint(offer.payload),
            limit=None if limit is None else ActionLimit(limit.action_types, limit.most),
        )

    def _routing(self, account: Account, company: Company, referral: Referral) -> NewRouting:
        try:
            return NewRouting(self._new_id(), account.id, self.offer(account, company, referral))
        except CannotOfferError as error:
            return NewRouting(self._new_id(), account.id, None, str(error))
