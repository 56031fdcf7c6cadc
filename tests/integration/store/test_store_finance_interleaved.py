"""Whatever order pages, pieces and the floor come in, a reading is the replica's state at its `seq`."""

from bisect import bisect_right
from datetime import date
from decimal import Decimal

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from store.finance import FinanceDocument, FinanceQuery, Piece, Section
from store.ports import Store
from support.empty_store import OpenEmpty, open_temporary
from support.postgres_database import PostgresDatabase
from support.store_fixtures import Owned, own, record

QUERY = FinanceQuery(totals=(Section.RECEIVABLE,))
ACCOUNTS = 2

Step = tuple[str, int, list[tuple[int, int]]]
steps = st.lists(
    st.tuples(
        st.sampled_from(["page", "read", "keep", "follow", "floor", "begin"]),
        st.integers(0, ACCOUNTS - 1),
        st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=6),
    ),
    max_size=40,
)


def documents(piece: Piece) -> list[FinanceDocument]:
    return [
        FinanceDocument(
            object_type=each.object_type,
            object_id=each.object_id,
            currency="USD",
            section=Section.RECEIVABLE,
            due_on=date(2026, 6, 1),
            open_amount=Decimal(each.payload.decode()),
        )
        for each in piece.sources
        if each.payload != b"0"
    ]


class Books:
    """Two companies whose state after each page is known."""

    def __init__(self, store: Store, companies: list[Owned]) -> None:
        self.store = store
        self.companies = companies
        self.held: list[dict[str, int]] = [{} for _ in companies]
        self.history: list[list[tuple[int, int]]] = [[(0, 0)] for _ in companies]
        self.read: list[list[Piece]] = [[] for _ in companies]
        self.time = 0

    async def play(self, step: Step) -> None:
        what, number, objects = step
        account_id, finance = self.companies[number].account_id, self.store.finance
        match what:
            case "page":
                await self.page(number, dict(objects))
            case "read":
                if (piece := await finance.sources(account_id, ["Invoice"], 2)) is not None:
                    self.read[number].append(piece)
            case "keep" if self.read[number]:
                piece = self.read[number].pop(objects[0][0] % len(self.read[number]))
                await finance.keep(account_id, piece, documents(piece))
            case "follow":
                await self.follow(account_id, pieces=objects[0][1])
            case "floor":
                behind, through = await finance.behind()
                for each in behind:
                    await self.follow(each, pieces=100)
                await finance.raise_floor(through)
            case "begin" if objects[0][1] == 0 or await finance.progress(account_id) is None:
                await finance.begin(account_id, 1)
        await self.check()

    async def page(self, number: int, objects: dict[int, int]) -> None:
        self.time += 1
        records = [
            record(str(each), self.time, payload=str(amount).encode())
            for each, amount in objects.items()
        ]
        applied = await self.store.apply_page(self.companies[number].page(*records))
        self.held[number] |= {str(each): amount for each, amount in objects.items()}
        self.history[number].append((applied.last_seq, sum(self.held[number].values())))

    async def follow(self, account_id: str, *, pieces: int) -> None:
        for _ in range(pieces):
            piece = await self.store.finance.sources(account_id, ["Invoice"], 2)
            if piece is None:
                return
            await self.store.finance.keep(account_id, piece, documents(piece))

    async def check(self) -> None:
        for company, history in zip(self.companies, self.history, strict=True):
            reading = await self.store.finance.read(company.account_id, QUERY)
            if reading.built:
                place = bisect_right(history, reading.seq, key=lambda known: known[0]) - 1
                shown = sum(each.amount for each in reading.totals[Section.RECEIVABLE])
                assert shown == history[place][1], f"at {reading.seq} of {history}"


async def play(open_empty: OpenEmpty, played: list[Step]) -> None:
    async with open_empty() as store:
        books = Books(store, [await own(store, f"realm-{n}") for n in range(ACCOUNTS)])
        for step in played:
            await books.play(step)
        for company, history in zip(books.companies, books.history, strict=True):
            if await store.finance.progress(company.account_id) is None:
                await store.finance.begin(company.account_id, 1)
            await books.follow(company.account_id, pieces=100)
            reading = await store.finance.read(company.account_id, QUERY)
            assert reading.built
            shown = sum(each.amount for each in reading.totals[Section.RECEIVABLE])
            assert shown == history[-1][1]


@settings(max_examples=60)
@given(steps)
def test_a_reading_is_the_state_at_its_seq(played: list[Step]) -> None:
    anyio.run(play, open_temporary, played)


@settings(max_examples=15, deadline=None)
@given(steps)
def test_so_it_is_on_postgresql(postgres: PostgresDatabase, played: list[Step]) -> None:
    anyio.run(play, postgres.empty, played)
