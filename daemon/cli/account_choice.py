"""Which account a person means."""

from collections.abc import Callable, Sequence
from urllib.parse import quote

from daemon.cli.daemon_client import DaemonClient
from daemon.cli.failure import CommandError
from daemon.cli.replies import AccountReply, decoded

_Rule = Callable[[AccountReply, str], bool]

_RULES: Sequence[_Rule] = (
    lambda account, wanted: account.id == wanted,
    lambda account, wanted: account.external_account_id == wanted,
    lambda account, wanted: account.id.startswith(wanted.lower()),
    lambda account, wanted: account.name.casefold() == wanted.casefold(),
)


def all_accounts(daemon: DaemonClient) -> list[AccountReply]:
    """Return every account that the daemon knows."""
    return [decoded(item, AccountReply) for item in daemon.items("/integrations")]


def chosen_account(daemon: DaemonClient, wanted: str) -> AccountReply:
    """Return the one account that is meant.

    Raises:
        CommandError: there is none, or there are several.
    """
    return choose(all_accounts(daemon), wanted)


def choose(accounts: Sequence[AccountReply], wanted: str) -> AccountReply:
    """Return the one account with this id, vendor's id, beginning of an id, or name; in that order.

    Raises:
        CommandError: there is none, or there are several.
    """
    for rule in _RULES if wanted else ():
        found = [account for account in accounts if rule(account, wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            several = "\n".join(_line(account) for account in found)
            raise CommandError(f"{wanted!r} may be any of these accounts", several)
    known = "\n".join(_line(account) for account in accounts)
    advice = f"There are:\n{known}" if accounts else "Connect one: syncline connect VENDOR"
    raise CommandError(f"there is no account {wanted!r}", advice)


def account_path(account: AccountReply, *parts: str) -> str:
    """Return the path of an account, or of something below it."""
    return "/".join(["/integrations", account.id, *(quote(part, safe="") for part in parts)])


def _line(account: AccountReply) -> str:
    return f"  {account.id}  {account.vendor} {account.external_account_id}  {account.name}"
