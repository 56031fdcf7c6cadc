"""Which commands there are, and where each is at home; none is loaded to be listed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listed:
    """One command.

    Attributes:
        name: what a person types.
        home: `module:function`, in this package.
        summary: what it does in a few words.
    """

    name: str
    home: str
    summary: str
    example: str


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """Commands that belong together under one word.

    Attributes:
        about: what they do, in a sentence.
    """

    name: str
    summary: str
    about: str
    commands: tuple[Listed, ...]


COMMANDS = (
    Listed(
        "run",
        "run_command:run",
        "Run the daemon.",
        "syncline run --config /etc/syncline/config.yaml",
    ),
    Listed(
        "demo",
        "demo_command:demo",
        "Show it all, on made-up companies.",
        "syncline demo --once",
    ),
    Listed(
        "sandbox",
        "sandbox_command:sandbox",
        "Serve stand-ins for the vendors.",
        "syncline sandbox --port 8400 --companies 2",
    ),
    Listed(
        "connect",
        "connect_command:connect",
        "Connect a company.",
        "syncline connect quickbooks --open --wait",
    ),
    Listed(
        "accounts",
        "account_commands:accounts",
        "List the connected companies.",
        "syncline accounts --json | jq -r '.[] | select(.state != \"live\") | .name'",
    ),
    Listed(
        "status",
        "status_command:status",
        "Show how accounts are, or all about one.",
        'syncline status "Amy\'s Bird Sanctuary" --watch',
    ),
    Listed(
        "sync",
        "sync_command:sync",
        "Look for changes now.",
        "syncline sync 4f1c --type Invoice --type Payment --wait",
    ),
    Listed(
        "verify",
        "verify_command:verify",
        "Compare with the vendor, mend what differs.",
        "syncline verify 4f1c --no-repair --json | jq '.types[] | select(.differing != [])'",
    ),
    Listed(
        "set",
        "set_command:set_account",
        "Name a company, say how jobs come to it.",
        "syncline set 4f1c --name 'Park Plumbing' --option campaign_id=12",
    ),
    Listed(
        "pause",
        "account_commands:pause",
        "Stop looking until resumed.",
        "syncline pause 4f1c",
    ),
    Listed(
        "resume",
        "account_commands:resume",
        "Let a paused account go on.",
        "syncline resume 4f1c",
    ),
    Listed(
        "disconnect",
        "account_commands:disconnect",
        "Revoke the access to a company.",
        "syncline disconnect 4f1c --purge --yes",
    ),
    Listed(
        "objects",
        "data_commands:objects",
        "Show what is in the replica.",
        "syncline objects 4f1c Invoice --json | jq -r .payload.DocNumber",
    ),
    Listed(
        "explain",
        "explain_command:explain",
        "Tell how one object came to be as it is.",
        "syncline explain 4f1c Invoice 129 --diff",
    ),
    Listed(
        "confirm-deletes",
        "confirm_command:confirm_deletes",
        "Let deletes be made that are held.",
        "syncline confirm-deletes 4f1c --type Invoice",
    ),
    Listed(
        "changes",
        "data_commands:changes",
        "Show or follow what changed.",
        "syncline changes --follow --type Invoice",
    ),
    Listed(
        "views",
        "views_command:views",
        "Show what is due, owed and paid.",
        "syncline views 4f1c receivables-aging --as-of 2026-12-31",
    ),
    Listed(
        "events",
        "timeline_commands:events",
        "Show what happened to an account.",
        "syncline events 4f1c --follow",
    ),
    Listed(
        "audit",
        "timeline_commands:audit",
        "Show who did what.",
        "syncline audit --account 4f1c",
    ),
    Listed(
        "backup",
        "backup_command:backup",
        "Copy the database, checked.",
        "syncline backup /srv/backups --keep 14",
    ),
    Listed(
        "restore-drill",
        "restore_command:restore_drill",
        "Prove that a backup is good.",
        "syncline restore-drill /srv/backups --json | jq .passed",
    ),
    Listed(
        "restore",
        "restore_command:restore",
        "Put a backup in the database's place.",
        "syncline restore /srv/backups",
    ),
    Listed(
        "migrate-store",
        "migrate_store_command:migrate_store",
        "Move the replica to PostgreSQL.",
        "syncline migrate-store --from sqlite:////var/lib/syncline/syncline.db --to postgresql://syncline@db/syncline",
    ),
    Listed(
        "upgrade-store",
        "upgrade_command:upgrade_store",
        "Bring a PostgreSQL database up to date.",
        "syncline upgrade-store --config /etc/syncline/config.yaml",
    ),
    Listed(
        "completion",
        "completion_command:completion",
        "Print what completes commands in a shell.",
        "source <(syncline completion bash)",
    ),
    Listed(
        "doctor",
        "doctor_command:doctor",
        "Check this host.",
        "syncline doctor --config /etc/syncline/config.yaml",
    ),
)

GROUPS = (
    ListedGroup(
        "keys",
        "Change the keys that seal tokens.",
        "Change the keys that tokens are sealed with.",
        (
            Listed(
                "rotate",
                "key_commands:rotate",
                "Seal all tokens with a new key.",
                "syncline keys rotate",
            ),
            Listed(
                "forget",
                "key_commands:forget",
                "Remove the keys before it.",
                "syncline keys forget --yes",
            ),
            Listed(
                "new",
                "key_commands:new",
                "Print a new key.",
                "syncline keys new | systemd-creds encrypt - keys.cred",
            ),
        ),
    ),
    ListedGroup(
        "actions",
        "Have something done at a vendor.",
        "Have something done at a vendor, and see what became of it.",
        (
            Listed(
                "list",
                "action_commands:list_actions",
                "List them.",
                "syncline actions list 4f1c --state unknown",
            ),
            Listed(
                "show",
                "action_commands:show",
                "Show one, with every attempt.",
                "syncline actions show 4f1c 3e0c…",
            ),
            Listed(
                "send",
                "action_commands:send",
                "Have something done, once.",
                "syncline actions send 4f1c payment.create @payment.json --key invoice-129",
            ),
            Listed(
                "retry",
                "action_commands:retry",
                "Try again, or look again.",
                "syncline actions retry 4f1c 3e0c…",
            ),
            Listed(
                "cancel",
                "action_commands:cancel",
                "Call one off.",
                "syncline actions cancel 4f1c 3e0c…",
            ),
        ),
    ),
    ListedGroup(
        "jobs",
        "Route jobs to partner companies.",
        "Enter jobs, which are offered to every other company, and see what became of them.",
        (
            Listed(
                "list",
                "job_commands:list_jobs",
                "List them.",
                "syncline jobs list --status active",
            ),
            Listed(
                "show",
                "job_commands:show",
                "Show one, with every step.",
                "syncline jobs show 9c2e…",
            ),
            Listed(
                "create",
                "job_entry_command:create",
                "Enter one.",
                "syncline jobs create --file job.json --key visit-4711",
            ),
            Listed(
                "retry",
                "job_commands:retry",
                "Offer it again, or look again.",
                "syncline jobs retry 51d0…",
            ),
            Listed(
                "cancel",
                "job_commands:cancel",
                "Call off what was not sent.",
                "syncline jobs cancel 9c2e…",
            ),
            Listed(
                "archive",
                "job_archive_command:archive",
                "Put away what ended long ago.",
                "syncline jobs archive --dry-run",
            ),
        ),
    ),
    ListedGroup(
        "alerts",
        "See what somebody should know.",
        "See what somebody should know, and say that you look after it.",
        (
            Listed(
                "list",
                "alert_commands:list_alerts",
                "List the open ones.",
                "syncline alerts list --all --json",
            ),
            Listed(
                "ack",
                "alert_commands:ack",
                "Say that you look after one.",
                'syncline alerts ack 17 --note "I call them"',
            ),
            Listed(
                "test",
                "alert_commands:send_test",
                "See whether they come.",
                "syncline alerts test",
            ),
            Listed(
                "replay",
                "alert_commands:replay",
                "Tell a channel once more.",
                "syncline alerts replay webhook --after 120",
            ),
        ),
    ),
    ListedGroup(
        "config",
        "Check or show the configuration.",
        "Check the configuration, or show what is in force.",
        (
            Listed(
                "check",
                "config_commands:check",
                "Say what is wrong with it.",
                "syncline config check --config config.yaml",
            ),
            Listed(
                "show",
                "config_commands:show",
                "Print what is in force.",
                "syncline config show --json | jq .server",
            ),
        ),
    ),
)
