"""What a run came to: held against the promise, when all is quiet."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from daemon.demo.proof import compare
from support.action_judging import wrong_about
from support.chaos.database_words import DatabaseWords, KnownAction
from support.chaos.reading import FeedReader
from support.chaos.tokens import TokenVerdict
from support.chaos.users import Accepted, Users
from support.chaos.vendor_words import TYPES, PaymentMade
from support.chaos.watching import ShardWatch
from support.company_house import is_by

UNOWNED_AT_MOST_S = 15.0
_SHOWN = 8


@dataclass
class Verdict:
    """What must not be, and what there was of everything.

    Attributes:
        wrong: empty when the promise was kept.
        facts: what is worth telling, by what it is.
    """

    wrong: list[str] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)

    def blame(self, what: str, found: Sequence[str]) -> None:
        """Note things that are wrong, the first few of them in words."""
        if found:
            self.wrong.append(f"{what}: {len(found)}")
            self.wrong += [f"    {each}" for each in found[:_SHOWN]]


Truths = Mapping[str, Mapping[str, Mapping[str, bytes]]]


def judge_replicas(verdict: Verdict, truths: Truths, words: DatabaseWords) -> None:
    """Hold every company's replica against the vendor, byte for byte."""
    replicas = words.replicas()
    differing = [
        f"company {realm_id}: {proof}"
        for realm_id, truth in truths.items()
        for proof in compare(truth, replicas.get(realm_id, {}), TYPES)
        if proof.differing
    ]
    verdict.facts["objects, all held byte for byte against the vendor's"] = sum(
        len(truth.get(name, {})) for truth in truths.values() for name in TYPES
    )
    verdict.blame("types of companies that are not exact", differing)


def judge_feed(verdict: Verdict, readers: Sequence[FeedReader], words: DatabaseWords) -> None:
    """Hold what readers saw, through nodes that came and went, against the feed as it is."""
    feed = words.feed()
    verdict.facts["changes in the feed"] = len(feed)
    gaps = [
        f"{change[0]} is the {place}th"
        for place, change in enumerate(feed, 1)
        if change[0] != place
    ]
    verdict.blame("gaps in the feed", gaps)
    stored = [change[1:] for change in feed]
    for number, reader in enumerate(readers, 1):
        verdict.blame(f"what reader {number} was told wrongly", reader.wrong)
        if reader.seen != stored:
            first = next(
                (
                    place
                    for place, (seen, was) in enumerate(zip(reader.seen, stored, strict=False), 1)
                    if seen != was
                ),
                min(len(reader.seen), len(stored)) + 1,
            )
            verdict.wrong.append(
                f"reader {number} saw {len(reader.seen)} of {len(stored)} changes;"
                f" they part at {first}"
            )
    verdict.facts["pages of the feed that readers asked for"] = sum(each.calls for each in readers)
    verdict.facts["of these without an answer"] = sum(each.unanswered for each in readers)


def judge_actions(
    verdict: Verdict,
    users: Users,
    actions: Sequence[KnownAction],
    payments: Sequence[PaymentMade],
) -> None:
    """Hold what users were promised against the ledger, and the ledger against the vendor's record."""
    by_realm: dict[str, list[PaymentMade]] = {}
    for payment in payments:
        by_realm.setdefault(payment.realm_id, []).append(payment)
    wrong = [
        f"{action.id}: {said}"
        for action in actions
        if (said := _wrong_about(action, by_realm.get(action.realm_id, ())))
    ]
    verdict.blame("actions that are not as the ledger says", wrong)
    times = Counter(_tag(payment) for payment in payments)
    doubled = [f"{tag}: {count} times" for tag, count in times.items() if count > 1]
    verdict.blame("payments made more than once", doubled)
    verdict.blame("promises that were not kept", list(_forgotten(users.accepted, actions)))
    verdict.blame("answers to users that are wrong", users.wrong)
    verdict.blame("wishes that nobody answered to the end", users.unsettled)
    states = Counter(action.state for action in actions)
    verdict.facts["actions"] = dict(states)
    causes = Counter(str(each.last_error)[:90] for each in actions if each.state == "failed")
    verdict.facts["why actions failed"] = dict(causes.most_common(6))
    verdict.facts["payments at the vendor"] = len(payments)
    verdict.facts["users' calls"] = dict(users.counts.most_common())


def _wrong_about(action: KnownAction, payments: Sequence[PaymentMade]) -> str | None:
    short = action.id.replace("-", "")
    effects = sum(is_by(each.request_id, short) for each in payments)
    if action.state == "unknown" and effects <= 1:
        # It is looked for again later, at growing distances, and said to be unknown until then.
        return None
    return wrong_about(action.type, action.state, parked=action.parked, effects=effects)


def _tag(payment: PaymentMade) -> str:
    return msgspec.json.decode(payment.body, type=_Tagged).tag


class _Tagged(msgspec.Struct):
    tag: str = msgspec.field(name="PaymentRefNum")


def _forgotten(accepted: Sequence[Accepted], actions: Sequence[KnownAction]) -> Iterator[str]:
    known = {action.id: action for action in actions}
    for each in accepted:
        action = known.get(each.action_id)
        if action is None:
            yield f"{each.action_id} was accepted, and is gone"
        elif action.key != f"key-{each.tag}":
            yield f"{each.action_id} has another's key"


def judge_tokens_found(
    verdict: Verdict,
    found: TokenVerdict,
    overlapping: int,
    owners: Mapping[str, str],
    consented_twice: Collection[str],
) -> None:
    """Say what the vendor's record of token exchanges comes to."""
    verdict.facts["token exchanges"] = found.exchanges
    verdict.facts["tokens tried once more after an answer that can have been lost"] = len(
        found.recovered
    )
    verdict.facts["tokens tried once more after a node that was too slow had been fenced off"] = (
        len(found.fenced)
    )
    verdict.facts["exchanges by a node that woke up after it had lost the shard"] = found.late
    verdict.facts["owners who had to connect again"] = len(owners)
    verdict.facts["owners who consented twice, as they had no answer"] = len(consented_twice)
    verdict.blame("tokens spent twice by two owners", found.raced)
    verdict.blame("tokens spent by a node that had lost the shard", found.stale)
    if overlapping:
        verdict.wrong.append(f"exchanges of one token at the same time: {overlapping}")
    unexplained = [
        f"company {realm_id}: {cause}"
        for realm_id, cause in owners.items()
        if realm_id not in {*found.recovered, *found.fenced, *consented_twice}
    ]
    verdict.blame("owners who were asked without a lost answer", unexplained)


def judge_shards(verdict: Verdict, watch: ShardWatch) -> None:
    """Say for how long shards were nobody's."""
    longest = watch.longest()
    if longest is None:
        verdict.wrong.append("nobody ever saw a shard")
        return
    verdict.facts["longest time a shard was nobody's who moves"] = (
        f"{longest.seconds:.1f} s, shard {longest.shard} from {longest.from_at:%H:%M:%S}"
    )
    verdict.facts["looks at the shards"] = watch.samples
    verdict.blame(
        f"shards that were nobody's for more than {UNOWNED_AT_MOST_S:.0f} s",
        [
            f"shard {each.shard}: {each.seconds:.1f} s from {each.from_at:%H:%M:%S}"
            for each in watch.orphaned.values()
            if each.seconds > UNOWNED_AT_MOST_S
        ],
    )
