"""Watching the companies through the daemon's own interface, and telling the view."""

from collections.abc import Callable, Collection, Sequence

import anyio
import msgspec

from daemon.cli.replies import ChangeReply, StatusReply
from daemon.cli.wording import count, duration
from daemon.demo.arrivals import Arrivals, ObjectKey
from daemon.demo.stage import Stage
from daemon.demo.view import CompanyView, View

_LOOK_EVERY_S = 0.2
_PATIENCE_S = 60.0
_LONG_POLL_S = 20.0


class DemoFailed(Exception):
    """Something that should have happened did not; the text says what."""


class Audience:
    """Sees the companies fill, change and fail; `watch` and `follow` run beside the acts.

    Attributes:
        statuses: the latest of every connected company, by their vendors' ids.
        arrivals: how long the vendor's changes took.
        by_webhook: how many of them a webhook told of.
    """

    def __init__(self, stage: Stage, view: View) -> None:
        self.statuses: dict[str, StatusReply] = {}
        self.arrivals = Arrivals()
        self.by_webhook = 0
        self._stage = stage
        self._view = view
        self._accounts: dict[str, str] = {}
        self._looked = anyio.Event()

    def meet(self, company_id: str, account_id: str) -> None:
        """Watch this company from now on."""
        self._accounts[company_id] = account_id

    def account_id(self, company_id: str) -> str:
        """Return under which id the daemon has a company."""
        return self._accounts[company_id]

    def company_id(self, account_id: str) -> str:
        """Return which company the daemon has under an id."""
        return next(each for each, known in self._accounts.items() if known == account_id)

    async def watch(self) -> None:
        """Look at the companies again and again."""
        while True:
            for company_id, account_id in list(self._accounts.items()):
                self.statuses[company_id] = await self._stage.status(account_id)
            self._view.show([self._company(company_id) for company_id in self.statuses])
            self._looked.set()
            self._looked = anyio.Event()
            await anyio.sleep(_LOOK_EVERY_S)

    async def follow(self) -> None:
        """Follow the feed of changes from its present end, and tell what arrives."""
        after = await self._newest()
        while True:
            page = await self._stage.changes(after, _LONG_POLL_S)
            after = int(page.next or after)
            now = self._stage.clock.now().utc
            arrived: dict[str, list[float]] = {}
            for item in page.items:
                change = msgspec.json.decode(item, type=ChangeReply)
                company_id = self.company_id(change.account_id)
                self.by_webhook += change.via == "webhook"
                key = ObjectKey(company_id, change.object_type, change.object_id)
                delay_s = self.arrivals.arrived(key, now)
                if delay_s is not None:
                    arrived.setdefault(company_id, []).append(delay_s)
            for company_id, delays_s in arrived.items():
                self._tell_arrival(company_id, delays_s)

    def note_mutations(self) -> None:
        """Take down what changed at the vendors since the last time."""
        for stand in self._stage.cast.stands:
            for key, at in stand.mutations():
                if key.object_type in self._stage.object_types(key.company_id):
                    self.arrivals.left(key, at)

    def skip_mutations(self) -> None:
        """Forget what the vendors did so far: it came with the first filling."""
        for stand in self._stage.cast.stands:
            for _ in stand.mutations():
                pass

    async def until(
        self,
        what: str,
        holds: Callable[[StatusReply], bool],
        companies: Collection[str] | None = None,
    ) -> None:
        """Wait until it holds for these companies; for all of them when none are named.

        Raises:
            DemoFailed: it did not within a minute.
        """
        try:
            with anyio.fail_after(_PATIENCE_S):
                while not self._all(holds, companies or self._stage.companies):
                    await self._looked.wait()
        except TimeoutError as error:
            states = ", ".join(f"{each.name} is {each.state}" for each in self.statuses.values())
            raise DemoFailed(f"not {what} within {_PATIENCE_S:.0f} s: {states}") from error

    def _all(self, holds: Callable[[StatusReply], bool], companies: Collection[str]) -> bool:
        seen = [self.statuses.get(company_id) for company_id in companies]
        return all(status is not None and holds(status) for status in seen)

    async def _newest(self) -> int:
        after = 0
        while (page := await self._stage.changes(after, 0)).items:
            after = int(page.next or after)
        return after

    def _company(self, company_id: str) -> CompanyView:
        status = self.statuses[company_id]
        now = self._stage.clock.now().utc
        delays_s = self.arrivals.delays_s.get(company_id, [])
        exact = status.exact_as_of
        return CompanyView(
            name=status.name,
            state=status.state,
            objects_here=sum(cursor.records for cursor in status.cursors),
            objects_at_vendor=self._stage.objects_at_vendor(company_id),
            lag_s=None if exact is None else max(0.0, (now - exact).total_seconds()),
            arrived=len(delays_s),
            last_delay_s=delays_s[-1] if delays_s else None,
        )

    def _tell_arrival(self, company_id: str, delays_s: Sequence[float]) -> None:
        name, changes = self._stage.companies[company_id], count(len(delays_s), "change")
        slowest = duration(max(delays_s))
        self._view.say(f"  {name}: {changes} arrived, {slowest} at most after the vendor", "dim")
