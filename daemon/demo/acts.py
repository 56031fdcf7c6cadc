"""What happens in the demo, in this order: connect, change, route, fail, settle."""

from datetime import timedelta
from random import Random

import anyio

from daemon.cli.replies import StatusReply
from daemon.cli.wording import count, duration
from daemon.demo.audience import Audience
from daemon.demo.referral import Referral
from daemon.demo.stage import Stage
from daemon.demo.view import View

_CHANGING_S = 6.0
_CHANGE_EVERY_S = 0.4
_IDLE_CHANGE_EVERY_S = 5.0
_ACTS_DURING_OUTAGE = 4


class Acts:
    """Does to the vendor, and has done to the daemon, what the audience is to see."""

    def __init__(self, stage: Stage, audience: Audience, view: View, random: Random) -> None:
        self._stage = stage
        self._audience = audience
        self._view = view
        self._random = random

    async def connect(self) -> None:
        """Connect every company and let it fill."""
        began_s = self._now_s()
        for company_id, name in self._stage.companies.items():
            objects = count(self._stage.objects_at_vendor(company_id), "object")
            account = await self._stage.connect(company_id)
            self._audience.meet(company_id, account.id)
            title = self._stage.stand_of(company_id).title
            self._view.say(f"Connected {name} ({objects} at {title})")
        await self._audience.until("all in sync", _is_exact)
        took = duration(self._now_s() - began_s)
        self._view.say(f"All companies are here, {took} after the first was connected.", "green")
        self._audience.skip_mutations()

    async def change(self) -> None:
        """Change data at the vendors for a few seconds."""
        self._view.say("Changing data at the vendors: invoices, jobs, payments, deletions ...")
        until_s = self._now_s() + _CHANGING_S
        while self._now_s() < until_s:
            self._change_one()
            await anyio.sleep(_CHANGE_EVERY_S)

    async def route(self) -> None:
        """Have a contractor enter a job for the others."""
        await Referral(self._stage, self._audience, self._view).play()

    async def fail(self) -> None:
        """Let a vendor fail for everybody, change data meanwhile, and let it come back."""
        books = self._stage.cast.books
        self._view.say(f"{books.title} fails: 503 for every call.", "yellow")
        began_s = self._now_s()
        books.sandbox.outage()
        await self._audience.until("all degraded", _is_degraded, books.companies)
        took = duration(self._now_s() - began_s)
        self._view.say(
            f"Its companies are degraded after {took}; what is here stays readable,"
            " and nobody else's suffer."
        )
        for _ in range(_ACTS_DURING_OUTAGE):
            self._change_one()
        books.sandbox.end_outage()
        began_s = self._now_s()
        self._view.say(f"{books.title} is back; data changed there meanwhile.")
        await self._audience.until("recovered", lambda status: status.state == "live")
        took = duration(self._now_s() - began_s)
        self._view.say(f"All companies are live again after {took}.", "green")

    async def settle(self) -> None:
        """Wait until the replica says that it is exact to an instant after the last change."""
        last = self._stage.clock.now().utc + timedelta(microseconds=1)
        self._view.say("Nothing changes any more: waiting until every company is exact past now.")
        await self._audience.until(
            "exact", lambda status: status.exact_as_of is not None and status.exact_as_of > last
        )

    async def go_on(self) -> None:
        """Change a little now and then, so that there is something to see."""
        while True:
            self._change_one()
            await anyio.sleep(_IDLE_CHANGE_EVERY_S)

    def _change_one(self) -> None:
        company_id = self._random.choice(list(self._stage.companies))
        stand = self._stage.stand_of(company_id)
        stand.churn(company_id, 1 + self._random.randrange(3))
        self._audience.note_mutations()

    def _now_s(self) -> float:
        return self._stage.clock.now().monotonic_s


def _is_degraded(status: StatusReply) -> bool:
    return status.state == "degraded"


def _is_exact(status: StatusReply) -> bool:
    return status.state == "live" and status.exact_as_of is not None
