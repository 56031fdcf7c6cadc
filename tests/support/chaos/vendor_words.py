"""What the chaos and its vendor, a process of its own, tell each other."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

TYPES = ("Customer", "Vendor", "Invoice", "Bill", "Payment", "BillPayment")
"""What is replicated."""
SIZES: Mapping[str, int] = {
    "Customer": 8,
    "Vendor": 3,
    "Invoice": 10,
    "Bill": 4,
    "Payment": 3,
    "BillPayment": 2,
}


class Facts(msgspec.Struct, frozen=True):
    """Where the vendor is, and what it holds."""

    url: str
    client_id: str
    client_secret: str
    verifier_token: str
    realms: list[str]


class Mood(msgspec.Struct, frozen=True):
    """How the vendor is at the moment.

    Attributes:
        acts_per_s: how often something changes at its companies.
        loses_answers: whether answers to writes are lost now and then.
        ahead_s: how much later it is at the vendor than here.
        nodes: where webhooks go: to any of these addresses.
    """

    acts_per_s: float = 0.0
    loses_answers: bool = False
    ahead_s: float = 0.0
    nodes: list[str] = []


class Exchange(msgspec.Struct, frozen=True):
    """Somebody gave a refresh token for new ones.

    Attributes:
        caller: who, by the address that he used.
        token: the token's fingerprint. A token is good for one exchange.
        taken: whether it was good.
    """

    at: datetime
    caller: str
    realm_id: str
    token: str
    taken: bool


class PaymentMade(msgspec.Struct, frozen=True):
    """A payment that somebody had made through the API."""

    at: datetime
    realm_id: str
    request_id: str
    body: str


class Ledger(msgspec.Struct, frozen=True):
    """The vendor's own record.

    Attributes:
        overlapping: exchanges of one token that were under way at the same time.
    """

    exchanges: Sequence[Exchange]
    overlapping: int
    payments: Sequence[PaymentMade]
    calls: int
    mutations: int
    webhooks: Mapping[str, int]
