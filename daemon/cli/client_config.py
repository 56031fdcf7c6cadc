"""The configuration as a client of the daemon needs it."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from daemon.config import Config, ConfigError, load_config

_NEEDED = ("store", "server")


def client_config(path: Path, environ: Mapping[str, str]) -> Config:
    """Load what leads to the daemon; the vendors' secrets may be out of this process's reach.

    Raises:
        ConfigError: something in the sections that matter here is wrong.
    """
    try:
        return load_config(path, environ)
    except ConfigError as error:
        sections = {problem.path.partition(".")[0] for problem in error.errors}
        if not sections.isdisjoint({"", *_NEEDED}):
            raise

    def needed_text(wanted: Path) -> str:
        text = wanted.read_text(encoding="utf-8")
        return _needed(text) if wanted == path else text

    return load_config(path, environ, needed_text)


def _needed(text: str) -> str:
    tree = yaml.safe_load(text)
    return yaml.safe_dump({name: tree[name] for name in _NEEDED if name in tree})
