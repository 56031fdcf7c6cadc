"""The sandbox's own controls: companies, consents, faults, and what it has counted."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from daemon.sandbox.quickbooks.behaviour import Behaviour
from daemon.sandbox.quickbooks.chance import stream
from daemon.sandbox.quickbooks.company import Company, Environment, Subscription
from daemon.sandbox.quickbooks.digest import Digest, digest
from daemon.sandbox.quickbooks.faults import Fault
from daemon.sandbox.quickbooks.generator import fill, sizes_at
from daemon.sandbox.quickbooks.grants import ACCOUNTING_SCOPE, App
from daemon.sandbox.quickbooks.limiter import Limits
from daemon.sandbox.quickbooks.mutation_log import Mutation
from daemon.sandbox.quickbooks.statistics import Statistics
from daemon.sandbox.quickbooks.webhook_sender import WebhookSender
from daemon.sandbox.quickbooks.world import World
from daemon.sandbox.quickbooks.write_ledger import AppliedWrite

DEFAULT_APP = App("sandbox-client-id", "sandbox-client-secret")
"""The app that is registered when no other is given."""

_FIRST_REALM = 9_341_450_000_000_000


class SandboxControl:
    """Everything that a test, a demo or a benchmark does to the vendor behind its API's back.

    Attributes:
        world: The state.
        behaviour: The switches, which may be set at any time.
        webhooks: What tells others of changes, once somebody carries it.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        seed: int,
        *,
        apps: tuple[App, ...] = (DEFAULT_APP,),
        behaviour: Behaviour | None = None,
        limits: Limits | None = Limits(),  # noqa: B008 - a frozen value
        grant_salt: str = "",
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.world = World(clock, seed, apps, self.behaviour, limits, grant_salt)
        self.webhooks = WebhookSender(
            self.world.log,
            stream(seed, "webhooks"),
            lambda realm_id: any(self.world.authorization.grants_of(realm_id)),
        )

    def add_company(
        self,
        realm_id: str | None = None,
        name: str | None = None,
        *,
        sizes: Mapping[str, int] | None = None,
        scale: float = 1.0,
        environment: Environment = Environment.SANDBOX,
    ) -> str:
        """Add a company full of data and return its realm id.

        Args:
            realm_id: Its id; the next free one if not given.
            name: Its name.
            sizes: Objects by type, over those of the scale.
            scale: Multiple of the usual number of names and transactions.
            environment: Whose keys open it.

        Raises:
            ValueError: The realm id is taken, or a type is not generated.
        """
        number = len(self.world.companies) + 1
        realm = realm_id or str(_FIRST_REALM + number)
        if realm in self.world.companies:
            raise ValueError(f"realm {realm} exists")
        company = Company(realm, name or f"Sandbox Company {number}", environment)
        chance = stream(self.world.seed, f"data/{realm}")
        now = self.world.clock()
        fill(company, self.world.log, sizes_at(scale, sizes), chance, now)
        self.world.companies[realm] = company
        return realm

    def company(self, realm_id: str) -> Company:
        """Return a company's state.

        Raises:
            KeyError: There is no such company.
        """
        return self.world.companies[realm_id]

    def issue_code(
        self,
        realm_id: str,
        *,
        client_id: str | None = None,
        scopes: frozenset[str] = frozenset({ACCOUNTING_SCOPE}),
        redirect_uri: str | None = None,
    ) -> str:
        """Return an authorization code, as if the user had just consented.

        Without a redirect URI the code takes any that the app has registered.
        """
        authorization = self.world.authorization
        app = authorization.apps[client_id or next(iter(authorization.apps))]
        self.company(realm_id)
        return authorization.issue_code(app, realm_id, scopes, redirect_uri, self.world.clock())

    def disconnect(self, realm_id: str, client_id: str | None = None) -> None:
        """End the company's grants, as its user does inside the product."""
        self.world.authorization.disconnect(realm_id, client_id)

    def lose_scope(self, realm_id: str, scope: str = ACCOUNTING_SCOPE) -> None:
        """Take a scope away from the company's grants: calls answer 403 with code 3100."""
        for grant in self.world.authorization.grants_of(realm_id):
            grant.scopes -= {scope}

    def lose_admin(self, realm_id: str, *, lost: bool = True) -> None:
        """Take the admin role from the connecting user, or give it back: code 120."""
        self.company(realm_id).admin_lost = lost

    def set_subscription(self, realm_id: str, subscription: Subscription) -> None:
        """Let the subscription lapse, or renew it: writes answer code 6190."""
        self.company(realm_id).subscription = subscription

    def delete_company(self, realm_id: str) -> None:
        """Let the company file be gone."""
        self.company(realm_id).deleted = True

    def introduce_field(self, realm_id: str, object_type: str, name: str, value: object) -> None:
        """Let the vendor add a property to a type: every later version of an object shows it."""
        self.company(realm_id).new_fields.setdefault(object_type, {})[name] = value

    def inject(self, fault: Fault) -> int:
        """Set a fault; return the number by which it is cleared."""
        return self.world.faults.inject(fault)

    def clear_faults(self, number: int | None = None) -> None:
        """Take away one fault, or all."""
        self.world.faults.clear(number)

    def outage(self, realm_id: str | None = None, until: datetime | None = None) -> None:
        """Answer everything, or one company's calls, with 503 until an instant or its end."""
        self.world.faults.outage(realm_id, until)

    def end_outage(self, realm_id: str | None = None) -> None:
        """End the outage of everything, or of one company."""
        self.world.faults.end_outage(realm_id)

    def set_read_cap(self, cap: int | None) -> None:
        """Let the app make so many metered reads in a calendar month; None sets no cap."""
        self.world.reads.cap = cap

    def set_limits(self, limits: Limits | None) -> None:
        """Set the call limits; None switches the limiter off."""
        self.world.limiter.limits = limits

    def truth(self, realm_id: str, as_of: datetime | None = None) -> dict[str, dict[str, bytes]]:
        """Return the exact bytes that queries show, by type and id, inactive objects included.

        Args:
            realm_id: The company.
            as_of: An instant in the past, by the sandbox's clock; None means now.
        """
        if as_of is not None:
            return self.world.log.truth(realm_id, as_of)
        company = self.company(realm_id)
        company.settle(self.world.clock())
        return company.truth()

    def digests(self, realm_id: str) -> dict[str, Digest]:
        """Return a fingerprint of the truth of every type, for a checker in another process."""
        return {name: digest(objects) for name, objects in self.truth(realm_id).items()}

    def mutations(self, after: int = 0, realm_id: str | None = None) -> Iterator[Mutation]:
        """Yield every change after a sequence number, generated data included, oldest first."""
        return self.world.log.since(after, realm_id)

    def applied_writes(self, realm_id: str | None = None) -> list[AppliedWrite]:
        """Return the writes through the API that took effect, oldest first."""
        return [write for write in self.world.ledger if realm_id in (None, write.realm_id)]

    def statistics(self) -> Statistics:
        """Return what has been counted."""
        world = self.world
        return Statistics(
            calls=dict(world.calls),
            statuses=dict(world.statuses),
            violations=dict(world.limiter.violations),
            reads=world.reads.used(world.clock()),
            reads_refused=world.reads.refused,
            throttled=world.throttled,
            code_exchanges=world.authorization.exchanges,
            refreshes=world.authorization.refreshes,
            refresh_traps=world.authorization.traps,
            faults=dict(world.faults.fired),
            mutations=len(world.log),
            applied_writes=len(world.ledger),
        )
