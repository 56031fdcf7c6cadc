"""What Housecall Pro's stand-in delivers, and when."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

from daemon.sandbox.housecallpro import DEFAULT_SECRET, HousecallProSandbox
from daemon.sandbox.housecallpro.webhook_sender import LADDER_S

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Company:
    """One, and who listens."""

    def __init__(self) -> None:
        self.now = NOON
        self.sandbox = HousecallProSandbox(lambda: self.now)
        self.id = self.sandbox.add_company(sizes={"jobs": 3})
        self.business, self.sender = self.sandbox.businesses[self.id], self.sandbox.webhooks
        self.sender.turn_on()
        self.job = next(iter(self.business.objects["jobs"]))

    def touch(self, **fields: object) -> None:
        self.business.change("jobs", self.job, self.now, **fields)
        self.sandbox.settle()

    def delivered(self, status: int | None = 200) -> dict[str, object] | None:
        attempt = self.sender.due(self.now)
        if attempt is None:
            return None
        self.sender.answered(attempt, status, self.now)
        found: dict[str, object] = json.loads(attempt.body)
        return found


def test_each_change_is_one_event_with_the_whole_object() -> None:
    company = Company()
    company.touch(work_status="complete unrated")
    company.business.delete("jobs", company.job, NOON)
    company.business.make("leads", NOON)
    company.sandbox.settle()
    events = [company.delivered() for _ in range(3)]
    assert [event and event["event"] for event in events] == [
        "job.completed",
        "job.deleted",
        "lead.created",
    ]
    assert events[0] is not None
    assert events[0]["job"]["id"] == company.job  # type: ignore[index]
    assert events[0]["company_id"] == company.id
    assert company.delivered() is None


def test_time_and_body_are_signed() -> None:
    company = Company()
    company.touch()
    attempt = company.sender.due(NOON)
    assert attempt is not None
    message = attempt.headers["api-timestamp"].encode() + b"." + attempt.body
    digest = hmac.new(DEFAULT_SECRET.encode(), message, hashlib.sha256).hexdigest()
    assert attempt.headers["api-signature"] == digest


def test_what_is_not_answered_well_comes_again_and_then_no_more() -> None:
    company = Company()
    company.touch()
    for wait_s in LADDER_S:
        assert company.delivered(500)
        assert company.delivered() is None
        company.now += timedelta(seconds=wait_s)
    assert company.delivered(None)
    company.now += timedelta(days=1)
    assert company.delivered() is None


def test_events_may_come_twice_forged_and_without_their_time() -> None:
    company = Company()
    company.sender.mode.duplicate = company.sender.mode.forge = 1.0
    company.sender.mode.tells_time = False
    company.touch()
    attempt = company.sender.due(NOON)
    assert attempt is not None
    assert not attempt.is_genuine
    assert "event_occurred_at" not in json.loads(attempt.body)
    company.sender.answered(attempt, 401, NOON)
    company.sender.mode.forge = 0.0
    assert [company.delivered() is None for _ in range(3)] == [False, False, True]


def test_nobody_is_told_of_what_was_before() -> None:
    company = Company()
    assert company.sender.wait_s(NOON) is None
    company.sender.turn_off()
    company.touch()
    assert company.delivered() is None
