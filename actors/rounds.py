"""When a poll comes round, in the one order of all that has a say. Pure.

Webhooks that work give the interval of an idle account, readers shorten it, and the month's reads
stretch what comes of that.
"""

from actors import readers
from actors.polling import Stretch
from actors.readers import NO_READERS
from actors.state import Rules, State
from actors.vendors.base import Look


def round_s(state: State, look: Look, rules: Rules, normal_s: float, works_until_s: float) -> float:
    """Return when to make a look that comes round.

    Args:
        state: of the account.
        look: which one.
        rules: what never changes.
        normal_s: when it would be due without webhooks and readers, stretched already.
        works_until_s: until when webhooks count as working.
    """
    settings = rules.settings
    due_s, shortest_s = normal_s, settings.poll_interval_active_s
    if normal_s >= state.trusts_from_s:
        stretch = Stretch(
            settings.poll_interval_s, settings.poll_interval_with_webhooks_s, rules.phase
        )
        due_s = stretch.due_s(normal_s, works_until_s)
    if state.readers is NO_READERS or shortest_s is None:
        return due_s
    if due_s > normal_s:
        shortest_s = settings.poll_interval_s
    return min(due_s, readers.next_look_s(state.readers, look.key, shortest_s, rules.pace.stretch))
