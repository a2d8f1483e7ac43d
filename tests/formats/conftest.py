"""What the tests of formats share: the folder of real data, and a day that does not move."""

import os
from datetime import date
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data, never part of the repository; tests that need it skip without it."""
    folder = Path(os.environ.get("BACKOFFICINE_TEST_DATA") or _ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("real data absent: set BACKOFFICINE_TEST_DATA")
    return folder


@pytest.fixture
def today() -> date:
    return date(2026, 11, 24)
