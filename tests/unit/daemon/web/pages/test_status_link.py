from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.web.pages.status_link import KEY_BYTES, StatusLinks

OURS = StatusLinks(b"k" * KEY_BYTES)
ACCOUNT = "4ba2dc9d-d257-4e29-b017-d652a3968632"


def test_a_link_leads_to_its_account_and_goes_into_an_address() -> None:
    token = OURS.token_of(ACCOUNT)
    assert OURS.account_of(token) == ACCOUNT
    assert token.replace("-", "").replace("_", "").isalnum()


def test_links_end_with_the_key_that_made_them() -> None:
    assert StatusLinks(b"x" * KEY_BYTES).account_of(OURS.token_of(ACCOUNT)) is None


def test_knowing_an_accounts_id_and_another_link_is_not_enough() -> None:
    other = OURS.token_of(str(uuid4()))
    assert OURS.account_of(OURS.token_of(ACCOUNT)[:21] + other[21:]) is None


@pytest.mark.parametrize("token", ["", "a", "é", "=", "AAAA", "a" * 43, "a" * 4000])
def test_rubbish_leads_nowhere(token: str) -> None:
    assert OURS.account_of(token) is None


@given(st.uuids(), st.integers(0, 42), st.sampled_from("ABCDEFab019-_"))
def test_another_letter_leads_nowhere_or_says_the_same(
    account_id: UUID, place: int, letter: str
) -> None:
    token = OURS.token_of(str(account_id))
    changed = token[:place] + letter + token[place + 1 :]
    assert OURS.account_of(changed) in {None, str(account_id)}
