"""Tells an operator whose nodes take different admin tokens: browsers and scripts could use one only."""

import hashlib
import hmac

import structlog

from store.ports import Store

_KEY = "admin_token_mark"
_PURPOSE = b"syncline admin token mark 1"

log = structlog.get_logger()


async def compare_admin_token(store: Store, token: str) -> bool:
    """Note a mark of this process's token in the store; tell whether it is the one that was there.

    Says so in the log when it is not. Raises `StoreUnavailableError`.
    """
    mark = hmac.digest(token.encode(), _PURPOSE, hashlib.sha256)
    known = await store.metadata(_KEY)
    if known == mark:
        return True
    await store.set_metadata(_KEY, mark)
    if known is None:
        return True
    log.warning(
        "admin_token_differs",
        advice="the node that started before this one has another admin token: set"
        " server.admin_token or server.admin_token_file to the same on all nodes",
    )
    return False
