"""What a sync would cost: of one account, or of all of them."""

from collections.abc import Mapping, Sequence

import msgspec

from daemon.cli.account_choice import account_path, all_accounts, chosen_account
from daemon.cli.daemon_client import DaemonClient
from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.replies import AccountReply, PriceReply, decoded
from daemon.cli.shell import Shell
from daemon.cli.wording import count, duration, printable

_GONE = "disconnected"
_BOUND_BY = {
    "calls_per_minute": "as many calls a minute as the vendor allows",
    "calls_per_second": "as many calls a second as the vendor allows",
    "calls_at_once": "as many calls at once as the vendor allows",
    "pages_in_turn": "the pages of the largest type, one after the other",
}


def show_price(
    shell: Shell, daemon: DaemonClient, account: str, wish: Mapping[str, object], *, as_json: bool
) -> None:
    """Print the price in calls and minutes, and as a share of the month's reads.

    Raises:
        CommandError: the daemon refuses.
    """
    chosen = [chosen_account(daemon, account)] if account else _connected(daemon)
    replies = [
        daemon.post(account_path(each, "sync"), {**wish, "dry_run": True}) for each in chosen
    ]
    if as_json:
        shell.output.json(
            [msgspec.Raw(each) for each in replies] if not account else msgspec.Raw(replies[0])
        )
        return
    prices = [decoded(each, PriceReply) for each in replies]
    if account and prices[0].types:
        rows = [
            (each.object_type, f"{each.records:,}", f"{each.calls:,}") for each in prices[0].types
        ]
        shell.output.show(shell.output.build_table(("TYPE", "RECORDS", "CALLS"), rows))
    name = printable(chosen[0].name) if account else count(len(chosen), "account")
    shell.output.line(f"{name}: {price_text(prices)}")


def price_text(prices: Sequence[PriceReply]) -> str:
    """Say what it costs together. Each account has limits of its own: they are read side by side."""
    calls = sum(each.calls for each in prices)
    longest = max(prices, key=lambda each: each.minutes, default=None)
    said = f"at least {count(calls, 'call')}"
    if longest is not None:
        why = _BOUND_BY.get(longest.bound_by, "") if longest.calls > 1 else ""
        said += f", about {duration(longest.minutes * 60)}" + (f" ({why})" if why else "")
    allowance = next((each.allowance for each in prices if each.allowance is not None), None)
    if allowance is None:
        return f"{said}; reads are not metered"
    metered = sum(each.calls for each in prices if each.allowance is not None)
    used = max(each.used for each in prices)
    return (
        f"{said}; {100 * metered / allowance:.2g} % of the month's {allowance:,} reads,"
        f" of which {used:,} are used"
    )


def require_account(account: str, *, all_allowed: bool) -> None:
    """Refuse to go on without an account, unless that means all of them.

    Raises:
        CommandError: none is named.
    """
    if not account and not all_allowed:
        raise CommandError(
            "which account?", "Name one; only --full --dry-run takes all.", ExitCode.USAGE
        )


def _connected(daemon: DaemonClient) -> list[AccountReply]:
    return [each for each in all_accounts(daemon) if each.state != _GONE]
