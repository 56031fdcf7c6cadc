"""F5: users' writes whose answers are lost, by the vendor, on the way, or because we died."""

from daemon.sandbox.quickbooks import Behaviour
from support.simulation.action_troubles import each_write_once, lost_answers, payers
from support.simulation.expectations import daemon_died
from support.simulation.long_scenarios import CLOCK_JUMPS
from support.simulation.machine_troubles import HOUR_S, crashes, operator, wrong_clock
from support.simulation.scenario import Scenario, realistic


def _ignoring_request_ids() -> Behaviour:
    behaviour = realistic()
    behaviour.request_id_ignored = True
    return behaviour


ACTIONS = (
    Scenario(
        "F05_lost_answers",
        (payers(), lost_answers()),
        days=0.5,
        acts_per_day=24.0,
        expects=(each_write_once(30),),
    ),
    Scenario(
        "F05_crashes",
        (payers(deadly=0.5), lost_answers(share=0.1)),
        days=0.5,
        acts_per_day=24.0,
        owner_may_be_needed=True,
        expects=(each_write_once(25), daemon_died),
    ),
    Scenario(
        "F05_request_ids_ignored",
        (
            payers(deadly=0.3),
            lost_answers(share=0.2),
            crashes(every_s=HOUR_S, slowest_s=120.0),
            wrong_clock(CLOCK_JUMPS),
            operator(every_s=2 * HOUR_S),
        ),
        days=0.5,
        acts_per_day=24.0,
        behaviour=_ignoring_request_ids,
        owner_may_be_needed=True,
        expects=(each_write_once(25), daemon_died),
    ),
)
