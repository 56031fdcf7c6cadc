"""Names of a package that are fetched from its modules only when somebody asks for them.

A vendor's package offers light things (settings, object types) beside heavy ones that load an HTTP
client. Who reads the configuration needs only the light ones.
"""

from collections.abc import Callable, Mapping
from importlib import import_module


def late_names(package: str, modules: Mapping[str, str]) -> Callable[[str], object]:
    """Return a package's `__getattr__`.

    Args:
        package: its full name.
        modules: for each name that it offers, the module in it that has it.
    """

    def fetch(name: str) -> object:
        module = modules.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{module}"), name)

    return fetch
