"""Describes the operations as OpenAPI 3.1, from the same list that they are served from."""

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from daemon.web.dashboard_session import COOKIE
from daemon.web.operation import JSON, AnyOperation, Reply
from daemon.web.page import HTML
from daemon.web.problem import Problem

Schema = dict[str, Any]

_REF = "#/components/schemas/{name}"
_PATH_PARAMETER = re.compile(r"\{(\w+)\}")
_PATH_PARAMETERS = {
    "alert_id": "The alert's id.",
    "account_id": "Our id of the account.",
    "action_id": "The action's id.",
    "job_id": "The job's id.",
    "routing_id": "The routing's id.",
    "object_type": "The vendor's name of the type, such as `Invoice`.",
    "object_id": "The vendor's id of the object.",
    "digest": "Names the file's content.",
    "name": "The file's name.",
    "token": "From the account's status link.",
}
_BY_TOKEN, _BY_SESSION = "adminToken", "session"
_OF_ALL = {
    HTTPStatus.MISDIRECTED_REQUEST: "`Host` does not name this daemon.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The input is not what is expected; `errors` says where.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong here; see the log.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not now; try again later.",
}
_OF_GUARDED = {HTTPStatus.UNAUTHORIZED: "The admin token is missing or wrong."}
_OF_COUNTED = {
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests; `Retry-After` says when to ask again.",
}
_OF_SLOW = {
    HTTPStatus.REQUEST_TIMEOUT: "The body came too slowly.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
}
_OF_BODIES = {
    HTTPStatus.BAD_REQUEST: "The body is not JSON.",
    **_OF_SLOW,
}


def describe(operations: Sequence[AnyOperation], version: str) -> bytes:
    """Return the description as JSON."""
    types: list[type[msgspec.Struct]] = [Problem, *_documents(operations)]
    types = list(dict.fromkeys(types))
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    for kind in types:
        if needed := getattr(kind, "NEEDED", ()):
            components[kind.__name__]["required"] = list(needed)
    refs = dict(zip(types, schemas, strict=True))
    paths: dict[str, Schema] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, refs)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Syncline",
            "version": version,
            "summary": "An exact, always-fresh local replica of SaaS accounts.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: _tidy(schema) for name, schema in components.items()},
            "securitySchemes": {
                _BY_TOKEN: {"type": "http", "scheme": "bearer"},
                _BY_SESSION: {"type": "apiKey", "in": "cookie", "name": COOKIE},
            },
        },
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def _documents(operations: Sequence[AnyOperation]) -> Iterator[type[msgspec.Struct]]:
    for operation in operations:
        if operation.body is not None:
            yield operation.body
        yield from (reply.document for reply in operation.replies if reply.document is not None)


def _operation(operation: AnyOperation, refs: dict[type[msgspec.Struct], Schema]) -> Schema:
    described: Schema = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation.path), *_query_parameters(operation)],
        "responses": {
            **{str(int(reply.status)): _reply(reply, refs) for reply in operation.replies},
            **{
                str(int(status)): _problem(meaning, _problem_media(operation), refs)
                for status, meaning in sorted(_problems(operation).items())
            },
        },
        "security": _security(operation),
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": operation.body_required,
            "content": {JSON: {"schema": refs[operation.body]}},
        }
    if operation.raw_body:
        described["requestBody"] = {"required": True, "content": {operation.raw_body: {}}}
    return described


def _security(operation: AnyOperation) -> list[Schema]:
    if operation.is_open:
        return []
    return [{_BY_SESSION if operation.by_session else _BY_TOKEN: []}]


def _problem_media(operation: AnyOperation) -> Sequence[str]:
    return [*operation.problem_media, *([] if operation.problem_page is None else [HTML])]


def _path_parameters(path: str) -> Iterator[Schema]:
    for name in _PATH_PARAMETER.findall(path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_PARAMETERS[name],
            "schema": {"type": "string"},
        }


def _query_parameters(operation: AnyOperation) -> Iterator[Schema]:
    for field in msgspec.structs.fields(operation.query):
        schema = _without_null(msgspec.json.schema(field.type))
        described = {"name": field.encode_name, "in": "query", "required": field.required}
        if "description" in schema:
            described["description"] = schema.pop("description")
        if field.default not in (msgspec.NODEFAULT, None, ""):
            schema["default"] = field.default
        yield {**described, "schema": schema}


def _without_null(schema: Schema) -> Schema:
    """A parameter that is not given is not there; it is never null."""
    if "anyOf" not in schema:
        return schema
    present = [part for part in schema["anyOf"] if part != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**present[0], **rest}


def _reply(reply: Reply, refs: dict[type[msgspec.Struct], Schema]) -> Schema:
    described: Schema = {"description": reply.description}
    if reply.headers:
        described["headers"] = {
            name: {"description": meaning, "schema": {"type": "string"}}
            for name, meaning in reply.headers.items()
        }
    media = reply.media or ((JSON,) if reply.document else ())
    if media:
        described["content"] = {
            name: {
                "schema": refs[reply.document] if reply.document and name == JSON else _text(name)
            }
            for name in media
        }
    return described


def _text(media: str) -> Schema:
    return {"type": "object"} if media == JSON else {"type": "string"}


def _problems(operation: AnyOperation) -> dict[HTTPStatus, str]:
    return {
        **_OF_ALL,
        **({} if operation.is_open or operation.by_session else _OF_GUARDED),
        **(_OF_COUNTED if operation.is_counted else {}),
        **(_OF_BODIES if operation.body is not None else {}),
        **(_OF_SLOW if operation.raw_body and not operation.reads_body else {}),
        **operation.problems,
    }


def _problem(
    meaning: str, media: Sequence[str], refs: dict[type[msgspec.Struct], Schema]
) -> Schema:
    described: Schema = {"description": meaning}
    if media:
        described["content"] = {
            name: {"schema": refs[Problem] if name.endswith("json") else _text(name)}
            for name in media
        }
    return described


def _tidy(schema: Schema) -> Schema:
    """Keep only the first paragraph of a docstring: the rest is for who reads the code."""
    if "description" in schema:
        schema["description"] = schema["description"].split("\n\n")[0]
    return schema
