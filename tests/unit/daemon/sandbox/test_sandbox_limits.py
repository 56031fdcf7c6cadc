"""Simulator point 24: the call limits."""

import pytest

from daemon.sandbox.quickbooks import (
    App,
    Behaviour,
    Fault,
    FaultKind,
    Limits,
    Route,
    SandboxReply,
    ThrottleForm,
)
from daemon.sandbox.quickbooks.json_text import decode
from unit.daemon.sandbox.caller import APP, CALLBACK, Caller


def limited(limits: Limits, **switches: object) -> Caller:
    caller = Caller(limits=limits, behaviour=Behaviour(**switches))  # type: ignore[arg-type]
    caller.connect()
    return caller


def call(caller: Caller) -> SandboxReply:
    return caller.api("GET", "item/1")


def test_the_eleventh_call_of_one_second_is_throttled_and_the_next_second_is_free() -> None:
    caller = limited(Limits())
    statuses = [call(caller).status for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    caller.clock.advance(milliseconds=999)
    assert call(caller).status == 429
    caller.clock.advance(milliseconds=1)
    assert call(caller).status == 200
    assert caller.sandbox.statistics().violations == {(caller.realm, "per_second"): 2}


def test_the_501st_call_of_one_minute_is_throttled() -> None:
    caller = limited(Limits(per_second=None))
    for _ in range(500):
        caller.clock.advance(milliseconds=100)
        assert call(caller).status == 200
    assert call(caller).status == 429
    caller.clock.advance(seconds=10, milliseconds=100)
    assert call(caller).status == 200
    assert caller.sandbox.statistics().violations == {(caller.realm, "per_minute"): 1}


def test_the_minute_is_shared_by_all_apps_and_the_second_is_not() -> None:
    other = App("other", "secret", (CALLBACK,))
    caller = Caller(apps=(APP, other), limits=Limits(per_minute=15, per_second=10))
    caller.connect()
    second = Caller(apps=(other,))
    second.sandbox, second.clock = caller.sandbox, caller.clock
    second.connect(caller.realm)
    assert [call(caller).status for _ in range(10)] == [200] * 10
    assert [call(second).status for _ in range(6)] == [200] * 5 + [429]
    violations = caller.sandbox.statistics().violations
    assert violations == {(caller.realm, "per_minute"): 1}


def test_two_companies_do_not_share_a_limit() -> None:
    caller = limited(Limits(per_second=1))
    call(caller)
    caller.connect(caller.sandbox.add_company())
    assert call(caller).status == 200


def test_calls_at_once_are_those_whose_answers_are_under_way() -> None:
    caller = limited(Limits(per_second=None, in_flight=2), latency_s=(0.5, 0.5))
    assert [call(caller).status for _ in range(3)] == [200, 200, 429]
    caller.clock.advance(milliseconds=500)
    assert call(caller).status == 200
    assert caller.sandbox.statistics().violations == {(caller.realm, "in_flight"): 1}


def test_a_throttle_comes_in_xml_though_json_was_asked_for_and_says_no_wait() -> None:
    caller = limited(Limits(per_second=0))
    reply = call(caller)
    assert (reply.status, reply.header("content-type")) == (429, "application/xml")
    assert (
        b'<Fault type="SERVICE"><Error code="3001">'
        b"<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>"
        b"<Detail>The request limit was reached.  Try again later</Detail>" in reply.body
    )
    assert reply.header("retry-after") is None


@pytest.mark.parametrize(
    ("form", "status"), [(ThrottleForm.JSON, 429), (ThrottleForm.HISTORIC, 403)]
)
def test_a_throttle_can_come_in_json_or_as_the_historic_403(
    form: ThrottleForm, status: int
) -> None:
    caller = limited(Limits(per_second=0, form=form))
    reply = call(caller)
    assert reply.status == status
    if form is ThrottleForm.JSON:
        error = decode(reply.body)["Fault"]["Error"][0]
        assert error["code"] == "3001"
    assert f"statusCode={status}".encode() in reply.body


def test_limits_that_are_not_enforced_are_still_counted() -> None:
    caller = limited(Limits(per_second=10, enforced=False))
    assert {call(caller).status for _ in range(15)} == {200}
    statistics = caller.sandbox.statistics()
    assert statistics.violations == {(caller.realm, "per_second"): 5}
    assert statistics.throttled == 0


def test_injected_throttles_are_no_violations() -> None:
    caller = limited(Limits())
    caller.sandbox.inject(Fault(FaultKind.THROTTLE_JSON, count=2))
    assert [call(caller).status for _ in range(3)] == [429, 429, 200]
    statistics = caller.sandbox.statistics()
    assert (statistics.throttled, dict(statistics.violations)) == (2, {})
    assert statistics.calls_to(Route.READ, caller.realm) == 3


def test_without_limits_nothing_is_counted_or_refused() -> None:
    caller = limited(Limits(per_second=1))
    caller.sandbox.set_limits(None)
    assert {call(caller).status for _ in range(50)} == {200}
    assert caller.sandbox.statistics().violations == {}


def test_the_token_host_is_not_limited() -> None:
    caller = limited(Limits(per_second=0), token_latency_s=0.0)
    assert {caller.refresh().status for _ in range(20)} == {200}
