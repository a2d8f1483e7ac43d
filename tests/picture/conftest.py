"""The real national editions, and what the tests of pictures share."""

import os
from pathlib import Path

import pytest

from backofficine.picture import national
from backofficine.picture.national import National

REAL = Path(
    os.environ.get("BACKOFFICINE_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data")
)


@pytest.fixture(scope="session")
def editions() -> list[Path]:
    folder = REAL / "bdpm"
    if not folder.is_dir():
        pytest.skip("real data absent: set BACKOFFICINE_TEST_DATA")
    return [folder / "2025-07-07", folder / "2026-01-28"]


@pytest.fixture(scope="session")
def real_national(editions: list[Path]) -> National:
    return national.from_folders(editions)
