"""F15: a vendor that answers nothing, or a byte at a time: the deadline holds, and the account lives on."""

import pytest

from support.forked_daemons import forked
from support.real_processes import set_up, until
from support.small_company import (
    QUICK,
    SmallCompany,
    assert_nothing_lost_and_nothing_doubled,
    end_well,
)

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("kind", ["hang", "slow_body", "reset", "reset_in_body", "truncated"])
def test_account_lives_on(kind: str, company: SmallCompany) -> None:
    retry = {"attempts": 3, "base": "0.1s", "cap": "0.5s"}
    keys = {**QUICK, "timeout": "0.5s", "retry": retry}
    set_up(company.setup.folder, company.sandbox, keys, port=company.setup.port)
    with forked(company.setup) as daemon:
        company.connect_and_become_live()
        company.sandbox.fault(kind, realm_id=company.realm_id, count=3, delay_s=60)
        company.sandbox.churn(company.realm_id, 10)
        until("hit", company.has_no_fault_left)
        company.become_exact()
        end_well(daemon)
    assert_nothing_lost_and_nothing_doubled(company)
