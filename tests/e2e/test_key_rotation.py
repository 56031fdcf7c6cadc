"""A daemon that runs takes up a new key while it works."""

import pytest

from support.forked_daemons import forked
from support.small_company import (
    SmallCompany,
    assert_nothing_lost_and_nothing_doubled,
    end_well,
)

pytestmark = pytest.mark.timeout(120)


def test_keys_are_rotated_under_a_running_daemon_and_the_old_one_forgotten(
    company: SmallCompany,
) -> None:
    setup = company.setup
    key_file = setup.database.with_name("syncline.db.key")
    with forked(setup) as daemon:
        company.connect_and_become_live()
        (old,) = key_file.read_text().split()
        rotated = setup.command("keys", "rotate")
        assert rotated.returncode == 0, rotated.stderr
        assert f"told the daemon (process {daemon.pid})" in rotated.stderr
        assert "sealing_key_rotated" in daemon.err
        new, kept = key_file.read_text().split()
        assert (kept, new != old) == (old, True)
        company.sandbox.churn(company.realm_id, 5)
        company.become_exact()
        forgotten = setup.command("keys", "forget", "--yes")
        assert forgotten.returncode == 0, forgotten.stderr
        assert key_file.read_text().split() == [new]
        end_well(daemon)
    with forked(setup) as daemon:
        company.become_exact()
        end_well(daemon)
    assert_nothing_lost_and_nothing_doubled(company)
