"""What docs/operations.md has people run after a PostgreSQL database was put back."""

from pathlib import Path

import psycopg

from actors.ledger import LookBack, next_move
from store.action_models import ActionState, AttemptCall, AttemptOutcome, NewAction
from store.postgresql import PostgresqlStore
from support.postgres_database import PostgresDatabase
from support.store_fixtures import at, own

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
