"""Which Syncline this is."""

from importlib.metadata import version

VERSION = version("syncline")
