"""The history checker's own test: each bug that was planted on purpose must be found.

A checker that has never found anything proves nothing. What is planted are the mistakes that
engines like this one are known for, each in the place where it would really be made.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from actors import intake, ledger, verification
from actors.refresh import Refresher
from actors.vendors.base import Look, Page, Permit, Session, Witness
from actors.vendors.quickbooks import feed, scan, statements
from actors.vendors.quickbooks.client import ApiClient
from actors.vendors.quickbooks.keyset import Window
from actors.vendors.quickbooks.parse import FeedReply
from actors.vendors.quickbooks.timestamps import statement_text
from actors.vendors.quickbooks.vendor import QuickBooks
from actors.vendors.quickbooks.writer import QuickBooksWriter
from daemon.sandbox.quickbooks import Behaviour
from store.action_models import AttemptOutcome
from store.models import CursorMove, PageApplied, PageWrite, SealedCredential, Tombstone
from store.sqlite import session
from support.simulation.observed_store import ObservedStore
from support.simulation.run import Outcome, run
from support.simulation.scenario import Scenario, realistic
from support.simulation.scenarios import SCENARIOS

SEEDS = (1, 2, 3)
"""A bug must be found by one of these; the first finds all of them at present."""


def hunt(scenario: Scenario, folder: Path) -> str:
    """Play the scenario until something is found; return what."""
    for seed in SEEDS:
        room = folder / str(seed)
        room.mkdir()
        found: Outcome = run(scenario, seed, room)
        if found.violations:
            return str(found)
    return ""


def test_cursor_moved_before_its_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rightly = ObservedStore.apply_page

    async def cursor_first(self: ObservedStore, page: PageWrite) -> PageApplied:
        await rightly(
            self, msgspec.structs.replace(page, objects=(), tombstones=(), begins=(), seen=())
        )
        return await rightly(self, page)

    monkeypatch.setattr(ObservedStore, "apply_page", cursor_first)
    assert "is missing" in hunt(SCENARIOS["plain"], tmp_path)


def test_later_than_where_at_or_later_is_meant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def later_than(cut: Window) -> list[str]:
        if cut.since is None or cut.before is not None:
            return []
        return [f"MetaData.LastUpdatedTime > '{statement_text(cut.since)}'"]

    monkeypatch.setattr(statements, "_times", later_than)
    assert "is missing" in hunt(SCENARIOS["F16_odd_pages"], tmp_path)


def patch(monkeypatch: pytest.MonkeyPatch, name: str, right: str, wrong: str) -> None:
    """Have a statement say something else."""
    patched = session.TEXTS[name].replace(right, wrong)
    assert patched != session.TEXTS[name]
    monkeypatch.setattr(session, "TEXTS", {**session.TEXTS, name: patched})


def test_equally_new_version_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    patch(monkeypatch, "objects.upsert", ">= objects.updated_at", "> objects.updated_at")
    assert "is out of date" in hunt(SCENARIOS["F06_same_second"], tmp_path)


def test_times_compared_as_the_vendor_writes_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = "->> '$.MetaData.LastUpdatedTime'"
    patch(
        monkeypatch,
        "objects.upsert",
        "excluded.updated_at >= objects.updated_at",
        f"excluded.payload {written} >= objects.payload {written}",
    )
    assert "is out of date" in hunt(SCENARIOS["F09_fall_back"], tmp_path)


def test_delete_without_a_second_witness(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def believe(_self: QuickBooks, _session: Session, claims: Sequence[Tombstone]) -> Witness:
        return Witness(alive=(), gone=claims)

    monkeypatch.setattr(QuickBooks, "confirm_gone", believe)
    found = hunt(SCENARIOS["F18_false_deletes"], tmp_path)
    assert "is deleted here and was not at the vendor" in found


@pytest.mark.parametrize("name", ["F18_all_gone_in_the_feed", "F18_all_gone_in_a_comparison"])
def test_delete_without_a_brake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setattr(intake, "too_many", lambda *_: False)
    assert "is deleted here and was not at the vendor" in hunt(SCENARIOS[name], tmp_path)


def test_token_used_before_it_is_stored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def store_it_next_time(
        self: Refresher, sealed: SealedCredential, permit: Permit | None = None
    ) -> SealedCredential | str:
        if self._answer is not None:
            await self._store_answer(self._answer)
        self._answer = await self._ask(self._sealer.unseal(sealed), permit)
        return self._answer.brings

    monkeypatch.setattr(Refresher, "renew", store_it_next_time)
    assert "was used before it was stored" in hunt(SCENARIOS["plain"], tmp_path)


def test_full_answer_of_the_feed_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(feed, "CAP", 1_000_000)
    assert "is missing" in hunt(SCENARIOS["F16_feed_at_cap"], tmp_path)


def test_no_overlap_for_late_rows(tmp_path: Path) -> None:
    hasty = replace(SCENARIOS["F17_late_rows"], overlap_s=0.0)
    assert hunt(hasty, tmp_path)


def test_empty_page_taken_for_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def believe(*_arguments: object) -> None:
        return

    monkeypatch.setattr(scan, "_confirm_empty", believe)
    assert "is missing" in hunt(SCENARIOS["F16_odd_pages"], tmp_path)


def test_gap_past_the_look_back_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rightly = ApiClient.changes

    async def no_older(
        self: ApiClient, session: Session, object_types: Sequence[str], since: datetime
    ) -> FeedReply:
        oldest = self._caller.clock.now().utc - timedelta(days=29)
        return await rightly(self, session, object_types, max(since, oldest))

    monkeypatch.setattr(ApiClient, "changes", no_older)
    monkeypatch.setattr(feed, "LOOK_BACK", timedelta(days=10_000))
    assert hunt(SCENARIOS["F19_long_absence"], tmp_path)


def test_watermark_of_the_type_that_is_furthest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    patch(monkeypatch, "accounts.move_watermark", "min(covered_until)", "max(covered_until)")
    assert hunt(SCENARIOS["F11_full_disk"], tmp_path)


def test_cursor_by_a_clock_that_is_fast(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rightly = QuickBooks.look

    async def ahead(self: QuickBooks, session: Session, look: Look) -> Page:
        page = await rightly(self, session, look)
        return msgspec.structs.replace(page, cursors=[_later(move) for move in page.cursors])

    monkeypatch.setattr(QuickBooks, "look", ahead)
    found = hunt(SCENARIOS["F09_spring_forward"], tmp_path)
    assert "is in the future" in found
    assert "is out of date" in found


@pytest.mark.parametrize("lost", [AttemptOutcome.UNKNOWN, AttemptOutcome.OPEN])
def test_write_whose_answer_was_lost_is_sent_again_blindly(
    lost: AttemptOutcome, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    doubtful = frozenset({AttemptOutcome.UNKNOWN, AttemptOutcome.OPEN}) - {lost}
    monkeypatch.setattr(ledger, "_MAYBE", doubtful)
    crashing = replace(SCENARIOS["F05_crashes"], behaviour=_request_ids_ignored)
    found = hunt(crashing, tmp_path)
    # The vendor refuses a second customer of that name: the write that happened counts as failed.
    assert "2 effects" in found or "failed, and had an effect" in found


def test_one_look_taken_for_proof(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(QuickBooksWriter, "settled_after", timedelta(0))
    slow = replace(SCENARIOS["F05_request_ids_ignored"], behaviour=_listed_late)
    assert "2 effects" in hunt(slow, tmp_path)


def _request_ids_ignored() -> Behaviour:
    behaviour = realistic()
    behaviour.request_id_ignored = True
    return behaviour


def _listed_late() -> Behaviour:
    behaviour = _request_ids_ignored()
    behaviour.commit_delay_s = (30.0, 110.0)
    return behaviour


def test_what_an_interrupted_verification_mended_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(verification, "name_mends", lambda *_: 0)
    assert "and named by None" in hunt(SCENARIOS["F13_damaged_and_interrupted"], tmp_path)


def _later(move: CursorMove) -> CursorMove:
    if move.covered_until is None:
        return move
    return msgspec.structs.replace(move, covered_until=move.covered_until + timedelta(minutes=5))
