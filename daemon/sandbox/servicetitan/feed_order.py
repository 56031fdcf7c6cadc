"""What feeds show when: a tenant's versions by kind, kept in that order as they come."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from daemon.sandbox.servicetitan.tenant import Tenant, Version


@dataclass(slots=True)
class FeedOrder:
    """One tenant's. A call takes in only what came since the last one."""

    tenant: Tenant
    _source: list[Version] | None = None
    _taken: int = 0
    _by_kind: defaultdict[str, list[Version]] = field(default_factory=lambda: defaultdict(list))

    def settled(self, kind: str, now: datetime) -> Sequence[Version]:
        """Return what the feed shows by now, in the order in which it came to."""
        known = self._known(kind)
        return known[: self._settled(known, now)]

    def unsettled(self, kind: str, now: datetime) -> Sequence[Version]:
        """Return what it will show, in the order in which it happened."""
        known = self._known(kind)
        return sorted(known[self._settled(known, now) :], key=lambda each: each.number)

    def _known(self, kind: str) -> list[Version]:
        versions = self.tenant.versions
        if versions is not self._source:
            self._source, self._taken = versions, 0
            self._by_kind.clear()
        for version in versions[self._taken :]:
            insort(self._by_kind[version.kind], version, key=_place)
        self._taken = len(versions)
        return self._by_kind[kind]

    def _settled(self, known: Sequence[Version], now: datetime) -> int:
        return bisect_right(known, now, key=lambda each: each.shown_at)


def _place(version: Version) -> tuple[datetime, int]:
    return version.shown_at, version.number
