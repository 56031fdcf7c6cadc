"""Every kind of alert: its stable name, what it means and what to do. `docs/operations.md` lists them.

A kind is a condition, which is looked at again and again and resolves when it no longer holds, or a
happening, which stays until it is over, or until somebody acknowledges it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from store.watch_models import Severity

_WARNING, _CRITICAL = Severity.WARNING, Severity.CRITICAL
_SETTLED_S = 30.0


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of alert.

    Attributes:
        severity: what it begins with; an alert may become worse.
        settled_s: how long its condition must not hold before it resolves: what comes and goes is
            one alert.
        ends_by_ack: whether acknowledging it ends it: nothing else would.
    """

    name: str
    severity: Severity
    meaning: str
    what_to_do: str
    settled_s: float = 0.0
    ends_by_ack: bool = False


OWNER_NEEDED = Kind(
    "owner_needed",
    _CRITICAL,
    "A company's grant is gone: nothing of it is read or written any more.",
    "Have its owner connect it again: `syncline connect`. The cause says what ended the grant.",
)
ACCOUNT_QUARANTINED = Kind(
    "account_quarantined",
    _CRITICAL,
    "An account's actor crashed too often and is not started any more.",
    "This is a defect, or damage to the database: keep the log's `actor_crashed`, then"
    " `syncline resume`.",
)
ACCOUNT_NOT_RUNNING = Kind(
    "account_not_running",
    _CRITICAL,
    "No actor has looked after an account that should be looked after for a minute: it does not just"
    " move from node to node.",
    "See that its vendor is configured; then `syncline resume`.",
    settled_s=_SETTLED_S,
)
ACCOUNT_STUCK = Kind(
    "account_stuck",
    _CRITICAL,
    "An account's actor stands still: it should have moved more than a minute ago.",
    "It is started afresh by itself. When it comes back, look into the log around it.",
    settled_s=_SETTLED_S,
)
ACCOUNT_FAILING = Kind(
    "account_failing",
    _WARNING,
    "Reading an account fails again and again, or its vendor is left alone for long.",
    "The cause has the vendor's own words. It is tried again by itself; see `syncline events`.",
    settled_s=_SETTLED_S,
)
ACCOUNT_STALE = Kind(
    "account_stale",
    _WARNING,
    "An account's `exact_as_of` is further behind than it should ever be.",
    "See `syncline status` and `syncline events` for what it waits for; `syncline sync` looks now.",
    settled_s=_SETTLED_S,
)
TOKEN_REFRESH_FAILING = Kind(
    "token_refresh_failing",
    _WARNING,
    "An account's tokens can't be renewed; what there is ends soon.",
    "It is tried again by itself. When it is refused for good, `owner_needed` follows.",
    settled_s=_SETTLED_S,
)
TOKEN_ENDING = Kind(
    "token_ending",
    _WARNING,
    "An account's refresh token ends within 30 days (critical: within one).",
    "The cause says which end it is: a hard one needs the owner to connect it again before it.",
)
DELETES_HELD = Kind(
    "deletes_held",
    _WARNING,
    "A vendor shows so many objects as deleted at once that a person has to say so.",
    "Look at the vendor; if they are gone there, `syncline confirm-deletes`.",
)
VERIFICATION_FAILING = Kind(
    "verification_failing",
    _WARNING,
    "Comparing an account with its vendor fails again and again.",
    "The cause says how; `syncline verify` tries it now.",
    settled_s=_SETTLED_S,
)
REPLICA_DIFFERED = Kind(
    "replica_differed",
    _WARNING,
    "A verification found the replica other than the vendor (critical: and did not mend it).",
    "It must not happen: keep the certificate (`syncline status`) and look into"
    " `syncline explain` for the objects that it names. A clean verification resolves it.",
)
ACTION_NEEDS_PERSON = Kind(
    "action_needs_person",
    _CRITICAL,
    "What became of a user's write can't be found out by itself.",
    "Look at the vendor whether it happened, then `syncline actions retry` or `cancel`.",
)
DRIFT_FOUND = Kind(
    "drift_found",
    _WARNING,
    "After a user's write the vendor has something else than was asked for.",
    "Ask who else writes there, and write again if need be. It ends when the values agree"
    " again, or when somebody acknowledges it.",
    ends_by_ack=True,
)
ROUTING_FAILED = Kind(
    "routing_failed",
    _WARNING,
    "Jobs could not be offered to a company, and are not tried again by themselves.",
    "The cause has the last reason; put that right, then `syncline jobs retry`. It ends when none"
    " is left that failed within a day.",
)
VENDOR_INCIDENT = Kind(
    "vendor_incident",
    _CRITICAL,
    "Most accounts of a vendor fail at once: it is the vendor's trouble, or the network's.",
    "Look at the vendor's status page. A few accounts keep trying; the others wait for them.",
    settled_s=_SETTLED_S,
)
VENDOR_SLOW = Kind(
    "vendor_slow",
    _WARNING,
    "A vendor takes more than 5 seconds for a fifth of its answers (critical: more than 10).",
    "Nothing, if it passes; else ask the vendor, with the ids of calls from the log.",
    settled_s=120.0,
)
HEARTBEAT_SILENT = Kind(
    "heartbeat_silent",
    _CRITICAL,
    "Nothing came through from a vendor, over the database to the feed, for two intervals.",
    "The cause names the link. `/health/supervisor` and `syncline doctor` say more.",
)
READS_SHORT = Kind(
    "reads_short",
    _WARNING,
    "At this pace a vendor's metered reads would not last the month: polls are stretched.",
    "Buy more, connect less, or live with rarer polls: `syncline sync --full --dry-run`.",
    settled_s=3_600.0,
)
READS_USED_UP = Kind(
    "reads_used_up",
    _CRITICAL,
    "A vendor's metered reads of the month are used up: nothing is polled until it turns.",
    "Users' writes and token refreshes go on. Buy more and raise `reads_per_month`, or wait.",
)
WEBHOOKS_SILENT = Kind(
    "webhooks_silent",
    _WARNING,
    "A vendor that delivered webhooks has delivered none for a day.",
    "Polling finds everything meanwhile, more often. See the vendor's app settings.",
)
WEBHOOKS_REFUSED = Kind(
    "webhooks_refused",
    _WARNING,
    "Deliveries to our webhook are refused: forged, unreadable, or not to be stored.",
    "Compare the webhook secret with the vendor's; if it is right, somebody tries the door.",
    settled_s=900.0,
)
STORE_UNAVAILABLE = Kind(
    "store_unavailable",
    _CRITICAL,
    "The database takes no writes: nothing is read, and webhooks are refused.",
    "Make room on the disk, or mount it writable. It is tried again every few seconds.",
)
RELOAD_FAILED = Kind(
    "reload_failed",
    _WARNING,
    "The configuration was read again and refused; the one before holds.",
    "`syncline config check` names every mistake; then reload again.",
)
PART_FAILING = Kind(
    "part_failing",
    _CRITICAL,
    "A part of the daemon itself fails again and again; the others go on.",
    "This is a defect, or damage to the database: the log's `part_failed` has where. It is started"
    " again every five minutes, and the alert ends when it ran for ten; every 15 seconds, and one"
    " minute, if somebody waits for it.",
)
CHANNEL_FAILING = Kind(
    "channel_failing",
    _WARNING,
    "Alerts can't be delivered over one of their channels for a while.",
    "The cause has the receiver's answer. What was given up is in `GET /alerts/events`.",
)

SHARDS_UNHELD = Kind(
    "shards_unheld",
    _CRITICAL,
    "No node looks after some of the accounts: they are neither read nor written.",
    "See `GET /cluster` for which and since when. They are taken over by themselves while a node that"
    " reaches the database has room; start one, or look into the nodes' logs.",
    settled_s=10.0,
)
CLUSTER_FLAPPING = Kind(
    "cluster_flapping",
    _WARNING,
    "Accounts go to and fro between nodes (within ten minutes, four times back to a process that had"
    " them before), or a node loses what it holds three times within ten minutes. A roll-out is neither.",
    "Look for a node that is starved of processor time, is restarted over and over, or has a bad way"
    " to the database; stop it until that is mended. Where all machines have too much to do, raise"
    " `cluster.silent_after`.",
    settled_s=60.0,
)
NODE_VANISHED = Kind(
    "node_vanished",
    _WARNING,
    "A node stopped without handing over: it crashed, was killed, is frozen, or is cut off from the"
    " database. Its accounts are looked after by others.",
    "Look into its log and its machine, and start it again. It ends when a node of that name is back,"
    " or by itself after an hour.",
)
VERSIONS_DIFFER = Kind(
    "versions_differ",
    _WARNING,
    "Nodes have run different versions for more than an hour: a roll-out was not finished.",
    "Finish it, or take it back. Two versions side by side are for the length of a roll-out.",
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            OWNER_NEEDED,
            ACCOUNT_QUARANTINED,
            ACCOUNT_NOT_RUNNING,
            ACCOUNT_STUCK,
            ACCOUNT_FAILING,
            ACCOUNT_STALE,
            TOKEN_REFRESH_FAILING,
            TOKEN_ENDING,
            DELETES_HELD,
            VERIFICATION_FAILING,
            REPLICA_DIFFERED,
            ACTION_NEEDS_PERSON,
            DRIFT_FOUND,
            ROUTING_FAILED,
            VENDOR_INCIDENT,
            VENDOR_SLOW,
            HEARTBEAT_SILENT,
            READS_SHORT,
            READS_USED_UP,
            WEBHOOKS_SILENT,
            WEBHOOKS_REFUSED,
            STORE_UNAVAILABLE,
            RELOAD_FAILED,
            PART_FAILING,
            CHANNEL_FAILING,
            SHARDS_UNHELD,
            CLUSTER_FLAPPING,
            NODE_VANISHED,
            VERSIONS_DIFFER,
        )
    }
)

TEST = "test"
"""The kind of an alert that was sent to see whether it comes."""
