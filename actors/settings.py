"""What an account's actor can be told. Shared by all vendors; durations are seconds."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How much one account may ask of its vendor. None means that the vendor sets no such limit.

    Batches, calls that do several things at once, count as calls too.
    """

    per_minute: int | None = None
    per_second: int | None = None
    in_flight: int = 10
    batches_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """After `failures` failed calls in a row, rest for `reset_after_s`, then try one."""

    failures: int = 5
    reset_after_s: float = 300.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Try `attempts` times before the account counts as degraded.

    The wait between attempts is up to `base_s`, doubled each time, and `cap_s` at most.
    """

    attempts: int = 3
    base_s: float = 1.0
    cap_s: float = 60.0


@dataclass(frozen=True, slots=True)
class DeleteBrake:
    """Hold deletes that are more than `share` of a type's live objects and `at_least` so many."""

    share: float = 0.2
    at_least: int = 50


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """How one account is kept in sync.

    Attributes:
        object_types: the vendor's names of what is replicated.
        poll_interval_s: how often an idle account looks for changes.
        poll_interval_with_webhooks_s: how often it does while the vendor's webhooks work; None as
            often as ever.
        poll_interval_active_s: how often an account is looked at that is being read; None as often
            as any other. While webhooks work, `poll_interval_s` takes its place.
        read_through_wait_s: how long a reader waits at most for the account to be looked at.
        overlap_s: how far behind vendor time the watermark stays, for rows that become visible
            late.
        refresh_before_s: how long before its end an access token is renewed.
        timeout_s: how long one call may take.
        delete_brake: which deletes are too many at once to be made without a person's word; None
            makes them all.
        verify_interval_s: how often everything is compared with the vendor; None or 0 is never.
        verify_max_reads: after how many calls such a comparison ends unfinished; None is never.
    """

    object_types: tuple[str, ...]
    poll_interval_s: float = 300.0
    poll_interval_with_webhooks_s: float | None = 7200.0
    poll_interval_active_s: float | None = 60.0
    read_through_wait_s: float = 10.0
    overlap_s: float = 120.0
    refresh_before_s: float = 900.0
    timeout_s: float = 30.0
    verify_interval_s: float | None = None
    verify_max_reads: int | None = None
    limits: CallLimits = field(default_factory=CallLimits)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    delete_brake: DeleteBrake | None = field(default_factory=DeleteBrake)

    @property
    def longest_poll_s(self) -> float:
        """How long it may be from one look at an idle account to the next."""
        return max(self.poll_interval_s, self.poll_interval_with_webhooks_s or 0.0)
