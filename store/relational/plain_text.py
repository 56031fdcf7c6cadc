"""Text from outside, made fit to be stored: error texts and names may hold anything."""


def plain(text: str) -> str:
    """Return the text with U+FFFD for U+0000 and for what is no Unicode; SQLite cuts off at the former."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def optional_plain(text: str | None) -> str | None:
    """Do that to a text that may be none."""
    return None if text is None else plain(text)
