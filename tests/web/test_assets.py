"""What the browser receives can be built anywhere, and lacks no drawing."""

import json
import re

import pytest

from tests.web.conftest import ROOT

FRONTEND = ROOT / "frontend"
BUILT = ROOT / "backofficine" / "static" / "dist"
PAGES = sorted((ROOT / "backofficine").rglob("templates/**/*.html"))


def test_every_part_has_an_exact_version():
    package = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))
    versions = {**package["dependencies"], **package["devDependencies"]}

    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())


def test_the_lock_names_no_host():
    lock = (FRONTEND / "package-lock.json").read_text(encoding="utf-8")

    assert "resolved" not in lock


@pytest.mark.skipif(not BUILT.exists(), reason="the front end is not built: make assets")
def test_every_icon_a_page_names_is_in_the_sprite():
    sprite = (BUILT / "icons.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    named = {
        name
        for page in PAGES
        for name in re.findall(
            r"""\bicon(?:\s+|\s*=\s*)["']([a-z0-9-]+)["']""", page.read_text(encoding="utf-8")
        )
    }

    assert named - drawn == set()


@pytest.mark.skipif(not BUILT.exists(), reason="the front end is not built: make assets")
def test_the_style_sheet_stays_light():
    assert (BUILT / "style.css").stat().st_size < 180_000
