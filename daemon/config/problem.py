"""What can be wrong with a configuration, and how it is said."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing that is wrong.

    Attributes:
        path: where, as in `vendors.quickbooks.limits.per_minute` or `secrets.keys[0]`; empty when
            it is the file itself.
        expected: what should be there.
        found: what is there. Never a secret.
        hint: what to do about it, or empty.
        line: its line in the file, from 1, when it has one.
    """

    path: str
    expected: str
    found: str
    hint: str = ""
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}expected {self.expected}, found {self.found}{hint}"


class ConfigError(Exception):
    """The configuration cannot be used.

    Attributes:
        source: the file.
        errors: everything that is wrong with it, in the file's order.
    """

    def __init__(self, source: Path, errors: tuple[ConfigProblem, ...]) -> None:
        super().__init__(source, errors)
        self.source = source
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(f"{self._place(problem)}: {problem}" for problem in self.errors)

    def _place(self, problem: ConfigProblem) -> str:
        return f"{self.source}:{problem.line}" if problem.line else str(self.source)
