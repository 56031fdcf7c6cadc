"""Fails when a file or a function has outgrown one concept: 400 lines, 60 lines."""

import ast
import subprocess
import sys
from pathlib import Path

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
SUFFIXES = {".py", ".pyi", ".sql", ".sh", ".html", ".css", ".js", ".yaml", ".toml"}


def tracked_files() -> list[Path]:
    """The repository's files, also those not committed yet, without the ignored ones."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [Path(name) for name in listing.split("\0") if name and Path(name).is_file()]


def function_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, the docstring left out."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        docstring = node.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


def oversized(path: Path) -> list[str]:
    """One message for each limit that a file breaks."""
    text = path.read_text(encoding="utf-8")
    found = []
    if (lines := len(text.splitlines())) > MAX_FILE_LINES:
        found.append(f"{path}: {lines} lines, at most {MAX_FILE_LINES}")
    if path.suffix == ".py":
        found += [
            f"{path}:{node.lineno}: {node.name} has {lines} lines, at most {MAX_FUNCTION_LINES}"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (lines := function_lines(node)) > MAX_FUNCTION_LINES
        ]
    return found


def main() -> int:
    """Checks all files; 1 when any is too big."""
    files = [path for path in tracked_files() if path.suffix in SUFFIXES]
    messages = [message for path in sorted(files) for message in oversized(path)]
    for message in messages:
        print(message, file=sys.stderr)  # noqa: T201
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main())
