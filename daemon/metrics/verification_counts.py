"""Counts what comparisons of accounts with their vendors came to."""

from prometheus_client import CollectorRegistry, Counter

from actors.events import Event, PageStored, VerificationAbandoned, VerificationEnded
from store.verification import Certificate, Difference

_KINDS = tuple(each.value for each in Difference)
_FAILED = "failed"
_OUTCOMES = ("exact", "repaired", "different", "incomplete", _FAILED)


class VerificationCounts:
    """Counters over the events of verifications."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with the registry."""
        self._verifications = Counter(
            "syncline_verifications_total",
            "Comparisons of whole accounts with their vendor, by what they came to.",
            ["vendor", "outcome"],
            registry=registry,
        )
        self._differences = Counter(
            "syncline_verification_differences_total",
            "Objects that such comparisons found wrong in the replica.",
            ["vendor", "kind"],
            registry=registry,
        )
        self._reads = Counter(
            "syncline_verification_reads_total",
            "Calls that such comparisons took; of those that failed they are not counted.",
            ["vendor"],
            registry=registry,
        )
        self._mended = Counter(
            "syncline_rows_mended_total",
            "Rows of the replica that were put right although the vendor had not changed them.",
            ["vendor", "kind"],
            registry=registry,
        )

    def begin(self, vendor: str) -> None:
        """Show every combination of labels of the vendor, from 0 on."""
        self._reads.labels(vendor)
        for outcome in _OUTCOMES:
            self._verifications.labels(vendor, outcome)
        for kind in _KINDS:
            self._differences.labels(vendor, kind)
            self._mended.labels(vendor, kind)

    def note(self, event: Event) -> None:
        """Count the event."""
        match event:
            case VerificationEnded():
                self._ended(event.vendor, event.certificate)
            case VerificationAbandoned():
                self._verifications.labels(event.vendor, _FAILED).inc()
            case PageStored(mended=mended) if mended:
                for each in mended:
                    self._mended.labels(event.vendor, each.difference.value).inc()

    def _ended(self, vendor: str, found: Certificate) -> None:
        self._verifications.labels(vendor, _outcome(found)).inc()
        self._reads.labels(vendor).inc(found.reads)
        for each in found.types:
            numbers = (each.missing_count, each.extra_count, each.differing_count)
            for kind, number in zip(_KINDS, numbers, strict=True):
                self._differences.labels(vendor, kind).inc(number)


def _outcome(found: Certificate) -> str:
    """Name what it came to: nothing differed, all was mended, not all was, or not all was read."""
    if not found.complete:
        return "incomplete"
    if found.exact:
        return "exact"
    return "repaired" if found.repaired else "different"
