"""A session whose calls need not wait, for tests of a vendor's package by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actors.vendors.base import Session
from support.conformance.trial import Trial


@asynccontextmanager
async def _at_once(_operation: str, /, *, items: int | None = None) -> AsyncIterator[None]:
    del items
    yield


async def open_session(trial: Trial, company: str) -> Session:
    """Connect a company and speak for it."""
    credential = await trial.connect(company)
    return Session(company, credential.access_token, _at_once)
