"""A node's id: what its operator calls it, and another number after each start."""

import re

_DIGITS = 12
_NUMBERED = re.compile(rf"(.+) [0-9a-f]{{{_DIGITS}}}", re.DOTALL)

NUMBER_BITS = 4 * _DIGITS


def node_id(name: str, number: int) -> str:
    """Return the id of a process of this name; the number has `NUMBER_BITS` at most."""
    return f"{name} {number:0{_DIGITS}x}"


def name_in(node: str) -> str:
    """Return the name in an id, of nodes too that left long ago; what is no such id comes back as it is."""
    found = _NUMBERED.fullmatch(node)
    return node if found is None else found[1]
