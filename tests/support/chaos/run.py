"""One run of the chaos, from the first process to the verdict."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import anyio
import msgspec
import psycopg

from support.chaos.database_words import DatabaseWords
from support.chaos.house import ChaosHouse, open_house
from support.chaos.logs import alerts_in, troubles_in
from support.chaos.node import until_left
from support.chaos.plan import Plan
from support.chaos.reading import FeedReader
from support.chaos.striking import Striker
from support.chaos.tokens import judge_tokens
from support.chaos.users import Users
from support.chaos.vendor_words import Mood
from support.chaos.verdict import (
    Verdict,
    judge_actions,
    judge_feed,
    judge_replicas,
    judge_shards,
    judge_tokens_found,
)
from support.chaos.watching import ShardWatch

_CONNECTED_AT_ONCE = 8
_FIRST_READING_WITHIN_S = 240.0
_QUIET_WITHIN_S = 120.0
_UNKNOWN_FOR_S = 40.0
_UNKNOWN_SHARE = 0.2
_LEFT_WITHIN_S = 45.0
_SETTLES_AFTER_S = 310.0
"""The vendor's clock is put forward by this when all is quiet: two looks for a lost write are that far apart."""


@dataclass
class ChaosRun:
    """A run under way."""

    house: ChaosHouse
    words: DatabaseWords
    users: Users
    readers: Sequence[FeedReader]
    watch: ShardWatch
    striker: Striker
    verdict: Verdict = field(default_factory=Verdict)
    owners: dict[str, str] = field(default_factory=dict)

    async def play(self) -> Verdict:
        """Bring the cluster up, let the chaos loose, wait for quiet, and judge."""
        await self._bring_up()
        async with anyio.create_task_group() as background:
            background.start_soon(self.watch.watch)
            background.start_soon(self._be_owners)
            for reader in self.readers:
                background.start_soon(reader.follow)
            await self._let_loose()
            await self._become_quiet()
            background.cancel_scope.cancel()
        await self._read_to_the_end()
        self.verdict.facts["memory of the nodes at the end, in kB"] = [
            node.memory_kb() for node in self.house.nodes if node.is_up
        ]
        await self._bring_down()
        await self._judge()
        return self.verdict

    async def _bring_up(self) -> None:
        house = self.house
        nodes = house.nodes[: house.plan.nodes]
        for node in nodes:
            node.start()
            await house.until_ready([node])
        await house.set_mood(Mood())
        await self._connect(house.facts.realms)
        began_at = await self._vendor_time()
        await self._until_exact(began_at, _FIRST_READING_WITHIN_S)
        self._tell(f"{len(house.accounts)} accounts are in sync")

    async def _let_loose(self) -> None:
        house = self.house
        await house.set_mood(Mood(house.plan.acts_per_s, loses_answers=True))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.users.want)
            await self.striker.strike()
            self._tell("all blows are mended")
            house.is_over = True

    async def _become_quiet(self) -> None:
        await self.house.set_mood(Mood(ahead_s=_SETTLES_AFTER_S))
        instant = await self._vendor_time()
        left = await self._until_exact(instant, _QUIET_WITHIN_S)
        if left:
            self.verdict.blame(
                f"not quiet within {_QUIET_WITHIN_S:.0f} s", self.words.left(instant)
            )
        self._tell("all is quiet")

    async def _until_exact(self, instant: datetime, within_s: float) -> str:
        """Wait until all accounts are exact past an instant and no action is open; return what is left.

        Writes that are looked for again are waited for only a little: they are said to be unknown.
        """
        left = "nothing was looked at"
        unknown_for_s = min(_UNKNOWN_FOR_S, self.house.plan.seconds * _UNKNOWN_SHARE)
        began_s = anyio.current_time()
        with anyio.move_on_after(within_s):
            while True:
                took_s = anyio.current_time() - began_s
                with suppress(psycopg.Error):
                    behind, still_open = self.words.behind(instant), self.words.open_actions()
                    unknown = self.words.unknown_actions()
                    left = f"{behind} accounts are behind, {still_open} actions are open"
                    if not behind and not still_open and (not unknown or took_s > unknown_for_s):
                        self._tell(f"exact after {took_s:.1f} s, {unknown} actions are unknown")
                        return ""
                await anyio.sleep(0.5)
        return left

    async def _be_owners(self) -> None:
        """Connect again whoever's owner is needed, as he would when he is told."""
        while True:
            needed: Mapping[str, str] = {}
            with suppress(psycopg.Error):
                needed = self.words.owners_needed()
            for realm_id, cause in needed.items():
                self.owners[realm_id] = cause
                self._tell(f"owner needed, company {realm_id}: {cause}")
            await self._connect(list(needed))
            await anyio.sleep(1)

    async def _connect(self, realm_ids: Sequence[str]) -> None:
        """Connect companies, a few at a time."""
        limiter = anyio.CapacityLimiter(_CONNECTED_AT_ONCE)

        async def connect(realm_id: str) -> None:
            async with limiter:
                await self.house.connect(realm_id)

        async with anyio.create_task_group() as tasks:
            for realm_id in realm_ids:
                tasks.start_soon(connect, realm_id)

    async def _read_to_the_end(self) -> None:
        for reader in self.readers:
            with anyio.move_on_after(20):
                while len(reader.seen) < len(self.words.feed()):
                    await reader.read_on()

    async def _bring_down(self) -> None:
        """End all nodes in good order; none may leave anything behind."""
        nodes = [node for node in self.house.nodes if node.process is not None]
        for node in nodes:
            node.ask_to_leave()
        with anyio.move_on_after(_LEFT_WITHIN_S):
            await until_left(nodes)
        self.verdict.blame(
            "nodes that did not end", [node.name for node in nodes if node.process is not None]
        )
        faults = [fault for node in self.house.nodes for fault in node.faults]
        self.verdict.blame("what went wrong with processes", faults)
        await anyio.sleep(0.2)
        self.verdict.blame("connections left at the database", self.words.connected_others())

    async def _judge(self) -> None:
        house, verdict = self.house, self.verdict
        ledger = await house.ledger()
        truths = {realm_id: await house.truth(realm_id) for realm_id in house.facts.realms}
        judge_replicas(verdict, truths, self.words)
        judge_feed(verdict, self.readers, self.words)
        judge_actions(verdict, self.users, self.words.actions(), ledger.payments)
        moves = self.words.moves(self.watch.nodes)
        found = judge_tokens(ledger.exchanges, house.spans, moves, self.words.shard_of())
        judge_tokens_found(verdict, found, ledger.overlapping, self.owners, house.consented_twice)
        judge_shards(verdict, self.watch)
        logs = sorted(log for node in house.nodes for log in node.folder.glob("*.log"))
        troubles = troubles_in(logs)
        verdict.blame(
            "what the logs say", [f"{count} x {said}" for said, count in troubles.most_common()]
        )
        verdict.facts["alerts"] = dict(alerts_in(logs))
        verdict.facts["moves of shards"] = sum(len(each) for each in moves.values())
        verdict.facts["calls to the vendor"] = ledger.calls
        verdict.facts["webhooks"] = dict(ledger.webhooks)
        verdict.facts["blows"] = {kind.value: times for kind, times in self.striker.done.items()}
        verdict.facts["slowest acceptance of a wish"] = (
            f"{max(self.users.waits_s, default=0):.1f} s"
        )

    async def _vendor_time(self) -> datetime:
        reply = await self.house.http.get(f"{self.house.facts.url}/chaos/time")
        return msgspec.json.decode(reply.content, type=datetime)

    def _tell(self, words: str) -> None:
        self.house.tell(words)


async def play(plan: Plan, folder: Path, tell: Callable[[str], None]) -> Verdict:
    """Play one run; what happens in it is told as it does."""
    async with open_house(plan, folder, tell) as house:
        run = ChaosRun(
            house,
            DatabaseWords(house.database_url),
            Users(house),
            [FeedReader(house), FeedReader(house)],
            ShardWatch(house),
            Striker(house),
        )
        return await run.play()
