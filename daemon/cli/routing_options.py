"""What may be set of how jobs are offered to a vendor's companies."""

from collections.abc import Sequence

import msgspec
from msgspec import inspect


def whole_numbers(options: type[msgspec.Struct]) -> Sequence[str]:
    """Name the options that are whole numbers; the others are texts."""
    fields = msgspec.structs.fields(options)
    return [field.encode_name for field in fields if _is_whole(inspect.type_info(field.type))]


def _is_whole(info: inspect.Type) -> bool:
    match info:
        case inspect.Metadata():
            return _is_whole(info.type)
        case inspect.UnionType():
            return any(_is_whole(part) for part in info.types)
    return isinstance(info, inspect.IntType)
