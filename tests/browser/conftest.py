"""A real server on a copy of a small demo pharmacy, and the system's Chromium driven by people.

A journey asks for ``shop`` (a fresh copy and its server) and ``person("preparateur")`` (a page
where that colleague is logged in). ``scan(page, code)`` types as a scanner does;
``assert_accessible(page)`` asks axe. Screenshots go to the folder ``SCREENSHOTS`` when it is set.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from backofficine.team.demo import PASSWORD
from tests.serving import LOGIN, Server, backofficine
from tests.wedge import Wedge

DAYS, REFERENCES = 10, 500
PARIS = ZoneInfo("Europe/Paris")
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright runs a loop in our thread


def shift_to(now: datetime) -> str:
    """What the clock of a server started now must add, in whole seconds, to read ``now``."""
    return str(int((now - datetime.now(UTC)).total_seconds()))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # One worker builds the demo once and runs them all.
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Debian's Chromium is, or ``CHROMIUM=…``; without it the journeys skip."""
    found = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if not found:
        pytest.skip("no Chromium: install Debian's package, or set CHROMIUM=…")
    return found


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], chromium: str
) -> dict[str, Any]:
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "args": [
            "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
        ],
    }  # fmt: skip


@dataclass
class Shop:
    """A running pharmacy: its address, its folder, its present instant."""

    server: Server
    folder: Path
    environment: dict[str, str]
    now: datetime

    @property
    def url(self) -> str:
        return self.server.url

    def move_clock_to(self, hour: int, minute: int) -> None:
        """Serve again from that hour of the same day, Paris time: the past stays as it is."""
        local = self.now.astimezone(PARIS).replace(hour=hour, minute=minute, second=0)
        self.now = local.astimezone(UTC)
        self.server.stop()
        self.environment["BACKOFFICINE_CLOCK_SHIFT_SECONDS"] = shift_to(self.now)
        self.server.start()

    def run(self, *words: str) -> Any:
        """One sub-command on this pharmacy; its JSON report if it was asked for."""
        done = backofficine(*words, environment=self.environment)
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout) if "--json" in words else done.stdout

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of its database, read beside the server."""
        with closing(sqlite3.connect(self.folder / "backofficine.sqlite3")) as connection:
            return list(connection.execute(query, values))


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo pharmacy, built once: ten days of past, five hundred references.

    ``BROWSER_DEMO=…`` gives the folder of one that is built, which is copied and left as it is.
    """
    if built := os.environ.get("BROWSER_DEMO"):
        return Path(built)
    folder = tmp_path_factory.mktemp("demo")
    environment = {
        "BACKOFFICINE_DATA_DIR": str(folder), "BACKOFFICINE_SQLITE_SYNCHRONOUS": "OFF",
    }  # fmt: skip
    done = backofficine(
        "build-demo", "--days", str(DAYS), "--references", str(REFERENCES), environment=environment
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def shop(demo_folder: Path, tmp_path: Path) -> Iterator[Shop]:
    """A copy of the demo, served at the instant where its past stops."""
    folder = tmp_path / "shop"
    shutil.copytree(demo_folder, folder)
    with closing(sqlite3.connect(folder / "backofficine.sqlite3")) as connection:
        (last,) = connection.execute("SELECT MAX(recorded_at) FROM stock_posting").fetchone()
    now = datetime.fromisoformat(last).replace(tzinfo=UTC)
    environment = {
        "BACKOFFICINE_DATA_DIR": str(folder),
        "BACKOFFICINE_CLOCK_SHIFT_SECONDS": shift_to(now),
        "BACKOFFICINE_SQLITE_SYNCHRONOUS": "OFF",
    }
    server = Server(environment, log=tmp_path / "server.log")
    server.start()
    yield Shop(server, folder, environment, now)
    server.stop()


@pytest.fixture
def person(shop: Shop, browser: Browser) -> Iterator[Callable[..., Page]]:
    """``person("adjoint")``: a page of that colleague's own browser, logged in."""
    contexts = []

    def log_in(username: str, *, phone: bool = False, dark: bool = False) -> Page:
        context = browser.new_context(
            base_url=shop.url,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            viewport={"width": 390, "height": 844} if phone else {"width": 1366, "height": 768},
            has_touch=phone,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(LOGIN)
        page.locator("input[name=login]").fill(username)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("input[name=password]").press("Enter")
        expect(page.locator("input[name=password]")).to_have_count(0)
        return page

    yield log_in
    for number, context in enumerate(contexts):
        photograph(context.pages[-1], f"last-{number}")  # where each one stopped, if a test fails
        context.close()


def scan(page: Page, code: str) -> None:
    """What a wedge scanner does: the characters at once, then Enter."""
    page.wait_for_load_state()
    if page not in _wedges:
        _wedges[page] = Wedge(page)
    _wedges[page].scan(code)


_wedges: WeakKeyDictionary[Page, Wedge] = WeakKeyDictionary()


def assert_accessible(page: Page) -> None:
    """No WCAG 2.2 AA fault that axe can see on the page as it is."""
    found = Axe().run(page, options={"runOnly": RULES})
    faults = [
        f"{fault['id']}: {fault['help']} — {node['html'][:140]}"
        for fault in found.response["violations"]
        for node in fault["nodes"]
    ]
    assert faults == []


def photograph(page: Page, name: str) -> None:
    """Keep what the page looks like, if someone wants to look."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.fixture(name="scan")
def scan_fixture() -> Callable[[Page, str], None]:
    return scan


@pytest.fixture(name="assert_accessible")
def accessible_fixture() -> Callable[[Page], None]:
    return assert_accessible


@pytest.fixture(name="photograph")
def photograph_fixture() -> Callable[[Page, str], None]:
    return photograph
