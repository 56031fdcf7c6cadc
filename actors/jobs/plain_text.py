"""Text as people type it, without what only looks like text. Pure."""

from unicodedata import category, normalize

_SHOWN = 40
_NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp", "Zs"})


def one_line(text: str) -> str:
    """Return the text on one line: runs of blanks become one, control characters too, ends none."""
    plain = "".join(" " if category(char) in _NO_TEXT else char for char in text)
    return normalize("NFC", " ".join(plain.split()))


def paragraphs(text: str) -> str:
    """Return the text with its lines, each as `one_line` gives it, without empty ones at the ends."""
    return "\n".join(one_line(line) for line in text.splitlines()).strip("\n")


def folded(text: str) -> str:
    """Return the text as it is compared with others: case and composition don't count."""
    return normalize("NFKC", normalize("NFKC", one_line(text)).casefold())


def shown(text: str) -> str:
    """Say what was found, shortly."""
    if not text:
        return "nothing"
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
