"""Simulator points 11 and 12: the query language and its paging."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.sandbox.quickbooks.json_text import encode
from unit.daemon.sandbox.caller import Caller, Json, error_of, ok


def ids(rows: list[Json]) -> list[str]:
    return [row["Id"] for row in rows]


def refusal(caller: Caller, statement: str) -> Json:
    return error_of(caller.api("GET", "query", {"query": statement}))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM Item ORDERBY MetaData.LastUpdatedTime DESC STARTPOSITION 1 MAXRESULTS 5",
        "select * from item order by metadata.lastupdatedtime desc maxresults 5 startposition 1",
        "Select *, Sku From ITEM OrderBy Metadata.LastUpdatedTime DESC  MaxResults 5",
        "select Id, Name from Item orderby MetaData.LastUpdatedTime desc\nmaxresults 5",
    ],
)
def test_spelling_case_and_order_of_clauses_do_not_matter(caller: Caller, statement: str) -> None:
    expected = caller.rows("select * from Item orderby MetaData.LastUpdatedTime desc maxresults 5")
    assert len(expected) == 5
    assert caller.rows(statement) == expected


def test_a_statement_may_be_posted_as_text_and_not_as_json(caller: Caller) -> None:
    statement = b"select count(*) from Item"
    for content_type in ("application/text", "text/plain"):
        reply = caller.api("POST", "query", body=statement, content_type=content_type)
        assert ok(reply)["QueryResponse"] == {"totalCount": 16}
    as_json = caller.api("POST", "query", body=encode({"query": statement.decode()}))
    assert error_of(as_json)["code"] == "500"


def test_an_answer_without_rows_has_no_members_and_no_counts(caller: Caller) -> None:
    assert caller.query("select * from Customer where Id = '999999'") == {}
    assert caller.query("select * from Customer startposition 1000") == {}


def test_counting_leaves_out_inactive_objects(caller: Caller) -> None:
    before = caller.query("select count(*) from Customer")["totalCount"]
    caller.sandbox.deactivate(caller.realm, "Customer", "2")
    assert caller.query("select count(*) from Customer") == {"totalCount": before - 1}
    every = "select count(*) from Customer where Active in (true, false)"
    assert caller.query(every) == {"totalCount": before}


def test_inactive_objects_are_hidden_unless_asked_for(caller: Caller) -> None:
    caller.sandbox.deactivate(caller.realm, "Vendor", "45")
    assert "45" not in ids(caller.rows("select * from Vendor"))
    assert "45" in ids(caller.rows("select * from Vendor where Active IN (true,false)"))
    assert ids(caller.rows("select * from Vendor where Active = false")) == ["45"]
    assert ids(caller.rows("select * from Vendor where Id = '45'")) == []


def test_total_count_comes_only_with_the_recorded_types(caller: Caller) -> None:
    page = "select * from {} maxresults 3"
    for entity in ("Invoice", "Bill", "BillPayment"):
        response = caller.query(page.format(entity))
        assert response["maxResults"] == 3
        assert response["totalCount"] > 3
    for entity in ("Customer", "Vendor", "Account", "Item", "Payment"):
        assert "totalCount" not in caller.query(page.format(entity))


def test_the_default_page_is_100_and_the_largest_1000(caller: Caller) -> None:
    caller.sandbox.bulk(caller.realm, "Customer", 1200)
    assert caller.query("select * from Customer")["maxResults"] == 100
    assert caller.query("select * from Customer maxresults 5000")["maxResults"] == 1000


def test_transactions_come_newest_first_and_names_by_name(caller: Caller) -> None:
    newest = caller.rows("select * from Invoice")
    times = [row["MetaData"]["LastUpdatedTime"] for row in newest]
    assert times[0] > times[-1]
    names = [row["FullyQualifiedName"].lower() for row in caller.rows("select * from Customer")]
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("TotalAmt > '300.00'", lambda row: row["TotalAmt"] > 300),
        ("TotalAmt <= '300'", lambda row: row["TotalAmt"] <= 300),
        ("Balance = '0'", lambda row: row["Balance"] == 0),
        ("CustomerRef = '4'", lambda row: row["CustomerRef"]["value"] == "4"),
        ("DocNumber = '1007'", lambda row: row["DocNumber"] == "1007"),
        ("DocNumber in ('1007', '1008')", lambda row: row["DocNumber"] in ("1007", "1008")),
        ("DocNumber like '%01%'", lambda row: "01" in row["DocNumber"]),
        ("TxnDate >= '2026-06-01'", lambda row: row["TxnDate"] >= "2026-06-01"),
        ("emailstatus = 'emailsent'", lambda row: row["EmailStatus"] == "EmailSent"),
        (
            "MetaData.CreateTime < '2026-06-01T00:00:00-07:00'",
            lambda row: row["TxnDate"] < "2026-06-01",
        ),
        (
            "TotalAmt > '300' and Balance > '0'",
            lambda row: row["TotalAmt"] > 300 and row["Balance"] > 0,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_filters_return_exactly_what_holds(caller: Caller, where: str, holds: object) -> None:
    assert callable(holds)
    every = caller.rows("select * from Invoice maxresults 1000")
    expected = {row["Id"] for row in every if holds(row)}
    found = caller.find("Invoice", "where", where, "maxresults 1000")
    assert 0 < len(expected) < len(every)
    assert set(ids(found)) == expected


def test_an_apostrophe_is_escaped_with_a_backslash(caller: Caller) -> None:
    caller.create("Customer", {"DisplayName": "Adam's Candy Shop"})
    found = caller.rows(r"select * from Customer where DisplayName = 'adam\'s candy shop'")
    assert [row["DisplayName"] for row in found] == ["Adam's Candy Shop"]


def test_doubling_the_apostrophe_is_a_parser_error(caller: Caller) -> None:
    error = refusal(caller, "select * from Customer where DisplayName = 'Cutlery ''R Us'")
    assert (error["code"], error["Message"]) == ("4000", "Error parsing query")
    assert error["Detail"].startswith("QueryParserError: Encountered \" <STRING_LITERAL> \"'R Us'")
    assert "at line 1, column 54" in error["Detail"]


def test_truth_values_and_properties_of_properties_can_be_filtered_by(caller: Caller) -> None:
    every = caller.find("Customer", "maxresults 1000")
    taxable = caller.find("Customer", "where Taxable = true maxresults 1000")
    assert ids(taxable) == [row["Id"] for row in every if row["Taxable"]]
    address = every[0]["PrimaryEmailAddr"]["Address"]
    found = caller.find("Customer", f"where primaryemailaddr.address = '{address}'")
    assert every[0]["Id"] in ids(found)
    assert caller.find("Customer", "where Balance > 'much'") == []


def test_rows_without_a_value_come_first_when_ordered_by_it(caller: Caller) -> None:
    rows = caller.find("Vendor", "orderby AcctNum maxresults 1000")
    has = ["AcctNum" in row for row in rows]
    assert has == sorted(has)
    assert len(set(has)) == 2


def test_a_posted_statement_that_is_no_utf8_is_refused(caller: Caller) -> None:
    reply = caller.api("POST", "query", body=b"select \xff", content_type="text/plain")
    assert error_of(reply)["code"] == "500"


def test_percent_is_the_only_wildcard(caller: Caller) -> None:
    caller.create("Customer", {"DisplayName": "A_c"})
    caller.create("Customer", {"DisplayName": "Abc"})
    found = caller.rows("select * from Customer where DisplayName like 'a_%'")
    assert [row["DisplayName"] for row in found] == ["A_c"]


def test_blank_matches_what_has_no_value(caller: Caller) -> None:
    found = caller.rows("select * from Vendor where AcctNum = ' ' maxresults 1000")
    assert found
    assert all("AcctNum" not in row for row in found)


def test_current_date_is_the_vendors_pacific_date(caller: Caller) -> None:
    caller.clock.now = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
    caller.connect(caller.realm)
    created = caller.create("Payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5})
    assert created["TxnDate"] == "2026-11-21"
    found = caller.rows("select * from Payment where TxnDate >= CURRENT_DATE")
    assert created["Id"] in ids(found)
    assert {row["TxnDate"] for row in found} == {"2026-11-21"}


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("", "The query provided was empty"),
        ("select", 'Encountered "<EOF>" at line 1, column 6.'),
        ("selec * from Item", 'Encountered " <IDENTIFIER> "selec "" at line 1, column 1.'),
        ("select * from Item where Name = 'a' or Name = 'b'", 'Encountered " <OR> "or ""'),
        ("select * from Item where UnitPrice > 0", 'Encountered " <INTEGER_LITERAL> "0 ""'),
        ("select * from Item where Name != 'a'", "Lexical error at line 1, column 31."),
        ("select * from Item where Name = 'a", "Lexical error at line 1, column 35."),
        ("select * from Item where", 'Encountered "<EOF>"'),
        ("select * from Item maxresults many", 'Encountered " <IDENTIFIER> "many ""'),
        ("select * from Item maxresults 1.5", 'Encountered " <INTEGER_LITERAL> "1.5 ""'),
        ("select * from Item where Name in 'a'", 'Encountered " <STRING_LITERAL> "\'a\' ""'),
        ("select * from Item group by Name", 'Encountered " <IDENTIFIER> "group ""'),
        ("select * from Item where Name like '%a%'; drop", "Lexical error"),
    ],
)
def test_syntax_errors_are_code_4000(caller: Caller, statement: str, detail: str) -> None:
    error = refusal(caller, statement)
    assert (error["code"], error["Message"]) == ("4000", "Error parsing query")
    assert error["Detail"].startswith("QueryParserError: ")
    assert detail in error["Detail"]


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("select * from Custmoer", "invalid context declaration: Custmoer"),
        ("select * from Item where Foo = '1'", "Property Foo not found for Entity Item"),
        ("select * from Item orderby Foo", "Property Foo not found for Entity Item"),
        ("select * from Invoice where Line = '1'", "property 'Line' is not queryable"),
        ("select * from Payment where PrivateNote = 'x'", "property 'PrivateNote' is not"),
        ("select * from Customer where CustomerTypeRef = '1'", "'CustomerTypeRef' is not"),
        ("select * from Item startposition 0", "value 0 is too small. Min allowed value is 1"),
        ("select * from Item maxresults 0", "value 0 is too small. Min allowed value is 1"),
        ("select * from Item where Id > '5'", "Operator > is not supported for property Id"),
        ("select * from Item where Id like '5%'", "not supported for property Id"),
        ("select * from Item where Active > 'x'", "not supported for property Active"),
        ("select * from Item where Active = 'perhaps'", "value perhaps is not a boolean"),
        ("select * from Item where MetaData.Colour = 'x'", "Property MetaData.Colour not found"),
        ("select * from Item where MetaData.CreateTime like '2026%'", "Operator like is not"),
        (
            "select * from Item where MetaData.LastUpdatedTime > '2026-01-01T00:00:00 00:00'",
            "is not a valid date",
        ),
    ],
)
def test_meaningless_statements_are_code_4001(caller: Caller, statement: str, detail: str) -> None:
    error = refusal(caller, statement)
    assert (error["code"], error["Message"]) == ("4001", "Invalid query")
    assert error["Detail"].startswith("QueryValidationError: ")
    assert detail in error["Detail"]


def test_rows_can_be_ordered_by_id_and_by_several_properties(caller: Caller) -> None:
    by_id = caller.rows("select * from Invoice orderby Id desc maxresults 1000")
    assert ids(by_id) == sorted(ids(by_id), key=int, reverse=True)
    rows = caller.rows("select * from Invoice orderby EmailStatus, TotalAmt desc maxresults 1000")
    keys = [(row["EmailStatus"], -row["TotalAmt"]) for row in rows]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("operator", "counted"), [(">=", 3), (">", 0), ("=", 3), ("<=", 3), ("<", 0)]
)
def test_bounds_on_time_hold_to_the_whole_second(
    caller: Caller, operator: str, counted: int
) -> None:
    caller.clock.advance(minutes=10)
    second = caller.clock.now.isoformat()
    caller.sandbox.bulk(caller.realm, "Vendor", 3)
    caller.clock.advance(minutes=10)
    bound = f"MetaData.LastUpdatedTime {operator} '{second}'"
    names = "AcctNum = ' ' and MetaData.LastUpdatedTime > '2026-11-21T12:05:00Z'"
    found = caller.find("Vendor", "where", bound, "and", names)
    assert len(found) == counted


def test_fractions_of_a_second_in_a_bound_exclude_what_was_stamped_before_them(
    caller: Caller,
) -> None:
    caller.clock.advance(milliseconds=700)
    created = caller.create("Vendor", {"DisplayName": "New"})
    where = "select * from Vendor where MetaData.LastUpdatedTime >= '{}'"
    assert ids(caller.rows(where.format("2026-11-21T12:00:01Z"))) == [created["Id"]]
    assert caller.rows(where.format("2026-11-21T12:00:01.500Z")) == []


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(size=st.integers(1, 40), direction=st.sampled_from(["", "desc"]))
def test_paging_over_a_quiet_set_returns_every_row_once(
    caller: Caller, size: int, direction: str
) -> None:
    found: list[str] = []
    while True:
        order = f"orderby MetaData.LastUpdatedTime {direction}"
        page = caller.find("Account", order, f"startposition {len(found) + 1} maxresults {size}")
        found += ids(page)
        if len(page) < size:
            break
    assert sorted(found, key=int) == [str(number) for number in range(1, 33)]


def test_a_row_touched_between_two_pages_hides_its_neighbour(caller: Caller) -> None:
    statement = "select * from Item orderby MetaData.LastUpdatedTime startposition {} maxresults 8"
    first = ids(caller.rows(statement.format(1)))
    caller.sandbox.update(caller.realm, "Item", first[0], {"Description": "touched"})
    second = ids(caller.rows(statement.format(9)))
    every = set(ids(caller.rows("select * from Item")))
    missing = every - set(first) - set(second)
    assert len(missing) == 1
    assert first[0] in second


def test_a_new_row_between_two_default_pages_repeats_one(caller: Caller) -> None:
    first = ids(caller.rows("select * from Invoice maxresults 5"))
    caller.sandbox.bulk(caller.realm, "Invoice", 1)
    second = ids(caller.rows("select * from Invoice startposition 6 maxresults 5"))
    assert second[0] == first[-1]
