import msgspec
import pytest

from daemon.cli.account_choice import choose
from daemon.cli.failure import CommandError
from daemon.cli.replies import AccountReply
from support.command_line import account


def an_account(number: int, name: str, **more: object) -> AccountReply:
    return msgspec.convert(account(number, name, **more), AccountReply)


AMY = an_account(0xAB00, "Amy's Bird Sanctuary")
BOB = an_account(0xAB01, "Bob's")
ACCOUNTS = [AMY, BOB]


@pytest.mark.parametrize(
    "wanted",
    [AMY.id, "0000ab00", "0000AB00", AMY.external_account_id, AMY.name, "amy's bird SANCTUARY"],
)
def test_account_is_found_by_any_of_its_names(wanted: str) -> None:
    assert choose(ACCOUNTS, wanted) == AMY


def test_beginning_of_two_ids_is_refused_with_both() -> None:
    with pytest.raises(CommandError) as raised:
        choose(ACCOUNTS, "0000ab")
    assert AMY.id in raised.value.advice
    assert BOB.id in raised.value.advice


def test_unknown_account_is_refused_with_what_there_is() -> None:
    with pytest.raises(CommandError, match="no account 'Carol'") as raised:
        choose(ACCOUNTS, "Carol")
    assert BOB.name in raised.value.advice


def test_without_accounts_the_advice_is_to_connect_one() -> None:
    with pytest.raises(CommandError) as raised:
        choose([], "Carol")
    assert "syncline connect" in raised.value.advice


def test_nothing_is_no_account() -> None:
    with pytest.raises(CommandError):
        choose([AMY], "")


def test_whole_id_goes_before_a_name_that_reads_the_same() -> None:
    impostor = an_account(7, AMY.id)
    assert choose([impostor, AMY], AMY.id) == AMY


def test_vendors_id_goes_before_the_beginning_of_another_id() -> None:
    short = an_account(9, "Short", external_account_id="0000ab0")
    assert choose([AMY, BOB, short], "0000ab0") == short
