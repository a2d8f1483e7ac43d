"""Every text of the tokens can be read on every ground it may lie on, light and dark."""

import re

import pytest

from tests.web.conftest import ROOT

TOKENS = (ROOT / "frontend" / "src" / "tokens.css").read_text(encoding="utf-8")

TEXT_ON_GROUND = [
    *(
        (ink, ground)
        for ink in ("ink", "ink-2", "ink-3")
        for ground in ("paper", "surface", "sunken")
    ),
    ("on-ink", "ink"),
    ("on-cross", "cross"),
    ("on-cross", "cross-press"),
    ("on-now", "now"),
    ("cross", "paper"),
    ("cross", "surface"),
    ("cross-press", "cross-tint"),
    ("now", "paper"),
    ("now", "surface"),
    ("now", "sunken"),
    ("now", "now-tint"),
    ("today", "paper"),
    ("today", "surface"),
    ("today", "sunken"),
    ("today", "today-tint"),
    ("info", "paper"),
    ("info", "surface"),
    ("info", "info-tint"),
    ("ink-2", "none-tint"),
    ("ink", "now-tint"),
    ("ink", "today-tint"),
    ("ink", "info-tint"),
]
BORDER_ON_GROUND = [
    ("line-strong", "paper"),
    ("line-strong", "surface"),
    ("line-strong", "sunken"),
    ("today-fill", "surface"),
    ("now", "surface"),
    ("info", "surface"),
    ("ink", "paper"),
]


def colours(theme: str) -> dict[str, str]:
    """Token → #rrggbb; the dark theme says only what it changes."""
    light, dark = TOKENS.split('[data-bs-theme="dark"]')
    found = dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})", light))
    if theme == "dark":
        found |= dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})", dark))
    return found


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_wcag_measures_it():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_can_be_read(theme, text, ground):
    palette = colours(theme)

    assert contrast(palette[text], palette[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("border", "ground"), BORDER_ON_GROUND)
def test_a_border_that_means_something_can_be_seen(theme, border, ground):
    palette = colours(theme)

    assert contrast(palette[border], palette[ground]) >= 3
