"""Whether any refresh token was spent twice, by the vendor's own record. Pure.

A token is good for one exchange. Whoever takes an account over and finds an exchange begun, of which no
answer was stored, tries its token once more: that is honest where the answer can have been lost, and
then only. Everything else would be two owners at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from support.chaos.house import Span
from support.chaos.vendor_words import Exchange

_CLOSE_S = 1.0
_NO_SHARD = -2


@dataclass(frozen=True, slots=True)
class Move:
    """A shard came to a process, by its name in the house; "" when that is not known.

    Attributes:
        by_force: whether the one before was fenced off, rather than having let go of it.
    """

    shard: int
    at: datetime
    name: str
    by_force: bool = True


@dataclass
class TokenVerdict:
    """What the record says.

    Attributes:
        exchanges: how many there were.
        recovered: tokens that were tried once more after an answer that can have been lost, by the
            company's id.
        fenced: tokens that were tried once more after the first process, though nothing had befallen
            it that we know of, had been too slow to say that it lives: what it was answered was not
            stored, because it was fenced off by then. Also by the company's id.
        raced: tokens that were tried twice without any such reason.
        late: exchanges by a process that had lost the shard, after it had been frozen.
        stale: exchanges by a process that had lost the shard and had not been frozen.
    """

    exchanges: int = 0
    recovered: list[str] = field(default_factory=list)
    fenced: list[str] = field(default_factory=list)
    raced: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)


def judge_tokens(
    exchanges: Sequence[Exchange],
    spans: Sequence[Span],
    moves: Mapping[int, Sequence[Move]],
    shard_of: Mapping[str, int],
) -> TokenVerdict:
    """Judge all exchanges.

    Args:
        exchanges: the vendor's record, in its order.
        spans: when answers may have been lost.
        moves: those of each shard, in the order of their coming.
        shard_of: by the company's id.
    """
    verdict = TokenVerdict(exchanges=len(exchanges))
    by_token: dict[str, list[Exchange]] = {}
    for each in exchanges:
        by_token.setdefault(each.token, []).append(each)
        _judge_owner(each, spans, moves.get(shard_of.get(each.realm_id, _NO_SHARD), ()), verdict)
    for tried in by_token.values():
        for before, again in pairwise(tried):
            words = (
                f"company {again.realm_id}: {before.caller} at {before.at:%H:%M:%S.%f},"
                f" {again.caller} at {again.at:%H:%M:%S.%f}"
            )
            if _can_be_lost(before, again, spans):
                verdict.recovered.append(again.realm_id)
            elif _was_fenced(before, again, moves.get(shard_of[again.realm_id], ())):
                verdict.fenced.append(again.realm_id)
            else:
                verdict.raced.append(words)
    return verdict


def _can_be_lost(before: Exchange, again: Exchange, spans: Iterable[Span]) -> bool:
    """Tell whether something befell the first caller, or the database, before the second exchange."""
    from_s, to_s = before.at.timestamp() - _CLOSE_S, again.at.timestamp()
    return any(
        span.name in {"", before.caller} and span.from_s < to_s and span.to_s > from_s
        for span in spans
    )


def _was_fenced(before: Exchange, again: Exchange, moves: Iterable[Move]) -> bool:
    """Tell whether the shard was taken from the first caller between the two."""
    from_at = before.at - timedelta(seconds=_CLOSE_S)
    return any(
        move.by_force and from_at <= move.at <= again.at and move.name != before.caller
        for move in moves
    )


def _judge_owner(
    exchange: Exchange, spans: Iterable[Span], moves: Sequence[Move], verdict: TokenVerdict
) -> None:
    at_s = exchange.at.timestamp()
    owner = next((move for move in reversed(moves) if move.at <= exchange.at), None)
    if owner is None or owner.name in {"", exchange.caller}:
        return
    if at_s - owner.at.timestamp() < _CLOSE_S:
        return
    words = (
        f"company {exchange.realm_id}: by {exchange.caller} at {exchange.at:%H:%M:%S.%f},"
        f" held by {owner.name} since {owner.at:%H:%M:%S.%f}"
    )
    was_frozen = any(
        span.name == exchange.caller and span.from_s <= at_s <= span.to_s + _CLOSE_S
        for span in spans
    )
    (verdict.late if was_frozen else verdict.stale).append(words)
