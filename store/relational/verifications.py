"""Requests for verifications, and what verifications found."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from store.relational.accounts import check_exists, check_fence
from store.relational.instants import from_text, optional_from_text, to_text
from store.relational.mends import name_mends
from store.relational.named_sql import StatementNames
from store.relational.session import Session
from store.verification import Certificate, TypeComparison, VerificationStanding

SQL = StatementNames("verifications")

_KEPT = 20
"""Certificates of an account."""


def request_verification(connection: Session, account_id: str, *, repair: bool) -> int:
    """Note a request; return its number.

    Raises:
        UnknownAccountError: there is no such account.
    """
    check_exists(connection, account_id)
    (number,) = connection.execute(
        SQL["request"], {"account_id": account_id, "repair": repair}
    ).fetchone()
    return int(number)


def store_certificate(
    connection: Session,
    account_id: str,
    epoch: int,
    certificate: Certificate,
    mends_through: int,
) -> int:
    """Keep it under the account's next number; note which requests it answers and mends it names.

    Raises:
        StaleEpochError: the caller does not own the account any more.
    """
    check_fence(connection, account_id, epoch)
    values = {
        "account_id": account_id,
        "as_of": to_text(certificate.as_of),
        "began_at": to_text(certificate.began_at),
        "finished_at": to_text(certificate.finished_at),
        "reads": certificate.reads,
        "exact": certificate.exact,
        "repaired": certificate.repaired,
        "repair": certificate.repair,
        "complete": certificate.complete,
        "answers": certificate.answers,
        "mended_before": certificate.mended_before,
        "types": msgspec.json.encode(certificate.types).decode(),
    }
    (number,) = connection.execute(SQL["put"], values).fetchone()
    connection.execute(SQL["answer"], values)
    name_mends(connection, account_id, mends_through, number)
    connection.execute(SQL["trim"], {"account_id": account_id, "number": number, "kept": _KEPT})
    return int(number)


def mean_reads(connection: Session, vendor: str) -> float:
    """Return how many reads an account's last verification took on average; 0 before the first."""
    (mean,) = connection.execute(SQL["mean_reads"], (vendor,)).fetchone()
    return float(mean)


def read_certificate(connection: Session, account_id: str) -> Certificate | None:
    """Return the account's last one."""
    row = connection.execute(SQL["last"], (account_id,)).fetchone()
    return None if row is None else _certificate(row)


def read_certified_at(connection: Session) -> Mapping[str, datetime]:
    """Return when each account's last verification ended."""
    return {
        account_id: from_text(finished_at)
        for account_id, finished_at in connection.execute(SQL["all_certified_at"])
    }


def read_standing(connection: Session, account_id: str) -> VerificationStanding | None:
    """Return what is noted of an account; None when that is nothing."""
    row = connection.execute(SQL["standing"], (account_id,)).fetchone()
    return None if row is None else _standing(row)


def standings_of_shard(connection: Session, shard: int) -> Mapping[str, VerificationStanding]:
    """Return what is noted of those of the shard's accounts of which anything is."""
    return {row[0]: _standing(row[1:]) for row in connection.execute(SQL["of_shard"], (shard,))}


def forget_verifications(connection: Session, account_id: str) -> None:
    """Delete all that is noted of the account's verifications."""
    connection.execute(SQL["forget_certificates"], (account_id,))
    connection.execute(SQL["forget_standing"], (account_id,))


def _standing(row: Sequence[Any]) -> VerificationStanding:
    requested, answered, repair, certified_at = row
    return VerificationStanding(requested, answered, bool(repair), optional_from_text(certified_at))


def _certificate(row: Sequence[Any]) -> Certificate:
    return Certificate(
        number=row[0],
        as_of=from_text(row[1]),
        began_at=from_text(row[2]),
        finished_at=from_text(row[3]),
        reads=row[4],
        exact=bool(row[5]),
        repaired=bool(row[6]),
        repair=bool(row[7]),
        complete=bool(row[8]),
        answers=row[9],
        types=msgspec.json.decode(row[10], type=tuple[TypeComparison, ...]),
        mended_before=row[11],
    )
