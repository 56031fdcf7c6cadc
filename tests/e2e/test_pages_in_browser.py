"""The pages in a real browser, over a real daemon and a sandbox vendor that breaks and heals."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.browser import browser_page, keep, sign_in
from support.real_processes import SandboxProcess, set_up
from support.small_company import QUICK, SmallCompany

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def company(tmp_path: Path, one_sandbox: SandboxProcess) -> Iterator[SmallCompany]:
    """A company that is live, with a daemon that notices the end of an outage within seconds."""
    soon = {"breaker": {"failures": 5, "reset_after": "1s"}, "retry": {"base": "0.1s", "cap": "1s"}}
    setup = set_up(tmp_path / "daemon", one_sandbox, {**QUICK, **soon})
    found = SmallCompany(setup, one_sandbox)
    with setup.running():
        found.connect_and_become_live()
        yield found
    one_sandbox.http.delete("/sandbox/outage")


def test_an_outage_turns_an_account_red_and_green_again_without_reloading(
    company: SmallCompany,
) -> None:
    with browser_page() as page:
        sign_in(page, company.setup)
        page.evaluate("window.stillTheSamePage = true")
        row = page.locator("#accounts tr", has_text="Corner Café")
        row.get_by_text("live", exact=True).wait_for()
        keep(page, "dashboard")
        company.sandbox.post("/sandbox/outage", {"realm_id": company.realm_id})
        row.get_by_text("degraded", exact=True).wait_for()
        keep(page, "dashboard-outage")
        company.sandbox.http.delete("/sandbox/outage", params={"realm_id": company.realm_id})
        row.get_by_text("live", exact=True).wait_for()
        assert page.evaluate("window.stillTheSamePage")


def test_a_failed_write_is_tried_again_by_its_button(company: SmallCompany) -> None:
    setup, at = company.setup, f"/integrations/{company.account_id}/actions?wait=10"

    def ask(kind: str, payload: dict[str, object]) -> dict[str, object]:
        return setup.ask("POST", at, {"type": kind, "payload": payload})

    first = ask("customer.create", {"DisplayName": "Ada Park"})
    result = first["result"]
    assert isinstance(result, dict)
    not_yet = str(int(result["object_id"]) + 1)
    payment = {"CustomerRef": {"value": not_yet}, "TotalAmt": 12.5}
    assert ask("payment.create", payment)["state"] == "failed"
    assert ask("customer.create", {"DisplayName": "Lin Yu"})["state"] == "succeeded"
    with browser_page() as page:
        sign_in(page, setup, f"/dashboard/accounts/{company.account_id}")
        row = page.locator("#actions tr", has_text="payment.create")
        row.locator("summary").click()
        keep(page, "account-failed-write")
        row.get_by_role("button", name="Try again").click()
        page.get_by_text("It is tried again").wait_for()
        row.get_by_text("succeeded", exact=True).wait_for()
        keep(page, "account")
    assert company.actions() == [("succeeded", 0), ("succeeded", 1), ("succeeded", 0)]


def test_an_account_is_paused_and_resumed_by_keyboard_alone(company: SmallCompany) -> None:
    with browser_page() as page:
        sign_in(page, company.setup, f"/dashboard/accounts/{company.account_id}")
        for button, state in (("Pause", "paused"), ("Resume", "live")):
            for _ in range(12):
                page.keyboard.press("Tab")
                if page.evaluate("document.activeElement.textContent") == button:
                    break
            page.keyboard.press("Enter")
            page.locator("#standing .badge", has_text=state).wait_for()


def test_clients_see_their_own_company_on_a_phone_in_the_dark(company: SmallCompany) -> None:
    with browser_page() as page:
        sign_in(page, company.setup, f"/dashboard/accounts/{company.account_id}")
        link = page.get_by_role("link", name="status page").get_attribute("href")
    with browser_page(width=390, height=800, scheme="dark") as page:
        page.goto(f"{company.setup.url}{link}")
        page.get_by_text("The service works.").wait_for()
        page.get_by_role("heading", name="Corner Café").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        keep(page, "status-phone-dark")
        page.goto(f"{company.setup.url}/dashboard")
        page.get_by_label("Admin token").wait_for()


def test_no_page_is_wider_than_its_window(company: SmallCompany) -> None:
    with browser_page() as page:
        sign_in(page, company.setup)
        account = f"/dashboard/accounts/{company.account_id}"
        for path in ("/dashboard", account, "/dashboard/jobs", "/status"):
            page.goto(f"{company.setup.url}{path}")
            for width in (1200, 390):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        keep(page, "status-phone")
