"""A real browser, and the operator who sits before it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from support.real_processes import DaemonSetup
from support.system_tools import system_tool

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_DEADLINE_MS = 20_000


@contextmanager
def browser_page(width: int = 1200, height: int = 900, scheme: str = "light") -> Iterator[Page]:
    """Open an empty page. What its scripts complain of fails the test at the end."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=system_tool("chromium", "chromium"), args=list(_QUIET)
        )
        page = browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page.set_default_timeout(_DEADLINE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        browser.close()
    assert complaints == []


def sign_in(page: Page, setup: DaemonSetup, path: str = "/dashboard") -> None:
    """Bring the admin token, as the operator does once."""
    page.goto(f"{setup.url}{path}")
    page.get_by_label("Admin token").fill(
        setup.database.with_name("syncline.db.admin-token").read_text().strip()
    )
    page.keyboard.press("Enter")
    page.locator("#link", has_text="live").wait_for()


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
