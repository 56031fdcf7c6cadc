"""Splits a query statement into tokens, reporting errors as the vendor's JavaCC lexer does."""

import enum
import re

import msgspec

from daemon.sandbox.quickbooks.api_fault import query_parser


class TokenKind(enum.Enum):
    """Kinds of token; the value is how the vendor's messages print it."""

    IDENTIFIER = "<IDENTIFIER>"
    STRING = "<STRING_LITERAL>"
    INTEGER = "<INTEGER_LITERAL>"
    OPERATOR = "<OPERATOR>"
    AND = "<AND>"
    OR = "<OR>"
    KEYWORD = ""
    SYMBOL = "symbol"
    END = "<EOF>"


KEYWORDS = frozenset(
    {
        "count",
        "select",
        "from",
        "where",
        "in",
        "like",
        "order",
        "orderby",
        "by",
        "asc",
        "desc",
        "startposition",
        "maxresults",
        "true",
        "false",
        "current_date",
    }
)


class Token(msgspec.Struct, frozen=True, gc=False):
    """One token.

    Attributes:
        kind: Its kind.
        text: Its text; a string's text is unescaped, a keyword's is lower-case.
        image: Its text as written.
        column: Where it starts, from 1.
        line: The line on which it starts, from 1.
    """

    kind: TokenKind
    text: str
    image: str
    column: int
    line: int = 1


_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<string>'(?:[^'\\]|\\.)*')"
    r"|(?P<integer>-?\d+(?:\.\d+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<operator><=|>=|=|<|>)"
    r"|(?P<symbol>[*(),])",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def tokenize(statement: str) -> list[Token]:
    """Return the tokens of a statement, the last of which is the end.

    Raises:
        ApiFault: 4000, a character that starts no token.
    """
    tokens: list[Token] = []
    place = 0
    while place < len(statement):
        match = _TOKEN.match(statement, place)
        if match is None:
            raise _lexical_error(statement, place)
        if match.lastgroup != "space":
            tokens.append(_token(match, *_position(statement, place)))
        place = match.end()
    line, column = _position(statement, max(len(statement) - 1, 0))
    tokens.append(Token(TokenKind.END, "", "", column, line))
    return tokens


_KINDS = {
    "integer": TokenKind.INTEGER,
    "operator": TokenKind.OPERATOR,
    "symbol": TokenKind.SYMBOL,
}


def _token(match: re.Match[str], line: int, column: int) -> Token:
    image, group = match.group(), match.lastgroup or ""
    if group == "string":
        return Token(TokenKind.STRING, _ESCAPE.sub(r"\1", image[1:-1]), image, column, line)
    if group == "word":
        kind, text = _word(image)
        return Token(kind, text, image, column, line)
    return Token(_KINDS[group], image, image, column, line)


def _word(image: str) -> tuple[TokenKind, str]:
    lower = image.lower()
    if lower in ("and", "or"):
        return TokenKind[lower.upper()], lower
    if lower in KEYWORDS:
        return TokenKind.KEYWORD, lower
    return TokenKind.IDENTIFIER, image


def _position(statement: str, place: int) -> tuple[int, int]:
    before = statement[:place]
    return before.count("\n") + 1, place - (before.rfind("\n") + 1) + 1


def _lexical_error(statement: str, place: int) -> Exception:
    line, column = _position(statement, place)
    character = statement[place]
    if character == "'":
        shown, after, column = "<EOF>", statement[place:], column + len(statement) - place
    else:
        shown, after = f'"{character}" ({ord(character)}),', ""
    return query_parser(
        f"Invalid content. Lexical error at line {line}, column {column}.  "
        f'Encountered: {shown} after : "{after}"'
    )
