"""Texts that may be used once, through whichever node."""

import hashlib
from collections.abc import Mapping

from store.relational.named_sql import StatementNames
from store.relational.runners import ReadRunner, WriteRunner
from store.relational.session import Session

SQL = StatementNames("cluster_kept")


class KeptTextStore:
    """`store.cluster_ports.KeptTexts`; a base of the PostgreSQL store."""

    _writer: WriteRunner
    _readers: ReadRunner

    async def keep_text(self, kind: str, text: str, *, for_s: float) -> None:
        """Keep a text's hash for so many seconds."""
        given = {**_key(kind, text), "for_s": str(for_s)}

        def keep(session: Session) -> None:
            session.execute(SQL["forget_old"]).close()
            session.execute(SQL["keep"], given).close()

        await self._writer.submit(keep, urgent=True)

    async def take_text(self, kind: str, text: str) -> bool:
        """Tell whether it is kept; it is not afterwards."""
        key = _key(kind, text)
        return await self._writer.submit(
            lambda session: session.execute(SQL["take"], key).rowcount > 0, urgent=True
        )

    async def is_kept(self, kind: str, text: str) -> bool:
        """Tell whether it is kept."""
        key = _key(kind, text)
        return await self._readers.run(
            lambda session: bool(session.execute(SQL["is_kept"], key).fetchone()[0])
        )


def _key(kind: str, text: str) -> Mapping[str, str]:
    return {"kind": kind, "digest": hashlib.sha256(text.encode()).hexdigest()}
