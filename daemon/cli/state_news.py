"""What changed about the accounts' states, a line each: `status --watch` where there is no screen."""

from collections.abc import Sequence
from datetime import datetime

from daemon.cli.account_choice import all_accounts
from daemon.cli.daemon_client import DaemonClient
from daemon.cli.overview_replies import OverviewReply
from daemon.cli.replies import AccountReply, StatusReply, decoded
from daemon.cli.shell import Shell
from daemon.cli.wording import age

_MOST_ILL = 500
_WELL = "live"
_ALL_EVERY_S = 60.0

_Glance = tuple[dict[str, int], frozenset[tuple[str, str]]]


class StateNews:
    """Prints the states of one account, or of all, and then a line for each that changes.

    All accounts are asked for only when the daemon's overview, which it has in memory, shows another
    state; it names 500 that are not well, so that one may be told a minute late when more are.
    """

    def __init__(self, shell: Shell, daemon: DaemonClient, path: str) -> None:
        """Take the path of the one account's status; empty for all."""
        self._shell = shell
        self._daemon = daemon
        self._path = path
        self._states: dict[str, str] = {}
        self._glance: _Glance | None = None
        self._asked_at: datetime | None = None

    def tell(self) -> None:
        """Look, and print what is new. Raises `CommandError` when the daemon does not answer."""
        now = self._shell.clock.now().utc
        for account in self._accounts(now):
            if self._states.get(account.id) != account.state:
                self._states[account.id] = account.state
                exact = age(account.exact_as_of, now)
                self._shell.output.line(
                    f"{now:%Y-%m-%dT%H:%M:%SZ} {account.name}: {account.state}, exact as of {exact}"
                )

    def _accounts(self, now: datetime) -> Sequence[AccountReply]:
        if self._path:
            return [decoded(self._daemon.get(self._path), StatusReply)]
        glance = self._look_over()
        is_due = self._asked_at is None or (now - self._asked_at).total_seconds() >= _ALL_EVERY_S
        if glance == self._glance and not is_due:
            return []
        accounts = all_accounts(self._daemon)
        self._glance, self._asked_at = glance, now
        return accounts

    def _look_over(self) -> _Glance:
        overview = decoded(
            self._daemon.get("/health/overview", {"limit": _MOST_ILL}), OverviewReply
        )
        ill = frozenset((row.id, row.state) for row in overview.accounts if row.state != _WELL)
        return overview.states, ill
