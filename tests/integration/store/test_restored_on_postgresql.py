"""What docs/operations.md has people run after a PostgreSQL database was put back."""

import subprocess
from pathlib import Path

import psycopg

from actors.ledger import LookBack, next_move
from store.action_models import ActionState, AttemptCall, AttemptOutcome, NewAction
from store.postgresql import PostgresqlStore, open_store
from support.full_file import make_full_file
from support.moved import Moved
from support.postgres_database import PostgresDatabase
from support.postgres_server import PostgresServer
from support.store_fixtures import at, own, record

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


def statements() -> str:
    _, _, behind = PAGE.read_text(encoding="utf-8").partition("**On PostgreSQL**")
    return behind.partition("```sql\n")[2].partition("```")[0]


async def test_writes_that_may_have_been_sent_since_are_looked_for_first(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    company = await own(store)
    new = NewAction("one", company.account_id, "payment.create", b"{}", "f", None, at(0))
    await store.accept_action(new)
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(statements().encode())
    assert await store.open_actions(company.account_id, limit=10) == []
    action = await store.action(company.account_id, "one")
    assert action is not None
    assert (action.state, action.parked) == (ActionState.UNKNOWN, True)
    revived = await store.revive_action(company.account_id, "one", at(1))
    assert revived is not None
    (attempt,) = revived.attempts
    assert (attempt.call, attempt.outcome) == (AttemptCall.SEND, AttemptOutcome.UNKNOWN)
    assert isinstance(next_move(revived, at(2), merges_again=False), LookBack)


async def test_dump_that_is_restored_is_a_whole_store(
    tmp_path: Path, empty_url: str, postgres_server: PostgresServer
) -> None:
    def run(program: str, *arguments: str) -> None:
        command = [str(postgres_server.program(program)), *arguments]
        subprocess.run(command, check=True, capture_output=True)

    file, dump = tmp_path / "syncline.db", str(tmp_path / "dump")
    make_full_file(file)
    Moved(file, empty_url).move()
    restored = Moved(file, postgres_server.url(postgres_server.create_database()))
    run("pg_dump", "--format=custom", f"--file={dump}", f"--dbname={empty_url}")
    run("pg_restore", "--exit-on-error", f"--dbname={restored.url}", dump)
    assert restored.there() == restored.here()
    async with await open_store(restored.url, durable=False) as store:
        company = await own(store)
        last = await store.last_seq()
        applied = await store.apply_page(company.page(record("1")))
        assert applied.last_seq == last + 1
        await store.finance.begin(company.account_id, 1)
