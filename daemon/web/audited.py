"""Writes what is done over HTTP into the audit trail, done or refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from daemon.audit.trail import DONE, OWNER, Doer
from daemon.watching import Watching
from daemon.web.problem import ProblemError

USER_HEADER = "X-Syncline-User"
"""As whom somebody with the admin token says to come; written down, and not proven."""

ABOUT = web.RequestKey("account_id", str)
"""A handler may put here, into the request, whose account it was about."""
_CALLBACK, _DASHBOARD = "/auth/", "/dashboard/"
_SUBJECTS = ("action_id", "alert_id", "job_id", "routing_id")


@dataclass(slots=True)
class Deed:
    """What is learnt of a deed while it is done."""

    request: web.Request
    account_id: str | None
    subject: str
    is_one: bool

    def answered(self, document: object, *, is_deed: bool) -> None:
        """Learn from the answer what it was about, where the request could not say."""
        self.is_one = self.is_one and is_deed
        known = getattr(document, "id", None)
        self.account_id = self.account_id or self.request.get(ABOUT)
        if self.account_id is None and isinstance(known, str) and not self.subject:
            self.account_id = known
        elif not self.subject and known is not None and known != self.account_id:
            self.subject = str(known)


@contextmanager
def audited(watching: Watching | None, what: str, request: web.Request) -> Iterator[Deed]:
    """Note the deed when it is done, or how it failed; nothing when it has no name."""
    path = request.match_info
    subject = next((path[name] for name in _SUBJECTS if name in path), "")
    deed = Deed(request, path.get("account_id"), subject, bool(what))
    outcome = DONE
    try:
        yield deed
    except ProblemError as error:
        outcome = error.document.title
        raise
    except Exception as error:
        outcome = type(error).__name__
        raise
    finally:
        doer = _doer(request)
        # A stranger can fail at the open door as often as they like.
        is_worth_it = deed.is_one and (doer.who != OWNER or outcome == DONE)
        if watching is not None and is_worth_it:
            watching.audit.note(
                doer,
                what,
                account_id=deed.account_id or request.get(ABOUT),
                subject=deed.subject,
                outcome=outcome,
            )


def _doer(request: web.Request) -> Doer:
    peer = request.remote or ""
    if request.method == "GET" and request.path.startswith(_CALLBACK):
        return Doer(OWNER, peer)
    if request.path.startswith(_DASHBOARD):
        return Doer.with_token("the dashboard", peer)
    return Doer.with_token(request.headers.get(USER_HEADER, ""), peer)
