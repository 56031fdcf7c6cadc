"""Tells other nodes what this one knows of each vendor's app, and takes in what they know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

import anyio
import structlog

from actors.clock import Clock
from actors.hearing import Hearing
from actors.leased_reads import LeasedReads
from actors.read_meter import ReadMeter
from actors.surroundings import Surroundings
from actors.vendor_word import HeardWord, VendorWord, WebhooksTold, decode, encode
from store.cluster_ports import NodeWords, ReadLeases
from store.errors import StoreUnavailableError

_TALK_EVERY_S = 15.0
_HEARD_WITHIN_S = 60.0
"""Who has told nothing for so long is gone, and its accounts are others' by now."""

log = structlog.get_logger()


class SharedReads(ReadLeases, NodeWords, Protocol):
    """What nodes share of the vendors' apps."""


@dataclass(frozen=True, slots=True)
class VendorSharing:
    """How this node shares the vendors' apps with the others.

    Attributes:
        node: what leases and words are kept under.
    """

    node: str
    store: SharedReads
    clock: Clock

    def supply(self, vendor: str, month: str) -> LeasedReads:
        """Return what counts a vendor's reads in a month."""
        return LeasedReads(vendor, self.node, self.store, month)

    def talk(
        self, meters: Mapping[str, ReadMeter], surroundings: Mapping[str, Surroundings]
    ) -> "VendorTalk":
        """Return what tells the others of these, and hears of theirs."""
        return VendorTalk(self.node, self.store, meters, surroundings, self.clock)


class VendorTalk:
    """Four times a minute, for each vendor: polls planned for all nodes, refusals, webhooks that work."""

    def __init__(
        self,
        node: str,
        words: NodeWords,
        meters: Mapping[str, ReadMeter],
        surroundings: Mapping[str, Surroundings],
        clock: Clock,
    ) -> None:
        """Take our id, and the meters and surroundings by vendor; both are looked at afresh each time."""
        self._node = node
        self._words = words
        self._meters = meters
        self._surroundings = surroundings
        self._clock = clock

    async def run(self) -> None:
        """Talk until cancelled; what fails is tried again the next time."""
        while True:
            await self.talk()
            await anyio.sleep(_TALK_EVERY_S)

    async def talk(self) -> None:
        """Tell and hear once."""
        for vendor in list(self._surroundings):
            try:
                await self._talk_of(vendor)
            except StoreUnavailableError as error:
                log.warning("vendor_talk_failed", vendor=vendor, error=str(error))

    async def _talk_of(self, vendor: str) -> None:
        meter, hearing = self._meters.get(vendor), self._surroundings[vendor].hearing
        if meter is None and hearing is None:
            return
        word = VendorWord(
            None if meter is None else meter.tell(),
            None if hearing is None else self._told(hearing),
        )
        await self._words.leave_word(topic_of(vendor), self._node, encode(word))
        said = await self._words.words(topic_of(vendor), within_s=_HEARD_WITHIN_S)
        others = [each for each in said.words if each.node != self._node]
        known = [decode(each.node, each.age_s, each.word) for each in others]
        heard = [each for each in known if each is not None]
        if hearing is not None:
            self._hear_of_webhooks(hearing, heard)
        if meter is not None:
            await meter.hear(self._node, heard, said.at)

    def _told(self, hearing: Hearing) -> WebhooksTold:
        now_s, health = self._clock.now().monotonic_s, hearing.health
        return WebhooksTold(
            None if health.delivered_s == -inf else now_s - health.delivered_s,
            None if health.missed_s == -inf else now_s - health.missed_s,
        )

    def _hear_of_webhooks(self, hearing: Hearing, heard: Sequence[HeardWord]) -> None:
        now_s = self._clock.now().monotonic_s
        for each in heard:
            if (told := each.word.webhooks) is not None:
                then_s = now_s - each.age_s
                delivered_s, missed_s = told.delivered_ago_s, told.missed_ago_s
                hearing.health.hear(
                    -inf if delivered_s is None else then_s - delivered_s,
                    -inf if missed_s is None else then_s - missed_s,
                )


def topic_of(vendor: str) -> str:
    """Return what nodes say under that they know of a vendor."""
    return f"vendor {vendor}"
