"""Actions that deliver routings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.action_models import ActionPriority
from store.job_models import NewOffer, delivery_key
from store.relational.instants import to_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("deliveries")


@dataclass(frozen=True, slots=True)
class Delivery:
    """An offer, and which of its routing's it is, from 1."""

    account_id: str
    routing_id: str
    number: int
    offer: NewOffer


def add_deliveries(
    connection: Session,
    deliveries: Sequence[Delivery],
    at: datetime,
    priority: ActionPriority,
) -> None:
    """Store the actions that make them."""
    rows = []
    offset = 0
    for delivery in deliveries:
        offer, length = delivery.offer, len(delivery.offer.payload)
        key = delivery_key(delivery.routing_id, delivery.number)
        action = (offer.action_id, delivery.account_id, offer.action_type, offer.fingerprint, key)
        rows.append((*action, delivery.routing_id, offset, length))
        offset += length
    connection.execute(
        SQL["add"],
        {
            "rows": json_rows(rows),
            "payloads": b"".join([delivery.offer.payload for delivery in deliveries]),
            "at": to_text(at),
            "priority": priority.value,
        },
    )


def stop_when_called_off(
    connection: Session, account_id: str, action_id: str, at: datetime
) -> None:
    """End a delivery that came back unsent, if its job was called off meanwhile."""
    connection.execute(SQL["stop"], {"account_id": account_id, "id": action_id, "at": to_text(at)})
