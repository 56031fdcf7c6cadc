"""A value that must not be seen."""

from dataclasses import dataclass

HIDDEN = "********"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """Text that shows itself only to who asks by name."""

    _value: str

    def reveal(self) -> str:
        """Return the text itself."""
        return self._value

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__
