"""A stand-in for Housecall Pro.

What it imitates and how surely that is known is cited by section of the housecallpro facts.
"""

from daemon.sandbox.housecallpro.business import Business
from daemon.sandbox.housecallpro.faults import FaultKind
from daemon.sandbox.housecallpro.sandbox import HousecallProSandbox
from daemon.sandbox.housecallpro.webhook_sender import DEFAULT_SECRET

__all__ = ["DEFAULT_SECRET", "Business", "FaultKind", "HousecallProSandbox"]
