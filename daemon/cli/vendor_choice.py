"""Which vendor a person means: one that there is, and that is configured."""

from pathlib import Path

import yaml

from daemon.cli.failure import CommandError, ExitCode
from daemon.config.vendors import VENDORS


def require_vendor(name: str, config: Path) -> None:
    """See that companies of this vendor can be connected.

    Raises:
        CommandError: there is no such vendor, or the configuration has no section for it.
    """
    configured = [each for each in _sections(config) if each in VENDORS]
    if name in configured:
        return
    known = f"Vendors are {', '.join(VENDORS)}; configured: {', '.join(configured) or 'none'}."
    if name not in VENDORS:
        raise CommandError(f"there is no vendor {name!r}", known, ExitCode.USAGE)
    raise CommandError(
        f"{name} is not configured in {config}",
        f"{known}\nAdd a section vendors.{name} (README.md says what it needs) and restart the daemon,"
        " or have it read the configuration again.",
        ExitCode.USAGE,
    )


def _sections(config: Path) -> list[str]:
    """Return the vendors that the file names. Their secrets may be out of this process's reach."""
    try:
        tree = yaml.safe_load(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return list(VENDORS)  # what is wrong is told by who loads it
    vendors = tree.get("vendors") if isinstance(tree, dict) else None
    return [str(each) for each in vendors] if isinstance(vendors, dict) else []
