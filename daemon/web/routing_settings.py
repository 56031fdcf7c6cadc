"""How jobs are routed to a company, as it is shown and set: what may be set, its vendor says."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from actors.vendors.registry import DISPATCHING
from daemon.web.described import describe_type, describe_value
from daemon.web.problem import FieldError, InvalidInputError
from store.job_models import Company

_ACTIVE = "active"


def _options(vendor: str) -> Mapping[str, msgspec.structs.FieldInfo]:
    """Return what may be set of a vendor's companies, by name."""
    fields = msgspec.structs.fields(DISPATCHING[vendor].options)
    return {field.encode_name: field for field in fields}


def _schema() -> dict[str, Any]:
    options = {
        name: msgspec.json.schema(field.type)
        for vendor in DISPATCHING
        for name, field in _options(vendor).items()
    }
    active = {"type": ["boolean", "null"], "description": "Whether jobs are offered to it."}
    return {"properties": {_ACTIVE: active, **options}, "additionalProperties": False}


RoutingSettings = Annotated[
    dict[str, Any],
    Meta(
        description="Whether and how jobs are offered to the company. Which options there are is its"
        " vendor's matter.",
        extra_json_schema=_schema(),
    ),
]

RoutingAdvice = Annotated[
    str | msgspec.UnsetType | None,
    Meta(
        description="What is not seen of jobs that are routed to it, for types that are not replicated;"
        " null where nothing is missing. Told when it is set how they are routed."
    ),
]


def routing_settings(vendor: str, company: Company | None) -> dict[str, Any] | None:
    """Show how jobs are routed to a company; None where none can be.

    Args:
        vendor: the company's.
        company: what was set of it; None for nothing.
    """
    if vendor not in DISPATCHING:
        return None
    options = {} if company is None else company.options
    shown = {name: options.get(name) for name in _options(vendor)}
    return {_ACTIVE: company is None or company.is_active, **shown}


def changed_company(vendor: str, company: Company, wanted: Mapping[str, Any]) -> Company:
    """Return a company as it is wanted: what is not named stays, an option that is null goes.

    Raises:
        InvalidInputError: with everything that is wrong.
    """
    if vendor not in DISPATCHING:
        expected = f"nothing: no jobs are offered to companies of {vendor}"
        raise InvalidInputError([FieldError("routing", expected, "an object")])
    known, errors = _options(vendor), list[FieldError]()
    is_active, options = company.is_active, dict(company.options)
    for name, value in wanted.items():
        path = f"routing.{name}"
        if name == _ACTIVE:
            if isinstance(value, bool):
                is_active = value
            elif value is not None:
                errors.append(FieldError(path, "true or false", describe_value(value)))
        elif name not in known:
            names = ", ".join([_ACTIVE, *known])
            errors.append(FieldError(path, f"a known setting ({names})", "an unknown setting"))
        elif value is None:
            options.pop(name, None)
        else:
            kind = known[name].type
            try:
                options[name] = msgspec.convert(value, kind)
            except msgspec.ValidationError:
                errors.append(FieldError(path, describe_type(kind), describe_value(value)))
    if errors:
        raise InvalidInputError(errors)
    return Company(company.account_id, is_active, options)
