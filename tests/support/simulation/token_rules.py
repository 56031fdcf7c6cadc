"""The rules for tokens, watched from outside.

No call is made with an access token that is not stored, no refresh token is spent that the journal
does not name, and nothing is asked for an account that waits for its owner.
"""

from collections import Counter
from collections.abc import Mapping

from actors.credential import Sealer, token_hash
from daemon.sandbox.exchange import SandboxRequest
from store.models import SealedCredential

_TOKEN_PATH = "/oauth2/v1/tokens/bearer"
_API_PATH = "/v3/company/"


_STILL_UNDER_WAY = 20
"""Calls that looks may yet make which were begun before the owner was found to be needed."""


class TokenRules:
    """Hears of every token that is stored, and of every call.

    Attributes:
        broken: what was done against the rules.
    """

    def __init__(self, sealer: Sealer, realms: Mapping[str, str]) -> None:
        """Take the realms by account id; looked at afresh each time."""
        self._sealer = sealer
        self._realms = realms
        self._stored: set[int] = set()
        self._journal: dict[str, str] = {}
        self._parked: Counter[str] = Counter()
        self.broken: list[str] = []

    def stored(self, account_id: str, sealed: SealedCredential) -> None:
        """Note that these tokens are in the store now."""
        self._stored.add(hash(self._sealer.unseal(sealed).access_token))
        self._journal.pop(account_id, None)
        self._parked.pop(self._realms[account_id], None)

    def journal_opened(self, account_id: str, spent: str) -> None:
        """Note that the journal names this refresh token, by its hash."""
        self._journal[account_id] = spent

    def owner_needed(self, account_id: str) -> None:
        """Note that the account waits for its owner."""
        self._journal.pop(account_id, None)
        self._parked[self._realms[account_id]] = 1

    def called(self, request: SandboxRequest) -> None:
        """Judge one call as it is made."""
        if request.path.startswith(_API_PATH):
            bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
            if hash(bearer) not in self._stored:
                self.broken.append("an access token was used before it was stored")
            self._count_for_parked(request.path.removeprefix(_API_PATH).partition("/")[0])
        elif request.path == _TOKEN_PATH:
            spent = request.form().get("refresh_token")
            if spent is not None and token_hash(spent) not in self._journal.values():
                self.broken.append("a refresh token was spent that the journal does not name")

    def _count_for_parked(self, realm: str) -> None:
        if realm in self._parked:
            self._parked[realm] += 1
            if self._parked[realm] == _STILL_UNDER_WAY:
                self.broken.append(f"{realm} waits for its owner and is called all the same")
