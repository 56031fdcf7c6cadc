"""Parses the query language: SELECT … FROM … WHERE … ORDERBY … STARTPOSITION … MAXRESULTS."""

from dataclasses import dataclass

from daemon.sandbox.quickbooks.api_fault import ApiFault, query_parser, query_validation
from daemon.sandbox.quickbooks.query_lexer import Token, TokenKind, tokenize

DEFAULT_MAX_RESULTS = 100
LARGEST_PAGE = 1000

_TAIL = ('"iterator" ...', '"maxresults" ...', '"order" ...', '"orderby" ...')
_AFTER_PREDICATE = ("<EOF>", "<AND> ...", *_TAIL, '"startposition" ...')
_VALUES = ("<STRING_LITERAL> ...", '"true" ...', '"false" ...', '"CURRENT_DATE" ...')
_OPERATORS = ('"=" ...', '"<" ...', '">" ...', '"<=" ...', '">=" ...', '"in" ...', '"like" ...')


@dataclass(frozen=True, slots=True)
class Predicate:
    """One comparison.

    Attributes:
        name: The property as written.
        operator: ``=``, ``<``, ``>``, ``<=``, ``>=``, ``in`` or ``like``.
        values: One value, or several for ``in``; booleans as ``true`` and ``false``.
    """

    name: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ordering:
    """One ORDERBY term."""

    name: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """A parsed statement; names are as written.

    Attributes:
        entity: The object type after FROM.
        counts: ``SELECT COUNT(*)`` rather than ``SELECT *``.
        predicates: Comparisons, all of which must hold.
        orderings: ORDERBY terms.
        start_position: First row wanted, from 1.
        max_results: Rows wanted, already capped.
    """

    entity: str
    counts: bool
    predicates: tuple[Predicate, ...]
    orderings: tuple[Ordering, ...]
    start_position: int
    max_results: int


CURRENT_DATE = "CURRENT_DATE"
"""The value that stands for the vendor's date."""


def parse(text: str) -> Statement:
    """Parse one statement.

    Raises:
        ApiFault: 4000 for syntax, 4001 for a paging value below 1.
    """
    if not text.strip():
        raise query_parser("The query provided was empty")
    return _Parser(tokenize(text)).statement()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._place = 0

    def statement(self) -> Statement:
        self._keyword("select")
        counts = self._selection()
        self._keyword("from")
        entity = self._expect(TokenKind.IDENTIFIER, "<IDENTIFIER> ...").text
        predicates = self._predicates() if self._take("where") else ()
        orderings: tuple[Ordering, ...] = ()
        paging = {"startposition": 1, "maxresults": DEFAULT_MAX_RESULTS}
        while self._peek().kind is not TokenKind.END:
            if self._take("orderby") or self._order_by():
                orderings = self._orderings()
                continue
            keyword = self._peek()
            if keyword.kind is not TokenKind.KEYWORD or keyword.text not in paging:
                raise self._unexpected(*_AFTER_PREDICATE)
            self._place += 1
            paging[keyword.text] = self._positive()
        return Statement(
            entity,
            counts,
            predicates,
            orderings,
            paging["startposition"],
            min(paging["maxresults"], LARGEST_PAGE),
        )

    def _selection(self) -> bool:
        if self._take("count"):
            for symbol in "(*)":
                self._symbol(symbol)
            return True
        while True:
            if not self._take_symbol("*"):
                self._expect(TokenKind.IDENTIFIER, '"*" ...', "<IDENTIFIER> ...", '"count" ...')
            if not self._take_symbol(","):
                return False

    def _predicates(self) -> tuple[Predicate, ...]:
        found = [self._predicate()]
        while self._peek().kind is TokenKind.AND:
            self._place += 1
            found.append(self._predicate())
        return tuple(found)

    def _predicate(self) -> Predicate:
        name = self._expect(TokenKind.IDENTIFIER, "<IDENTIFIER> ...").text
        if self._take("in"):
            return Predicate(name, "in", self._value_list())
        if self._take("like"):
            return Predicate(name, "like", (self._value(),))
        operator = self._expect(TokenKind.OPERATOR, *_OPERATORS).text
        return Predicate(name, operator, (self._value(),))

    def _value_list(self) -> tuple[str, ...]:
        self._symbol("(")
        values = [self._value()]
        while self._take_symbol(","):
            values.append(self._value())
        self._symbol(")")
        return tuple(values)

    def _value(self) -> str:
        token = self._peek()
        if token.kind is TokenKind.STRING:
            self._place += 1
            return token.text
        for word in ("true", "false"):
            if self._take(word):
                return word
        if self._take("current_date"):
            return CURRENT_DATE
        raise self._unexpected(*_VALUES)

    def _orderings(self) -> tuple[Ordering, ...]:
        found: list[Ordering] = []
        while True:
            name = self._expect(TokenKind.IDENTIFIER, "<IDENTIFIER> ...").text
            descending = self._take("desc")
            if not descending:
                self._take("asc")
            found.append(Ordering(name, descending))
            if not self._take_symbol(","):
                return tuple(found)

    def _order_by(self) -> bool:
        if not self._take("order"):
            return False
        self._keyword("by")
        return True

    def _positive(self) -> int:
        token = self._expect(TokenKind.INTEGER, "<INTEGER_LITERAL> ...")
        if not token.text.lstrip("-").isdigit():
            raise self._unexpected_token(token, "<INTEGER_LITERAL> ...")
        if int(token.text) < 1:
            raise query_validation(f"value {token.text} is too small. Min allowed value is 1")
        return int(token.text)

    def _peek(self) -> Token:
        return self._tokens[self._place]

    def _take(self, keyword: str) -> bool:
        token = self._peek()
        taken = token.kind is TokenKind.KEYWORD and token.text == keyword
        self._place += taken
        return taken

    def _take_symbol(self, symbol: str) -> bool:
        token = self._peek()
        taken = token.kind is TokenKind.SYMBOL and token.text == symbol
        self._place += taken
        return taken

    def _keyword(self, keyword: str) -> None:
        if not self._take(keyword):
            raise self._unexpected(f'"{keyword}" ...')

    def _symbol(self, symbol: str) -> None:
        if not self._take_symbol(symbol):
            raise self._unexpected(f'"{symbol}" ...')

    def _expect(self, kind: TokenKind, *expected: str) -> Token:
        token = self._peek()
        if token.kind is not kind:
            raise self._unexpected(*expected)
        self._place += 1
        return token

    def _unexpected(self, *expected: str) -> ApiFault:
        return self._unexpected_token(self._peek(), *expected)

    def _unexpected_token(self, token: Token, *expected: str) -> ApiFault:
        where = f"at line {token.line}, column {token.column}"
        wanted = "Was expecting one of" if len(expected) > 1 else "Was expecting"
        lines = "".join(f"    {item}\n" for item in expected)
        return query_parser(f"Encountered {_shown(token)} {where}.\n{wanted}:\n{lines}    ")


def _shown(token: Token) -> str:
    if token.kind is TokenKind.END:
        return '"<EOF>"'
    if token.kind in (TokenKind.KEYWORD, TokenKind.SYMBOL, TokenKind.OPERATOR):
        return f'" "{token.image}" "{token.image} ""'
    return f'" {token.kind.value} "{token.image} ""'
