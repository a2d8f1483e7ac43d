"""A scanner in a real browser: fast keys, slow people, a network that falls."""

import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import override_settings

from tests.web import scan_pages
from tests.web.conftest import ROOT

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
BUILT = ROOT / "backofficine" / "static" / "dist" / "app.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium: set CHROMIUM=…"),
    pytest.mark.skipif(not BUILT.exists(), reason="the front end is not built: make assets"),
]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 32


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The two pages, served without a database."""
    with override_settings(
        ROOT_URLCONF="tests.web.scan_pages",
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=[
            "whitenoise.middleware.WhiteNoiseMiddleware",
            "csp.middleware.CSPMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django_htmx.middleware.HtmxMiddleware",
        ],
    ):
        server = make_server(
            "127.0.0.1", 0, get_wsgi_application(), server_class=_Server, handler_class=_Quiet
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def chromium(playwright: Any) -> Iterator[Any]:
    # The plugin's own Playwright: a process can hold only one.
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def desk(chromium: Any, address: str) -> Iterator[Any]:
    """A page of the desk, and a clean memory of what was sent."""
    scan_pages.sent.clear()
    scan_pages.trouble.update(down=False, locked=False)
    context = chromium.new_context(
        base_url=address, locale="fr-FR", viewport={"width": 1366, "height": 768}
    )
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto("/")
    yield page
    assert broken == []
    context.close()


class Wedge:
    """A scanner: keys 5 ms apart by the clock of the keyboard, however busy this machine is."""

    NAMED = {"Enter": ("Enter", 13, "\r"), "Tab": ("Tab", 9, ""), "F8": ("F8", 119, "")}

    def __init__(self, page: Any) -> None:
        self.protocol = page.context.new_cdp_session(page)
        self.at = time.time()

    def _key(self, kind: str, **event: Any) -> None:
        self.protocol.send("Input.dispatchKeyEvent", {"type": kind, "timestamp": self.at, **event})

    def press(self, name: str) -> None:
        self.at += 0.005
        if name in self.NAMED:
            code, number, text = self.NAMED[name]
            event = {"key": name, "code": code, "windowsVirtualKeyCode": number, "text": text}
            self._key("keyDown" if text else "rawKeyDown", **event)
            self._key("keyUp", **event)
        elif name == "Control+]":
            event = {"key": "]", "code": "BracketRight", "windowsVirtualKeyCode": 221}
            self._key("rawKeyDown", modifiers=2, **event)
            self._key("keyUp", modifiers=2, **event)
        elif name == "Alt+029":
            alt = {"key": "Alt", "code": "AltLeft", "windowsVirtualKeyCode": 18}
            self._key("rawKeyDown", modifiers=1, **alt)
            for digit in "029":
                self.at += 0.005
                self._key("rawKeyDown", modifiers=1, key=digit, code=f"Numpad{digit}")
            self._key("keyUp", **alt)
        else:
            self._key("keyDown", key=name, text=name)
            self._key("keyUp", key=name)

    def scan(self, *parts: str, end: str = "Enter") -> None:
        """Codes as text, separators by the name of their key."""
        self.at = max(time.time(), self.at + 0.3)
        for part in parts:
            for key in [part] if part in {"Control+]", "F8", "Alt+029"} else part:
                self.press(key)
        self.press(end)


def wedge(page: Any, *parts: str, end: str = "Enter") -> None:
    if not hasattr(page, "wedge"):
        page.wedge = Wedge(page)
    page.wedge.scan(*parts, end=end)


def received(page: Any, count: int) -> list[dict[str, str]]:
    for _turn in range(100):
        if len(scan_pages.sent) >= count:
            break
        page.wait_for_timeout(60)
    return scan_pages.sent


def test_the_scan_line_has_the_keyboard_when_a_page_opens(desk):
    assert desk.evaluate("() => document.activeElement.id") == "scan-code"


def test_a_scan_is_sent_with_its_page_and_a_number_of_its_own(desk):
    wedge(desk, "3400999104427")

    [scan] = received(desk, 1)
    assert scan["code"] == "3400999104427"
    assert scan["page"] == "/"
    assert re.fullmatch(r"[0-9a-f-]{36}", scan["request_id"])
    assert desk.locator("#scan-result").inner_text() == "Read"
    assert desk.input_value("#scan-code") == ""


@pytest.mark.parametrize("separator", ["Control+]", "F8", "Alt+029"])
def test_the_group_separator_survives_the_keyboard(desk, separator):
    wedge(desk, "10B2409A", separator, "21SN1234")

    assert received(desk, 1)[0]["code"] == "10B2409A\x1d21SN1234"


@pytest.mark.parametrize("end", ["Enter", "Tab"])
def test_a_scan_made_in_a_field_leaves_the_field_as_it_was(desk, end):
    desk.fill("#other", "06 12")

    wedge(desk, "3400999104427", end=end)

    assert received(desk, 1)[0]["code"] == "3400999104427"
    assert desk.input_value("#other") == "06 12"


def test_a_person_who_types_in_a_field_is_not_a_scanner(desk):
    desk.focus("#other")
    desk.keyboard.type("levothane", delay=70)
    desk.keyboard.press("Tab")
    desk.wait_for_timeout(200)

    assert scan_pages.sent == []
    assert desk.input_value("#other") == "levothane"


def test_a_slow_scanner_keeps_its_separator_in_the_scan_field(desk):
    desk.keyboard.type("10B2", delay=70)
    desk.keyboard.press("Control+]")
    desk.keyboard.type("21SN", delay=70)
    desk.keyboard.press("Enter")

    assert received(desk, 1)[0]["code"] == "10B2\x1d21SN"


def test_what_is_typed_by_hand_and_entered_is_sent(desk):
    desk.keyboard.type("amox 500", delay=70)
    desk.keyboard.press("Enter")

    assert received(desk, 1)[0]["code"] == "amox 500"


def test_pasted_lines_are_as_many_scans(desk):
    desk.evaluate("() => document.activeElement.blur()")
    desk.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text", "3400999104427\\n3400999188216");
          document.body.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
        }"""
    )

    assert [scan["code"] for scan in received(desk, 2)] == ["3400999104427", "3400999188216"]


def test_scans_wait_for_the_network_keep_their_order_and_survive_a_change_of_page(desk):
    scan_pages.trouble["down"] = True
    for code in ("AAAAAA1", "AAAAAA2", "AAAAAA3"):
        wedge(desk, code)
    desk.wait_for_function("() => document.querySelector('#scan-state.waits')")
    assert desk.locator("#scan-state").inner_text() == "3 lectures en attente"

    desk.goto("/taking/")
    scan_pages.trouble["down"] = False

    scans = received(desk, 3)
    assert [scan["code"] for scan in scans] == ["AAAAAA1", "AAAAAA2", "AAAAAA3"]
    assert {scan["by"] for scan in scans} == {"house"}  # they were made for another page
    assert len({scan["request_id"] for scan in scans}) == 3


def test_a_page_that_takes_scans_gets_each_one_in_order(desk):
    desk.goto("/taking/")
    for code in ("BBBBBB1", "BBBBBB2", "BBBBBB3"):
        wedge(desk, code)

    scans = received(desk, 3)
    assert [(scan["by"], scan["code"]) for scan in scans] == [
        ("page", "BBBBBB1"),
        ("page", "BBBBBB2"),
        ("page", "BBBBBB3"),
    ]
    assert len({scan["request_id"] for scan in scans} | {"made-by-the-server"}) == 4


def test_a_code_typed_in_the_pages_own_field_is_numbered_too(desk):
    desk.goto("/taking/")
    desk.focus("#code")
    desk.keyboard.type("abc", delay=70)
    desk.keyboard.press("Enter")

    [scan] = received(desk, 1)
    assert (scan["by"], scan["code"]) == ("page", "abc")
    assert scan["request_id"] != "made-by-the-server"


def test_the_house_may_lead_to_another_page(desk):
    wedge(desk, "GO-THERE")

    desk.wait_for_url("**/taking/")


def test_a_scan_that_led_elsewhere_is_not_sent_again(desk):
    desk.goto("/taking/")
    wedge(desk, "GO-BACK")
    desk.wait_for_url(re.compile(r":\d+/$"))
    desk.wait_for_timeout(500)

    assert [scan["code"] for scan in scan_pages.sent] == ["GO-BACK"]


def test_a_scan_made_on_a_locked_post_waits_for_someone(desk):
    scan_pages.trouble["locked"] = True
    wedge(desk, "3400999104427")
    desk.wait_for_url("**/who/?next=/")
    desk.wait_for_timeout(300)
    assert scan_pages.sent == []

    desk.goto("/")

    assert received(desk, 1)[0]["code"] == "3400999104427"


def test_without_a_script_the_line_is_a_plain_form(chromium, address):
    scan_pages.sent.clear()
    context = chromium.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.fill("#scan-code", "3400999104427")
    page.press("#scan-code", "Enter")
    page.wait_for_url("**/scan/")

    assert scan_pages.sent[0]["code"] == "3400999104427"
    context.close()


def test_the_list_of_keys_opens_with_a_question_mark(desk):
    desk.keyboard.press("?")

    assert desk.locator("#bo-keys").is_visible()


def test_enter_on_an_empty_scan_line_does_the_main_act(desk):
    desk.keyboard.press("Enter")

    desk.wait_for_url("**/taking/?by=enter")
    assert scan_pages.sent == []


def test_a_letter_of_the_page_is_a_word_in_a_field_and_an_act_with_alt(desk):
    desk.keyboard.press("n")
    assert desk.input_value("#scan-code") == "n"

    desk.wait_for_timeout(200)  # a person, not a scanner
    desk.keyboard.press("Alt+n")

    desk.wait_for_url("**/taking/?by=n")


def test_the_theme_is_remembered(desk):
    desk.locator(".bo-rail [data-theme-toggle]").click()
    desk.reload()

    assert desk.evaluate("() => document.documentElement.dataset.bsTheme") == "dark"


def test_a_phone_has_five_things_and_a_field_in_its_camera(chromium, address):
    scan_pages.sent.clear()
    context = chromium.new_context(
        base_url=address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto("/")
    assert page.locator(".bo-rail").is_hidden()

    page.get_by_text("Scanner", exact=True).click()
    page.fill("#camera-code", "T3-B-07")
    page.press("#camera-code", "Enter")

    assert received(page, 1)[0]["code"] == "T3-B-07"
    assert page.locator("#bo-camera").is_hidden()
    context.close()
