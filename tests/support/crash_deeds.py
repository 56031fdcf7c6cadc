"""What leads a daemon to the rarer commits, what must be there before, and what must hold afterwards."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta

import msgspec
import yaml

from support.deliveries import cloud_event, signed
from support.forked_daemons import forked
from support.plain_http import plain_client
from support.real_processes import until
from support.small_company import SmallCompany, end_well

_VERIFIER = "verifier"
_MADE_UP = 5
_LONG_AGO = "2020-01-01T00:00:00.000000Z"

_MAKE_UP_INVOICES = """
INSERT INTO objects
  (account_id, object_type, object_id, version, updated_at, synced_at, via, payload)
SELECT account_id, object_type, '900' || object_id, version, updated_at, synced_at, via, payload
FROM objects WHERE object_type = 'Invoice' AND NOT deleted LIMIT ?
"""
_OLD_NOTICE = """
INSERT INTO notices
  (account_id, object_type, object_id, event_id, operation, occurred_at, received_at)
SELECT id, 'Invoice', '1', 'old', 'updated', ?1, ?1 FROM accounts
"""

_WHOLE_COPIES = """
SELECT count(*) FROM finance_progress, finance_floor
WHERE whole AND max(finance_progress.seq, finance_floor.seq) >= (SELECT max(seq) FROM changes)
"""
_COPIED = "SELECT count(*) FROM finance_documents WHERE section = 'receivable' AND open_units <> 0"
_UNPAID = """
SELECT count(*) FROM objects
WHERE object_type = 'Invoice' AND NOT deleted AND payload ->> '$.Balance' <> 0
"""


# Before.


def configure(
    company: SmallCompany,
    vendor: Mapping[str, object] | None = None,
    store: Mapping[str, object] | None = None,
) -> None:
    """Add to the configuration of the daemon's next life."""
    document = yaml.safe_load(company.setup.config.read_text())
    document["vendors"]["quickbooks"].update(vendor or {})
    document.setdefault("store", {}).update(store or {})
    company.setup.config.write_text(yaml.safe_dump(document))


def count_no_reads(company: SmallCompany) -> None:
    """Have comparisons not wait for their share of reads, of which so many polls would leave none."""
    configure(company, {"reads_per_month": None})


def hear_webhooks(company: SmallCompany) -> None:
    """Have webhooks believed."""
    configure(company, {"webhook_verifier_token": _VERIFIER})


def hold_objects_that_never_were(company: SmallCompany) -> None:
    """Put so many invoices into the replica that deleting them takes a person's word."""
    configure(company, {"delete_brake": {"share": 0.1, "at_least": 2}})
    _live(company)
    assert _write(company, _MAKE_UP_INVOICES, _MADE_UP) == _MADE_UP


def have_a_past(company: SmallCompany) -> None:
    """Replace some versions, and have a notice that is too old; nothing of it is to be kept."""
    with forked(company.setup) as daemon:
        company.connect_and_become_live()
        company.sandbox.churn(company.realm_id, 10)
        until("replaced", lambda: count(company, "SELECT count(*) FROM object_versions"))
        end_well(daemon)
    assert _write(company, _OLD_NOTICE, _LONG_AGO) == 1
    configure(company, store={"history": "0s"})


def wait_too_long(company: SmallCompany) -> None:
    """Have a payment asked for that could not be sent for days."""
    with forked(company.setup) as daemon:
        ask_in_vain(company)
        end_well(daemon)
    assert _write(company, "UPDATE actions SET asked_at = ?", _LONG_AGO) == 1


def _live(company: SmallCompany) -> None:
    with forked(company.setup) as daemon:
        company.connect_and_become_live()
        end_well(daemon)


# Deeds.


def verify(company: SmallCompany) -> None:
    """Ask for a comparison, and wait for it."""
    company.ask("POST", "/verify?wait=20")


def confirm_held_deletes(company: SmallCompany) -> None:
    """Have everything compared, and confirm what is held then."""
    path = f"/integrations/{company.account_id}"
    company.setup.ask("POST", f"{path}/sync", {"full": True})
    until("held", lambda: held(company))
    company.setup.ask("POST", f"{path}/deletes/confirm", {})


def deliver(company: SmallCompany) -> None:
    """Connect, and deliver one webhook, as the vendor would until it is answered."""
    company.connect_and_become_live()
    deliver_again(company)


def deliver_again(company: SmallCompany) -> None:
    body = msgspec.json.encode([cloud_event(company.realm_id, id="the event")])
    url = f"{company.setup.url}/webhooks/quickbooks"
    with plain_client() as http:
        http.post(url, content=body, headers=signed(body, _VERIFIER)).raise_for_status()


def look_at_a_view(company: SmallCompany) -> None:
    """Ask for a view, which has its copy built."""
    company.ask("GET", "/views/receivables-aging")


def ask_in_vain(company: SmallCompany) -> str:
    """Ask for a payment that the vendor has no time for; return the action's path."""
    company.connect_and_become_live()
    company.sandbox.fault("throttle_json", realm_id=company.realm_id, routes=["write"], count=1)
    path = f"/integrations/{company.account_id}/actions"
    payload = {"CustomerRef": {"value": "1"}, "TotalAmt": 12.5}
    action = company.setup.ask(
        "POST", f"{path}?wait=0", {"type": "payment.create", "payload": payload}
    )
    until("refused for now", company.has_no_fault_left)
    until("waiting", lambda: action_state(company) == "pending")
    return f"{path}/{action['id']}"


def cancel(company: SmallCompany) -> None:
    """Call off a payment that is not made yet."""
    company.setup.ask("POST", f"{ask_in_vain(company)}/cancel")


def revive(company: SmallCompany) -> None:
    """Ask again for a payment that was called off."""
    path = ask_in_vain(company)
    company.setup.ask("POST", f"{path}/cancel")
    company.setup.ask("POST", f"{path}/retry")


# Afterwards.


def held(company: SmallCompany) -> object:
    """Return the deletes that wait for a person's word."""
    return company.setup.get(f"/integrations/{company.account_id}/status")["held_deletes"]


def action_state(company: SmallCompany) -> str:
    """Return where the one action stands; the vendor is not asked, so that the grant lives on."""
    with closing(sqlite3.connect(company.setup.database)) as connection:
        (state,) = connection.execute("SELECT state FROM actions").fetchone()
    return str(state)


def no_request_is_left_open(company: SmallCompany) -> bool:
    """Tell whether each comparison that was asked for was made."""
    return not count(company, "SELECT count(*) FROM verifications WHERE answered < requested")


def certificates(company: SmallCompany) -> int:
    return count(company, "SELECT count(*) FROM certificates")


def notices(company: SmallCompany) -> int:
    """Count the notices of the one event."""
    return count(company, "SELECT count(*) FROM notices WHERE event_id = 'the event'")


def open_notices(company: SmallCompany) -> int:
    return count(company, "SELECT count(*) FROM notices WHERE handled_at IS NULL")


def leftovers(company: SmallCompany, before: datetime) -> int:
    """Count what was too old by then and is there nevertheless."""
    ended = before.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    versions = "SELECT count(*) FROM object_versions WHERE ended_at < ?"
    old = "SELECT count(*) FROM notices WHERE received_at < ?"
    month_ago = (before - timedelta(days=31)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return count(company, versions, ended) + count(company, old, month_ago)


def invented_invoices(company: SmallCompany) -> int:
    """Count the invoices that never were and are held as not deleted."""
    return count(
        company,
        "SELECT count(*) FROM objects WHERE object_id LIKE '900%' AND NOT deleted",
    )


def the_copy_is_whole(company: SmallCompany) -> bool:
    """Tell whether what views read has seen every change, and has each unpaid invoice."""
    return count(company, _WHOLE_COPIES) == 1 and count(company, _COPIED) == count(company, _UNPAID)


def assert_no_read_went_uncounted(company: SmallCompany) -> None:
    """To be asked before the truth is read: that counts at the vendor as any reading does."""
    calls = company.sandbox.statistics()["calls"]
    assert isinstance(calls, list)
    made = sum(
        each["calls"]
        for each in calls
        if each["realm_id"] == company.realm_id and each["route"] in {"cdc", "query", "read"}
    )
    noted = count(company, "SELECT sum(reads) FROM metered_reads WHERE account_id = ''")
    told = count(
        company, "SELECT coalesce(sum(reads), 0) FROM metered_reads WHERE account_id <> ''"
    )
    assert told <= noted, (told, made, noted)
    assert made <= noted, (told, made, noted)


def count(company: SmallCompany, query: str, *given: object) -> int:
    with closing(sqlite3.connect(company.setup.database)) as connection:
        (found,) = connection.execute(query, given).fetchone()
    return int(found)


def _write(company: SmallCompany, statement: str, *given: object) -> int:
    """Write past the daemon, which does not run; return how many rows that were."""
    with closing(sqlite3.connect(company.setup.database)) as connection, connection:
        return connection.execute(statement, given).rowcount
