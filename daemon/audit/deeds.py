"""Everything that is written into the audit trail, by its stable name."""

from collections.abc import Mapping
from types import MappingProxyType

DEEDS: Mapping[str, str] = MappingProxyType(
    {
        "account_connected": "A company was connected, or connected again.",
        "account_disconnected": "A company was let go; with its data when it was purged.",
        "account_paused": "An account was told to rest.",
        "account_resumed": "An account was told to go on.",
        "sync_requested": "An account was looked at by hand, or read from end to end.",
        "verification_requested": "An account was compared with its vendor by hand.",
        "deletes_confirmed": "Held deletes were allowed.",
        "action_requested": "A user's write was asked for; the action's id is the subject.",
        "action_retried": "A user's write was tried again by hand.",
        "action_cancelled": "A user's write was called off.",
        "account_configured": "An account's name, or how jobs are routed to it, was set.",
        "job_created": "A job was entered, to be routed; its id is the subject.",
        "job_cancelled": "A job was called off; its id is the subject.",
        "routings_retried": "All that failed at a company was offered to it again.",
        "routing_retried": "A job was offered to a company again; the routing's id is the subject.",
        "jobs_archived": "Jobs that ended long ago were put away by hand.",
        "alert_acknowledged": "Somebody looks after an alert; its id is the subject.",
        "alerts_tested": "A test alert was sent.",
        "alerts_replayed": "A channel is told of earlier alerts once more.",
        "keys_rotated": "The stored tokens were sealed with another key.",
        "configuration_reloaded": "The configuration was read again, and holds now.",
    }
)
