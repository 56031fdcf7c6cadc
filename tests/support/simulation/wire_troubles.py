"""Answers that arrive otherwise than the vendor's rules allow: what the sandbox itself never does."""

import re
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from random import Random

import anyio
from msgspec.structs import replace

from actors.messages import RescanRequested
from daemon.sandbox.quickbooks import SandboxReply, SandboxRequest
from support.forgetful_vendor import forgetting
from support.simulation.scenario import Trouble
from support.simulation.wire import Spoiler
from support.simulation.world import World

HOUR_S = 3600.0

_OK = 200
_TOO_MANY = 429
_ROWS_END = re.compile(rb'\],"startPosition":(\d+),"maxResults":(\d+)')


def spoiled(make: Callable[[World, Random], Spoiler]) -> Trouble:
    """Let a spoiler sit on the wire as long as the troubles last."""

    async def go_on(world: World, random: Random) -> None:
        world.wire.spoilers.append(make(world, random))
        await anyio.sleep_forever()

    return go_on


def throttled_with_retry_after(*, length_s: float = HOUR_S) -> Trouble:
    """Answer 429 for a while, with Retry-After in seconds, as a date, absent, or as nonsense."""

    async def go_on(world: World, random: Random) -> None:
        for form in random.sample(("seconds", "date", "absent", "nonsense"), 4):
            spoiler = _throttle(world, form)
            await anyio.sleep(random.expovariate(1.0 / length_s))
            world.wire.spoilers.append(spoiler)
            await anyio.sleep(length_s * random.uniform(0.1, 1.0))
            if spoiler in world.wire.spoilers:
                world.wire.spoilers.remove(spoiler)

    return go_on


def _throttle(world: World, form: str) -> Spoiler:
    def retry_after() -> tuple[tuple[str, str], ...]:
        match form:
            case "seconds":
                return (("Retry-After", "90"),)
            case "date":
                later = world.vendor_clock.utc() + timedelta(seconds=90)
                return (("Retry-After", format_datetime(later, usegmt=True)),)
            case "nonsense":
                return (("Retry-After", "soon"),)
            case _:
                return ()

    def spoil(request: SandboxRequest, reply: SandboxReply) -> SandboxReply:
        if not request.path.startswith("/v3/"):
            return reply
        date = tuple(pair for pair in reply.headers if pair[0] == "Date")
        return SandboxReply(_TOO_MANY, (*date, *retry_after()), b"")

    return spoil


def empty_pages(world: World, random: Random) -> Spoiler:
    """Answer a query for rows with no rows, now and then."""

    def spoil(request: SandboxRequest, reply: SandboxReply) -> SandboxReply:
        if not _is_page(request) or random.random() > 0.3:
            return reply
        return replace(
            reply,
            body=re.sub(rb"^\{\"QueryResponse\":\{.*\},", b'{"QueryResponse":{},', reply.body),
        )

    return spoil


def short_counts(world: World, random: Random) -> Spoiler:
    """Announce more rows than a page has, as if some were lost on the way."""

    def spoil(request: SandboxRequest, reply: SandboxReply) -> SandboxReply:
        found = _ROWS_END.search(reply.body)
        if not _is_page(request) or found is None or random.random() > 0.2:
            return reply
        announced = b'],"startPosition":%s,"maxResults":%d' % (found[1], int(found[2]) + 1)
        return replace(reply, body=reply.body.replace(found[0], announced, 1))

    return spoil


def one_row_too_many(world: World, random: Random) -> Spoiler:
    """Give 1,001 rows where 1,000 were asked for, when there are as many."""

    def spoil(request: SandboxRequest, reply: SandboxReply) -> SandboxReply:
        statement = request.body.decode()
        found = _ROWS_END.search(reply.body)
        if not _is_page(request) or found is None or int(found[2]) < 1000:
            return reply
        following = re.sub(
            r"STARTPOSITION (\d+) MAXRESULTS 1000",
            lambda place: f"STARTPOSITION {int(place[1]) + 1000} MAXRESULTS 1",
            statement,
        )
        more = _uncounted(world, replace(request, body=following.encode()))
        row = re.search(
            rb'^\{"QueryResponse":\{"\w+":\[(.*)\],"startPosition"', more.body, re.DOTALL
        )
        if following == statement or row is None:
            return reply
        longer = b',%s],"startPosition":%s,"maxResults":1001' % (row[1], found[1])
        return replace(reply, body=reply.body.replace(found[0], longer, 1))

    return spoil


def dripping(world: World, random: Random) -> Spoiler:
    """Let some answers come at one byte a second."""

    def spoil(request: SandboxRequest, reply: SandboxReply) -> SandboxReply:
        slow = request.path.startswith("/v3/") and random.random() < 0.1
        return replace(reply, body_delay_s=float(len(reply.body))) if slow else reply

    return spoil


def forgetful(object_type: str, *, tells: bool, length_s: float = 6 * HOUR_S) -> Trouble:
    """Let every company have lost a type for some hours, whichever way the vendor is asked for it.

    Without `tells` the feed does not say so: a full reading finds out.
    """

    async def go_on(world: World, random: Random) -> None:
        def spoil(request: SandboxRequest, reply: SandboxReply) -> SandboxReply:
            realm = next((each for each in world.realms.values() if each in request.path), None)
            if realm is None or (reply.status != _OK and b'"610"' not in reply.body):
                return reply
            with forgetting(world.sandbox, realm, object_type, tells=tells):
                return _uncounted(world, request)

        await anyio.sleep(random.uniform(2.0, 6.0) * HOUR_S)
        world.wire.spoilers.append(spoil)
        if not tells:
            for account_id in world.account_ids:
                await world.store.request_rescan(account_id, [object_type])
                world.tell(account_id, RescanRequested((object_type,)))
        await anyio.sleep(length_s)
        if spoil in world.wire.spoilers:
            world.wire.spoilers.remove(spoil)

    return go_on


def poisonous(world: World, _random: Random) -> Spoiler:
    """Let all that the first account gets be poison: it breaks the actor that touches it."""
    realm = next(iter(world.realms.values()))

    def spoil(request: SandboxRequest, reply: SandboxReply) -> SandboxReply:
        if f"/company/{realm}/" in request.path:
            raise RuntimeError("poison")
        return reply

    return spoil


def _uncounted(world: World, request: SandboxRequest) -> SandboxReply:
    """Ask the sandbox for something without using up the limits of a company."""
    limits = world.sandbox.world.limiter.limits
    world.sandbox.set_limits(None)
    reply = world.sandbox.handle(request)
    world.sandbox.set_limits(limits)
    return reply


def _is_page(request: SandboxRequest) -> bool:
    return request.path.endswith("/query") and request.body.startswith(b"SELECT * ")
