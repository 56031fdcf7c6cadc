"""Whatever is sent, the sandbox answers; it never raises."""

import copy
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.sandbox.quickbooks.chance import stream
from daemon.sandbox.quickbooks.sample_bodies import SampleBodies
from unit.daemon.sandbox.caller import Caller

TYPES = ("Customer", "Vendor", "Item", "Account", "Invoice", "Bill", "Payment", "BillPayment")
OPERATIONS: tuple[dict[str, str], ...] = (
    {},
    {"operation": "delete"},
    {"operation": "void"},
    {"operation": "update", "include": "void"},
)
JUNK: tuple[object, ...] = (
    None,
    "",
    0,
    -5,
    1.5,
    "x",
    True,
    [],
    {},
    [1],
    [{}],
    {"value": "1"},
    {"value": None},
    "2026-01-01",
    "9" * 50,
    [{"TxnId": "1", "TxnType": "Invoice"}],
    [{"Amount": 1, "LinkedTxn": [{"TxnId": "2", "TxnType": "Bill"}]}],
)
WORDS = (
    "select", "*", "count(*)", "from", "Item", "Invoice", "where", "Name", "Id", "=", ">", "in",
    "like", "('1',", "'2')", "'x'", "true", "and", "orderby", "MetaData.LastUpdatedTime", "desc",
    "startposition", "maxresults", "5", "'2026-01-01'", "Active", "Balance", "CURRENT_DATE", "%",
)  # fmt: skip


def spoil(value: object, chance: Random) -> None:
    if isinstance(value, dict):
        for key in list(value):
            draw = chance.random()
            if draw < 0.07:
                del value[key]
            elif draw < 0.2:
                value[key] = copy.deepcopy(chance.choice(JUNK))
            else:
                spoil(value[key], chance)
    elif isinstance(value, list):
        for item in value:
            spoil(item, chance)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 100_000))
def test_spoiled_bodies_are_refused_or_taken(seed: int) -> None:
    caller = Caller(seed=3)
    caller.connect(caller.sandbox.add_company(scale=0.3))
    company, chance = caller.sandbox.company(caller.realm), stream(seed, "spoil")
    samples = SampleBodies(company, chance)
    for _ in range(40):
        entity = chance.choice(TYPES)
        row = chance.choice(list(company.tables[entity].rows))
        body = company.tables[entity].document(row)
        if chance.random() < 0.5:
            body = samples.make("Customer") if entity == "Customer" else {"Line": [{}]}
        spoil(body, chance)
        reply = caller.api("POST", entity.lower(), chance.choice(OPERATIONS), body=body)
        assert reply.status in (200, 400)
    for entity in TYPES:
        caller.find(entity, "orderby Id")


@settings(deadline=None, max_examples=300)
@given(words=st.lists(st.sampled_from(WORDS), max_size=14), tail=st.text(max_size=6))
def test_any_statement_is_answered_or_refused(words: list[str], tail: str) -> None:
    statement = " ".join(["select * from Item", *words, tail])
    reply = CALLER.api("GET", "query", {"query": statement})
    assert reply.status in (200, 400)


CALLER = Caller()
CALLER.connect()
