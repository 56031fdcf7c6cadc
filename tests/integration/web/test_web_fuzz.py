"""Whatever is sent, in the form that the daemon describes or near it, is answered as described: never by a 5xx."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from daemon.web.operation import EVENT_STREAM, AnyOperation
from daemon.web.operations import OPERATIONS
from support.web_house import TOKEN, WebHouse, house, serving

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 15
REAL = {"object_type": "Invoice", "object_id": "1"}
ENDING = {"DELETE", "PATCH"}
"""What is done to an account once and for all is asked of those only that there are not."""

ANSWERED = [
    operation
    for operation in OPERATIONS
    if all(list(reply.media) != [EVENT_STREAM] for reply in operation.replies)
]
"""All but streams, which take no input and do not end."""

pytestmark = pytest.mark.timeout(60)


@dataclass(frozen=True)
class Target:
    """A daemon that is served from another thread."""

    schema: schemathesis.BaseSchema
    account_id: str


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[WebHouse, str]]:
    async with house(folder) as within, serving(within) as web:
        account = await web.live()
        yield web, account.id


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("fuzz")
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(served(folder)) as (web, account_id),
    ):
        schema = schemathesis.openapi.from_dict(web.visitor.description.document)
        schema.config.update(base_url=f"http://127.0.0.1:{web.port}")
        yield Target(schema, account_id)


@pytest.mark.parametrize("operation", ANSWERED, ids=lambda operation: operation.name)
def test_it_is_answered_as_described(target: Target, operation: AnyOperation) -> None:
    described = target.schema[operation.path][operation.method]
    cases = st.one_of(
        described.as_strategy(generation_mode=GenerationMode.POSITIVE),
        described.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, known=st.booleans())
    def ask(case: Case[Any], *, known: bool) -> None:
        if known and operation.method not in ENDING:
            aim(case, target.account_id)
        if "wait" in (case.query or {}):
            case.query["wait"] = "0"
        case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {TOKEN}"})

    ask()


def aim(case: Case[Any], account_id: str) -> None:
    """Lead a case to what there is."""
    for name in case.path_parameters or {}:
        if name == "account_id":
            case.path_parameters[name] = account_id
        elif name in REAL:
            case.path_parameters[name] = REAL[name]
