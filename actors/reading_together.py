"""Which types of an account are read together, by one call for several of them. Pure.

One call brings about as much as a whole page would: small types share it, others are read page by page.
"""

from collections.abc import Iterable, Mapping, Sequence

A_CALL = 1000
"""How many objects are expected of one call at most; a page of any vendor is of that order."""

_ROOM = 100
"""How many more than expected a page has room for. One that is full is gone on with by itself."""


def uncertain(object_types: Iterable[str], held: Mapping[str, int]) -> Sequence[str]:
    """Return the types that are to be counted first: what of them is held says too little.

    What is read by one page shows its end by itself. Where nothing is held, an empty page would be
    believed; of many pages, only the count tells when all were read.
    """
    return [name for name in object_types if not 0 < held.get(name, 0) <= A_CALL - _ROOM]


def groups(
    object_types: Sequence[str], expected: Mapping[str, int | None], most_together: int
) -> Sequence[Sequence[str]]:
    """Say what is read together, in which order: the small types first, then each other by itself.

    Args:
        object_types: all types.
        expected: how many objects each will show; None where nobody knows.
        most_together: how many types one call can bring at most.
    """
    together: list[list[str]] = []
    rooms: list[int] = []
    alone: list[list[str]] = []
    for name in object_types:
        objects = expected[name]
        if objects is None or objects > A_CALL - _ROOM:
            alone.append([name])
            continue
        for group, room in enumerate(rooms):
            if objects <= room and len(together[group]) < most_together:
                together[group].append(name)
                rooms[group] -= objects
                break
        else:
            together.append([name])
            rooms.append(A_CALL - objects)
    return [*together, *alone]


def most_objects(expected: int | None) -> int | None:
    """Return how many objects a page may have that shares its call; None for no such limit."""
    return None if expected is None else expected + _ROOM
