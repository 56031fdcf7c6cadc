"""F26: a reload that cannot be done changes nothing, and says so."""

import signal
from collections.abc import Callable

import pytest
import yaml

from support.forked_daemons import forked
from support.real_processes import until
from support.small_company import SmallCompany, end_well

pytestmark = pytest.mark.timeout(120)


def without_credential(text: str) -> str:
    document = yaml.safe_load(text)
    document["vendors"]["quickbooks"]["client_secret"] = "${NO_SUCH_SECRET}"
    return str(yaml.safe_dump(document))


def open_alerts(company: SmallCompany) -> str:
    return str(company.setup.get("/alerts?state=open"))


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param(lambda text: text + "servre: {}\n", id="unknown section"),
        pytest.param(lambda _: "vendors: [\n", id="no YAML"),
        pytest.param(without_credential, id="missing credential"),
    ],
)
def test_old_configuration_stays(spoiled: Callable[[str], str], company: SmallCompany) -> None:
    setup = company.setup
    with forked(setup) as daemon:
        company.connect_and_become_live()
        right = setup.config.read_text()
        setup.config.write_text(spoiled(right))
        daemon.send(signal.SIGHUP)
        until("told", lambda: "last_reload_successful 0.0" in company.metrics())
        assert "reload_refused" in daemon.err
        until("an alert", lambda: "reload_failed" in open_alerts(company))
        company.sandbox.churn(company.realm_id, 5)
        company.become_exact()
        setup.config.write_text(right)
        daemon.send(signal.SIGHUP)
        until("reloaded", lambda: "last_reload_successful 1.0" in company.metrics())
        until("no alert", lambda: "reload_failed" not in open_alerts(company))
        assert "configuration_reloaded" in str(setup.get("/audit"))
        company.become_exact()
        end_well(daemon)
