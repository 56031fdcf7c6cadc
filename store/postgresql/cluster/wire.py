"""Quick words between the nodes, by LISTEN and NOTIFY on one connection.

The connection is read and written on the loop: a word waits for no thread. Words are never said in a
transaction that writes something else: those would have to commit one after the other then. What is
said at the same time, or while the server has not taken the last words, goes together.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from functools import partial
from threading import Event

import msgspec
import psycopg
from psycopg.pq import ExecStatus

from store.errors import StoreOpenError
from store.postgresql.connection import Connection
from store.postgresql.work_thread import WorkThread

_CHANNEL = b"LISTEN syncline"
_SAY = b"SELECT pg_notify('syncline', $1)"
_MOST_BYTES = 7900
"""What a server takes at once, less a little."""

_MOST_WORDS = 10_000
"""So many unsaid or unheard words are kept; what is more is lost."""

_AGAIN_S = 0.25

Heard = Callable[[Mapping[str, Collection[str]]], None]
"""Is told words by topic; an empty mapping when some may have been lost."""


class PostgresqlWire:
    """`store.cluster_ports.Wire`. Connects again by itself, for as long as it takes."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._loop = asyncio.get_running_loop()
        self._thread: WorkThread | None = None
        self._connection: Connection | None = None
        self._socket = -1
        self._closed = Event()
        self._is_saying = False
        self._is_about_to_say = False
        self._unsaid: dict[str, dict[str, None]] = {}
        self._listeners: list[Heard] = []

    async def open(self) -> None:
        """Connect, so that what keeps it from that shows at once."""
        self._thread = WorkThread("store-wire")
        self._begin(await self._thread.run(self._listening))

    async def close(self) -> None:
        """Say no more, and end all hearing."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._let_go()
        self._tell({})
        if self._thread is not None:
            await self._thread.close()

    def say(self, topic: str, words: Collection[str]) -> None:
        """Tell all nodes, this one too, these words under a topic; returns at once."""
        if self._thread is None:
            return  # nobody else is there
        unsaid = self._unsaid.setdefault(topic, {})
        unsaid.update(dict.fromkeys(words))
        while len(unsaid) > _MOST_WORDS:
            unsaid.popitem()
        if not self._is_about_to_say:
            self._is_about_to_say = True
            self._loop.call_soon(self._say)

    def listen(self, heard: Heard) -> None:
        """Have everything told that is said from now on."""
        self._listeners.append(heard)

    async def hear(self, topics: Collection[str]) -> AsyncIterator[Mapping[str, Collection[str]]]:
        """Yield words by topic as they come, until the store is closed."""
        ear = _Ear(frozenset(topics))
        self._listeners.append(ear.hear)
        try:
            while not self._closed.is_set():
                yield await ear.next()
        finally:
            self._listeners.remove(ear.hear)

    def _listening(self) -> Connection:
        connection = self._connect()
        try:
            connection.execute(_CHANNEL)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_again(self) -> None:
        """Runs on the thread, until there is a connection or the wire is closed."""
        while not self._closed.wait(_AGAIN_S):
            try:
                connection = self._listening()
            except (psycopg.Error, StoreOpenError, MemoryError):
                continue
            self._loop.call_soon_threadsafe(partial(self._begin, connection))
            return

    def _begin(self, connection: Connection) -> None:
        if self._closed.is_set():
            connection.close()
            return
        self._connection = connection
        connection.pgconn.nonblocking = 1
        self._socket = connection.pgconn.socket
        self._loop.add_reader(self._socket, self._read)
        self._tell({})
        self._say()

    def _read(self) -> None:
        """Take in what the server sent: words, and that it took ours."""
        if self._connection is None:
            return
        pgconn = self._connection.pgconn
        heard: list[bytes] = []
        try:
            pgconn.consume_input()
            while self._is_saying and not pgconn.is_busy():
                result = pgconn.get_result()
                if result is None:
                    self._is_saying = False
                elif result.status not in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
                    raise psycopg.OperationalError(result.get_error_message())
            while (word := pgconn.notifies()) is not None:
                heard.append(word.extra)
        except psycopg.Error:
            self._lost()
        else:
            self._say()
        for each in heard:
            self._tell(_read_words(each))

    def _say(self) -> None:
        self._is_about_to_say = False
        if self._connection is None or self._is_saying or not self._unsaid:
            return
        try:
            words = _some_of(self._unsaid)
            self._connection.pgconn.send_query_params(_SAY, [words])
            self._is_saying = True
            self._flush()
        except psycopg.Error:
            self._lost()

    def _flush(self) -> None:
        if self._connection is None:
            return
        pgconn = self._connection.pgconn
        try:
            left = pgconn.flush()
        except psycopg.Error:
            self._lost()
            return
        if left:
            self._loop.add_writer(self._socket, self._flush)
        else:
            self._loop.remove_writer(self._socket)

    def _lost(self) -> None:
        self._let_go()
        if self._thread is not None and not self._closed.is_set():
            self._thread.post(self._connect_again)

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        self._is_saying = False
        if connection is not None:
            # libpq forgets the number of a socket that it closed.
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            connection.close()

    def _tell(self, words: Mapping[str, Collection[str]]) -> None:
        for heard in list(self._listeners):
            heard(words)


class _Ear:
    """What one hearer has not taken yet."""

    def __init__(self, topics: frozenset[str]) -> None:
        self._topics = topics
        self._words: dict[str, dict[str, None]] = {}
        self._lost = True
        self._came = asyncio.Event()
        self._came.set()

    def hear(self, words: Mapping[str, Collection[str]]) -> None:
        self._lost |= not words
        for topic in self._topics.intersection(words):
            known = self._words.setdefault(topic, {})
            known.update(dict.fromkeys(words[topic]))
            if len(known) > _MOST_WORDS:
                known.clear()
                self._lost = True
        if self._lost or self._words:
            self._came.set()

    async def next(self) -> Mapping[str, Collection[str]]:
        await self._came.wait()
        if self._lost:
            self._lost = False
            if not self._words:
                self._came.clear()
            return {}
        words, self._words = self._words, {}
        self._came.clear()
        return words


def _some_of(unsaid: dict[str, dict[str, None]]) -> bytes:
    """Take as many words as go together, of any topic; more than one wait for the next time."""
    taken: dict[str, list[str]] = {}
    room = _MOST_BYTES
    for topic in list(unsaid):
        room -= len(topic) + 8
        words = unsaid[topic]
        while words and room > 0:
            word = next(iter(words))
            room -= len(msgspec.json.encode(word)) + 1
            if room > 0 or not taken:
                del words[word]
                taken.setdefault(topic, []).append(word)
        if words:
            break
        del unsaid[topic]
    return msgspec.json.encode(taken)


def _read_words(text: bytes) -> Mapping[str, Collection[str]]:
    """Read what a node said; what cannot be read may have been anything."""
    try:
        return msgspec.json.decode(text, type=dict[str, list[str]])
    except msgspec.DecodeError:
        return {}
