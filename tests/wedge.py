"""A wedge scanner for browser tests: keys a few milliseconds apart, however busy the machine."""

import time
from typing import Any

from playwright.sync_api import Page

GAP_SECONDS = 0.005
PAUSE_SECONDS = 0.3  # between two scans: longer than any burst


class Wedge:
    """Types as a scanner does; the instants it gives to its keys are those the page measures."""

    NAMED = {"Enter": ("Enter", 13, "\r"), "Tab": ("Tab", 9, ""), "F8": ("F8", 119, "")}

    def __init__(self, page: Page) -> None:
        self.protocol = page.context.new_cdp_session(page)
        self.at = time.time()

    def _key(self, kind: str, **event: Any) -> None:
        self.protocol.send("Input.dispatchKeyEvent", {"type": kind, "timestamp": self.at, **event})

    def press(self, name: str) -> None:
        self.at += GAP_SECONDS
        if name == "\x1d":
            event = {"key": "]", "code": "BracketRight", "windowsVirtualKeyCode": 221}
            self._key("rawKeyDown", modifiers=2, **event)  # the separator travels as Ctrl+]
            self._key("keyUp", modifiers=2, **event)
        elif name in self.NAMED:
            code, number, text = self.NAMED[name]
            event = {"key": name, "code": code, "windowsVirtualKeyCode": number, "text": text}
            self._key("keyDown" if text else "rawKeyDown", **event)
            self._key("keyUp", **event)
        else:
            self._key("keyDown", key=name, text=name)
            self._key("keyUp", key=name)

    def scan(self, code: str, *, end: str = "Enter") -> None:
        """One code and the key that ends it."""
        self.at = max(time.time(), self.at + PAUSE_SECONDS)
        for sign in code:
            self.press(sign)
        self.press(end)
