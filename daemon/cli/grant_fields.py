"""What connects a company of a vendor that has no consent page: asked for, or read from a file."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml
from msgspec import inspect

from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.routing_options import whole_numbers
from daemon.cli.shell import Shell

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class GrantField:
    """One thing that the vendor wants.

    Attributes:
        hint: what it is, in a few words.
    """

    name: str
    hint: str
    is_secret: bool


def grant_fields(vendor: str) -> Sequence[GrantField] | None:
    """Return what a vendor wants; None when it has a consent page, or is not known here."""
    from actors.vendors.registry import VENDORS  # noqa: PLC0415 - only this command needs it

    entry = VENDORS.get(vendor)
    if entry is None or entry.connecting.consent is not None:
        return None
    fields = msgspec.structs.fields(entry.connecting.grant)
    return [_described(field) for field in fields if field.required or _is_asked(field)]


def asked_for(shell: Shell, fields: Sequence[GrantField]) -> dict[str, str]:
    """Ask the person at the terminal; what is secret is not shown while it is typed.

    Raises:
        CommandError: there is nobody to ask.
    """
    if shell.ask_text is None:
        names = ", ".join(field.name for field in fields)
        raise CommandError(
            f"this vendor is connected with {names}, and there is no terminal to ask at",
            "Put them into a file, as JSON or YAML: --from FILE; or --from - for standard input.",
            ExitCode.USAGE,
        )
    given = {}
    for field in fields:
        hint = f" ({field.hint.rstrip('.')})" if field.hint else ""
        given[field.name] = shell.ask_text(f"{field.name}{hint}", field.is_secret).strip()
    return given


def read_grant(path: str, folder: Path, vendor: str) -> dict[str, object]:
    """Read what connects a company of a vendor from a JSON or YAML file.

    Raises:
        CommandError: there is no such file, or it holds something else.
    """
    try:
        text = sys.stdin.read() if path == STANDARD_INPUT else (folder / path).read_text()
        document = yaml.safe_load(text)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(f"cannot read {path}: {reason}", exit_code=ExitCode.USAGE) from error
    except (yaml.YAMLError, UnicodeDecodeError):
        document = None
    if not isinstance(document, dict):
        # Nothing of it is repeated: it may be a secret.
        raise CommandError(f"{path} holds no names with values", exit_code=ExitCode.USAGE)
    numbers = _numbers(vendor)
    return {
        str(name): value if name in numbers else _as_text(value) for name, value in document.items()
    }


def _numbers(vendor: str) -> Sequence[str]:
    """Name what the vendor wants as a number."""
    from actors.vendors.registry import VENDORS  # noqa: PLC0415 - only this command needs it

    entry = VENDORS.get(vendor)
    options = None if entry is None else entry.connecting.options
    return () if options is None else whole_numbers(options)


def _as_text(value: object) -> object:
    """A number is text elsewhere: YAML makes numbers of ids."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _is_asked(field: msgspec.structs.FieldInfo) -> bool:
    info = _metadata(field)
    return info is not None and bool((info.extra or {}).get("asked"))


def _described(field: msgspec.structs.FieldInfo) -> GrantField:
    info = _metadata(field)
    if info is None:
        return GrantField(field.encode_name, "", is_secret=False)
    hint = (info.extra_json_schema or {}).get("description", "")
    return GrantField(field.encode_name, str(hint), bool((info.extra or {}).get("secret")))


def _metadata(field: msgspec.structs.FieldInfo) -> inspect.Metadata | None:
    """Return what is said about a field, which may be one that others do without."""
    info = inspect.type_info(field.type)
    kinds = info.types if isinstance(info, inspect.UnionType) else (info,)
    return next((kind for kind in kinds if isinstance(kind, inspect.Metadata)), None)
