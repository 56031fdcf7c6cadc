"""The effective configuration, fit to be shown."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from daemon.config.quantity import format_duration, format_size
from daemon.config.secret import HIDDEN, Secret
from daemon.config.sections import Config
from daemon.config.shape import Kind, Shape, fields_of


def show_config(config: Config) -> dict[str, object]:
    """Return all settings under their keys in the file, as YAML or JSON can write them.

    Secrets are hidden; durations and sizes are written with their units.
    """
    return _section(Config, config)


def secret_values(config: Config) -> tuple[str, ...]:
    """Return every secret, for what must recognise them."""
    return tuple(secret.reveal() for secret in _secrets(config))


def _section(section: type, instance: object) -> dict[str, object]:
    shown: dict[str, object] = {}
    for field in fields_of(section):
        value = _value(field.shape, getattr(instance, field.name))
        shown |= value if field.flat and isinstance(value, dict) else {field.key: value}
    return shown


def _value(shape: Shape, value: object) -> object:
    match value:
        case Secret():
            return HIDDEN
        case tuple():
            return [_value(shape, item) for item in value]
        case Mapping():
            return {name: _section(type(section), section) for name, section in value.items()}
        case float() if shape.kind is Kind.DURATION:
            return format_duration(value)
        case int() if shape.kind is Kind.SIZE:
            return format_size(value)
    is_section = shape.section is not None and value is not None
    return _section(type(value), value) if is_section else value


def _secrets(value: object) -> Iterator[Secret]:
    match value:
        case Secret():
            yield value
        case tuple():
            for item in value:
                yield from _secrets(item)
        case Mapping():
            for item in value.values():
                yield from _secrets(item)
        case _ if is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                yield from _secrets(getattr(value, field.name))
