"""A reload that can be done is taken at once, while the accounts go on."""

import re
import signal

import pytest
import yaml

from support.forked_daemons import forked
from support.real_processes import until
from support.small_company import SmallCompany, end_well

pytestmark = pytest.mark.timeout(120)


def vendors_shown(company: SmallCompany) -> set[str]:
    return set(re.findall(r'vendor="(\w+)"', company.metrics()))


def test_metrics_show_a_vendor_from_when_it_is_configured(company: SmallCompany) -> None:
    setup = company.setup
    with forked(setup) as daemon:
        company.connect_and_become_live()
        assert vendors_shown(company) == {"quickbooks"}
        document = yaml.safe_load(setup.config.read_text())
        document["vendors"]["servicetitan"] = {"app_key": "key"}
        setup.config.write_text(yaml.safe_dump(document))
        daemon.send(signal.SIGHUP)
        until("shown", lambda: vendors_shown(company) == {"quickbooks", "servicetitan"})
        assert not re.search(
            r"syncline_pages_stored_total\{.*servicetitan.*\} [1-9]", company.metrics()
        )
        company.become_exact()
        end_well(daemon)
