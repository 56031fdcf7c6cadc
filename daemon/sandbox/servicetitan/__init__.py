"""A stand-in for ServiceTitan.

What it imitates and how surely that is known is cited by section of the servicetitan facts.

| module | what it holds |
|---|---|
| `sandbox` | one function from a request to a reply |
| `tenant` | one tenant's objects, and everything that happened to them |
| `export_feed`, `lists` | the two ways to read |
| `creates` | leads and bookings that others make |
| `office` | what becomes of those |
| `tokens`, `limiter`, `faults`, `problems` | access, the limit, what goes wrong, and how that is said |
| `webhook_sender` | what is delivered when |
| `control_http` | playing the vendor with curl |
| `generator` | made-up data, and changes to it |
"""

from daemon.sandbox.servicetitan.faults import FaultKind
from daemon.sandbox.servicetitan.sandbox import APP_KEY, TOKEN_PATH, ServiceTitanSandbox
from daemon.sandbox.servicetitan.tenant import Tenant
from daemon.sandbox.servicetitan.webhook_sender import SignatureForm

__all__ = [
    "APP_KEY",
    "TOKEN_PATH",
    "FaultKind",
    "ServiceTitanSandbox",
    "SignatureForm",
    "Tenant",
]
