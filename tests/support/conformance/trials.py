"""All trials. A vendor in the registry without one fails the suite."""

from collections.abc import Callable, Mapping

from actors.events import CallMade
from support.conformance.housecallpro_trial import HousecallProTrial
from support.conformance.quickbooks_trial import QuickBooksTrial
from support.conformance.servicetitan_trial import ServiceTitanTrial
from support.conformance.trial import Trial
from support.virtual_time import VirtualClock

TrialFactory = Callable[[VirtualClock, Callable[[CallMade], None]], Trial]

TRIALS: Mapping[str, TrialFactory] = {
    "housecallpro": HousecallProTrial,
    "quickbooks": QuickBooksTrial,
    "servicetitan": ServiceTitanTrial,
}
