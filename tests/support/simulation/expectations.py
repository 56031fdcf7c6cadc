"""What single scenarios want besides the invariants. Each returns what is not so."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from actors.events import DeletesHeld, LookAbandoned, OwnerNeeded, VerificationEnded
from daemon.hosted import Condition
from daemon.sandbox.quickbooks import FaultKind, Route
from support.simulation.scenario import Expectation
from support.simulation.world import World


def happened(*kinds: FaultKind) -> Expectation:
    """Want each of these faults to have hit: else the run shows nothing."""

    def check(world: World) -> Iterator[str]:
        fired = world.sandbox.statistics().faults
        for kind in kinds:
            if not fired.get(kind):
                yield f"{kind} never hit: the run shows nothing about it"

    return check


def owner_asked_once(saying: str) -> Expectation:
    """Want each owner to have been asked exactly once, with this in the cause."""

    def check(world: World) -> Iterator[str]:
        asked = [event for event in world.heard if isinstance(event, OwnerNeeded)]
        times = Counter(event.account_id for event in asked)
        for account_id in world.account_ids:
            if times[account_id] != 1:
                yield f"{account_id}'s owner was asked {times[account_id]} times"
        for event in asked:
            if saying not in event.cause:
                yield f"{event.account_id}'s owner was asked for another reason: {event.cause}"

    return check


def no_more_token_calls_than(limit_per_day: float) -> Expectation:
    """Want no account to ask for tokens more often than this, on average."""

    def check(world: World) -> Iterator[str]:
        days = world.clock.now().monotonic_s / 86_400.0
        allowed = limit_per_day * days * len(world.account_ids)
        calls = world.sandbox.statistics().calls_to(Route.TOKEN)
        if calls > allowed:
            yield f"{calls} token calls in {days:.1f} days hammer the token host"

    return check


def no_more_calls_than(limit_per_day: float) -> Expectation:
    """Want no more calls than this for an account and day, on average."""

    def check(world: World) -> Iterator[str]:
        days = world.clock.now().monotonic_s / 86_400.0
        if world.calls > limit_per_day * days * len(world.account_ids):
            yield f"{world.calls} calls in {days:.1f} days hammer the vendor"

    return check


def never_behind_by_more_than(limit_s: float) -> Expectation:
    """Want no account's `exact_as_of` to have been further behind than this, whatever went on."""

    def check(world: World) -> Iterator[str]:
        for account_id in world.account_ids:
            worst_s = world.observer.worst_lag_s(account_id)
            if worst_s > limit_s:
                yield f"{account_id} was {worst_s:.0f} s behind"

    return check


def daemon_died(world: World) -> Iterator[str]:
    """Want the daemon to have been killed at least once."""
    if not world.deaths:
        yield "the daemon was never killed: the run shows nothing about that"


def quarantined_first(world: World) -> Iterator[str]:
    """Want the first account, and no other, to be given up openly, with its last error."""
    for number, account_id in enumerate(world.account_ids):
        hosted = world.supervisor.hosted()[account_id]
        given_up = hosted.condition is Condition.QUARANTINED
        if given_up is not (number == 0):
            yield f"{account_id} is {hosted.condition}"
        if given_up and not hosted.last_error:
            yield f"{account_id} was given up without a word"


def held_and_kept(object_type: str) -> Expectation:
    """Want every account to have held deletes of the type, and none to have made one."""

    def check(world: World) -> Iterator[str]:
        told = [event for event in world.heard if isinstance(event, DeletesHeld)]
        for account_id in world.account_ids:
            if not any(event.account_id == account_id for event in told):
                yield f"{account_id} held nothing: the run shows nothing"
            gone = world.observer.deleted(account_id, object_type)
            if gone:
                yield f"{account_id} deleted {len(gone)} of {object_type}, which nobody confirmed"

    return check


def told_of_trouble(text: str) -> Expectation:
    """Want a look to have failed with these words: the trouble must be named, not hidden."""

    def check(world: World) -> Iterator[str]:
        said = [event.error for event in world.heard if isinstance(event, LookAbandoned)]
        if not any(text in error for error in said):
            yield f"nobody was told of {text!r}"

    return check


def ids_are_shared(world: World) -> Iterator[str]:
    """Want all companies to have objects under the same ids: else nothing could be mixed up."""
    ids = [frozenset(world.sandbox.truth(realm)["Customer"]) for realm in world.realms.values()]
    if not frozenset.intersection(*ids):
        yield "no customer's id is in all companies"


def verified_without_alarm(least_per_account: int) -> Expectation:
    """Want so many verifications of each account, none of which found anything wrong."""

    def check(world: World) -> Iterator[str]:
        ended = [event for event in world.heard if isinstance(event, VerificationEnded)]
        times = Counter(event.account_id for event in ended)
        for account_id in world.account_ids:
            if times[account_id] < least_per_account:
                yield f"{account_id} was verified only {times[account_id]} times"
        for event in ended:
            if not event.certificate.exact:
                yield f"{event.account_id}: a false alarm, {event.certificate}"

    return check


def verified_apart(*, least_s: float, most_s: float) -> Expectation:
    """Want each account verified again and again, neither more often nor more seldom than that."""

    def check(world: World) -> Iterator[str]:
        for account_id in world.account_ids:
            ended = [found.finished_at for name, found in world.certificates if name == account_id]
            apart_s = [(after - before).total_seconds() for before, after in pairwise(ended)]
            if not apart_s or not least_s <= min(apart_s) or not max(apart_s) <= most_s:
                yield f"{account_id} was verified {apart_s} s apart"

    return check


def all_damage_named(world: World) -> Iterator[str]:
    """Want every damaged row named by a certificate, unless the vendor changed it first.

    What the store notes as named by a certificate must be named there, and nothing else is named.
    """
    noted, named = _mended(world), _named(world)
    damaged = {(one.account_id, one.object_type, one.object_id) for one in world.damages}
    if not damaged & named.keys():
        yield "no damage was ever named: the run shows nothing"
    for one in sorted(world.damages):
        key = (one.account_id, one.object_type, one.object_id)
        now = world.observer.versions_of(one.account_id, (one.object_type, one.object_id))
        if key not in named and now == one.versions:
            yield f"{one} was never named"
    for key in sorted(named.keys() - damaged):
        yield f"{key} was named and never damaged"
    for key in sorted({*noted, *named}):
        if noted.get(key) != named.get(key):
            yield f"{key} is noted as named by {noted.get(key)} and named by {named.get(key)}"


def mended_before_its_certificate(world: World) -> Iterator[str]:
    """Want a certificate that names what one that was interrupted had mended."""
    if not any(found.mended_before for _, found in world.certificates):
        yield "nothing was mended before its certificate: the run shows nothing"


def _mended(world: World) -> dict[tuple[str, str, str], set[int | None]]:
    """Return what is noted as mended, and the numbers of the certificates that name it."""
    mended: dict[tuple[str, str, str], set[int | None]] = {}
    for account_id, object_type, object_id, certificate in world.reader.mended():
        mended.setdefault((account_id, object_type, object_id), set()).add(certificate)
    return mended


def _named(world: World) -> dict[tuple[str, str, str], set[int | None]]:
    """Return what certificates name, and their numbers."""
    named: dict[tuple[str, str, str], set[int | None]] = {}
    for account_id, found in world.certificates:
        for each in found.types:
            for object_id in (*each.missing, *each.extra, *each.differing):
                key = (account_id, each.object_type, object_id)
                named.setdefault(key, set()).add(found.number)
    return named
