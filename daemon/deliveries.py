"""Takes in what vendors deliver to our webhooks: verified, durable, and then told to the accounts.

DeliveryError
├── UnknownReceiverError   no such vendor is configured, or it makes no deliveries
├── WebhooksOffError       no secret is configured to verify its deliveries with
├── ForgedDeliveryError    it is not signed, or not with that secret
└── MalformedDeliveryError it is signed, and says nothing that can be read
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from actors.clock import Clock
from actors.events import DeliveryOutcome, Event, WebhookDelivered
from actors.hearing import Hearing
from actors.messages import Hinted
from actors.settings import AccountSettings
from actors.vendors.notice import Delivery, UnreadableDeliveryError, WebhookDoor
from daemon.config import Secret
from daemon.hosting import Hosting
from store.errors import StoreUnavailableError
from store.notice import Notice, NoticesReceived
from store.ports import Store

_NOTHING = NoticesReceived({}, stored=0, duplicates=0, unknown_accounts=0)


class DeliveryError(Exception):
    """A delivery is not taken in."""


class UnknownReceiverError(DeliveryError):
    """No such vendor is configured, or it makes no deliveries."""


class WebhooksOffError(DeliveryError):
    """Deliveries of this vendor cannot be verified: no secret is configured."""


class ForgedDeliveryError(DeliveryError):
    """A delivery is not signed as the vendor signs."""


class MalformedDeliveryError(DeliveryError):
    """A signed delivery cannot be read."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """One vendor's webhook.

    Attributes:
        secret: what its deliveries are verified with; None when that is not configured.
        hearing: is told that its webhooks work: once a delivery is durable of which anything could be
            read.
    """

    door: WebhookDoor
    secret: Secret | None
    hearing: Hearing
    settings: AccountSettings


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that is durable now.

    Attributes:
        unknown_types: how many events are about types that are not known, or not replicated.
        unreadable: how many events could not be read.
    """

    received: NoticesReceived
    unknown_types: int
    unreadable: int


class Deliveries:
    """Takes deliveries in, for all vendors. Every delivery is told as an event, refused ones too."""

    def __init__(
        self,
        store: Store,
        supervisor: Hosting,
        receivers: Mapping[str, Receiver],
        clock: Clock,
        tell: Callable[[Event], None],
    ) -> None:
        """Take the receivers that are configured now; the mapping may change."""
        self._store = store
        self._supervisor = supervisor
        self._receivers = receivers
        self._clock = clock
        self._tell = tell

    def hearing(self, vendor: str) -> Hearing | None:
        """Return what is known of a vendor's webhooks; None when nobody listens to any."""
        receiver = self._receivers.get(vendor)
        return None if receiver is None or receiver.secret is None else receiver.hearing

    def admit(self, vendor: str, headers: Mapping[str, str], began_s: float) -> None:
        """See whether a delivery is worth reading at all.

        Args:
            vendor: whose webhook was called.
            headers: by lower-case name.
            began_s: when the delivery began to come in.

        Raises:
            DeliveryError: it is refused, whatever its body says.
        """
        receiver = self._receiver(vendor)
        if not headers.get(receiver.door.signature):
            self._refused(vendor, DeliveryOutcome.FORGED, began_s)
            raise ForgedDeliveryError(f"the delivery has no {receiver.door.signature} header")

    async def take(
        self,
        vendor: str,
        body: bytes | bytearray,
        headers: Mapping[str, str],
        began_s: float,
    ) -> Taken:
        """Verify a delivery, keep what is new of it, and tell the accounts. Returns once it is durable.

        Raises:
            DeliveryError: it is refused.
            StoreUnavailableError: it could not be kept; the vendor is to deliver it again.
        """
        receiver = self._receiver(vendor)
        secret = "" if receiver.secret is None else receiver.secret.reveal()
        if not receiver.door.verify(body, headers, secret):
            self._refused(vendor, DeliveryOutcome.FORGED, began_s)
            raise ForgedDeliveryError("the signature is not the one that our secret makes")
        try:
            delivery = receiver.door.parse(body)
        except UnreadableDeliveryError as error:
            self._refused(vendor, DeliveryOutcome.MALFORMED, began_s)
            raise MalformedDeliveryError(str(error)) from error
        wanted = _of_types(delivery, receiver.settings.object_types)
        try:
            received = await self._keep(vendor, wanted)
        except StoreUnavailableError:
            self._refused(vendor, DeliveryOutcome.NOT_STORED, began_s)
            raise
        if delivery.notices or delivery.unknown_types:
            receiver.hearing.health.delivered(self._clock.now().monotonic_s)
        for account_id, fresh in received.fresh.items():
            self._supervisor.hint(account_id, Hinted(tuple(fresh)))
        unreplicated = len(delivery.notices) - len(wanted)
        taken = Taken(received, delivery.unknown_types + unreplicated, delivery.unreadable)
        self._tell(_event(vendor, taken, self._clock.now().monotonic_s - began_s))
        return taken

    async def _keep(self, vendor: str, notices: Sequence[Notice]) -> NoticesReceived:
        if not notices:
            return _NOTHING
        return await self._store.receive_notices(vendor, notices, self._clock.now().utc)

    def _receiver(self, vendor: str) -> Receiver:
        receiver = self._receivers.get(vendor)
        if receiver is None:
            raise UnknownReceiverError(f"{vendor} is not configured")
        if receiver.secret is None:
            raise WebhooksOffError(
                f"deliveries of {vendor} cannot be verified: the secret that it signs them with is"
                " not configured"
            )
        return receiver

    def _refused(self, vendor: str, outcome: DeliveryOutcome, began_s: float) -> None:
        duration_s = self._clock.now().monotonic_s - began_s
        self._tell(WebhookDelivered(vendor, outcome, duration_s))


def _of_types(delivery: Delivery, object_types: Sequence[str]) -> Sequence[Notice]:
    return [notice for notice in delivery.notices if notice.object_type in object_types]


def _event(vendor: str, taken: Taken, duration_s: float) -> WebhookDelivered:
    return WebhookDelivered(
        vendor=vendor,
        outcome=DeliveryOutcome.TAKEN,
        duration_s=duration_s,
        stored=taken.received.stored,
        duplicates=taken.received.duplicates,
        unknown_accounts=taken.received.unknown_accounts,
        unknown_types=taken.unknown_types,
        unreadable=taken.unreadable,
    )
