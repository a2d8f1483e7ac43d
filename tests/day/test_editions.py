"""The two real editions of the national catalogue: what changes, what does not."""

import gzip
import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from backofficine.catalog.models import (
    CatalogEdition,
    GenericGroup,
    GenericMember,
    Price,
    Product,
    ProductCode,
    Speciality,
)
from backofficine.cli import main

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

TABLES = (CatalogEdition, GenericGroup, GenericMember, Price, Product, ProductCode, Speciality)
NO_CHANGE = {"price": 0, "state": 0, "availability": 0, "other": 0}


@pytest.fixture
def editions(data_folder: Path) -> Path:
    folder = data_folder / "bdpm"
    if not (folder / "2026-01-28").is_dir() or not (folder / "2025-07-07").is_dir():
        pytest.skip("real data incomplete: bdpm")
    return folder


def imported(folder: Path, capsys: pytest.CaptureFixture[str], now: datetime) -> dict[str, Any]:
    assert main(["import-bdpm", str(folder), "--json", "--at", now.isoformat()]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def contents() -> dict[str, list[Any]]:
    """Every row of the catalogue but its primary keys' order."""
    return {
        model.__name__: sorted(map(repr, model.objects.values_list()))
        for model in TABLES
        if model is not CatalogEdition
    }


def test_the_second_edition_changes_what_was_measured(
    editions: Path, capsys: pytest.CaptureFixture[str], now: datetime
) -> None:
    first = imported(editions / "2025-07-07", capsys, now)
    second = imported(editions / "2026-01-28", capsys, now)

    assert first["presentations"]["added"] == 20_882
    assert second["edition"] == "2026-01-28"
    told = second["presentations"]
    assert (told["added"], told["removed"]) == (478, 485)
    changed = told["changed"]
    assert (changed["price"], changed["state"], changed["availability"]) == (880, 407, 544)
    assert Product.objects.filter(absent_since="").count() == 20_875


def test_the_same_edition_again_changes_not_one_row(
    editions: Path, capsys: pytest.CaptureFixture[str], now: datetime, tmp_path: Path
) -> None:
    imported(editions / "2025-07-07", capsys, now)
    imported(editions / "2026-01-28", capsys, now)
    before = contents()

    again = imported(editions / "2026-01-28", capsys, now)
    # The very files unpacked, copied in reverse order, then with their lines in another order.
    plain = tmp_path / "plain" / "2026-01-28"
    plain.mkdir(parents=True)
    for path in sorted((editions / "2026-01-28").glob("*.gz"), reverse=True):
        with gzip.open(path) as packed, (plain / path.stem).open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
    unpacked_again = imported(plain, capsys, now)
    boxes = plain / "CIS_CIP_bdpm.txt"
    lines = boxes.read_bytes().splitlines(keepends=True)
    boxes.write_bytes(b"".join(reversed(lines)))
    shuffled = imported(plain, capsys, now)

    for told in (again, unpacked_again, shuffled):
        assert told["presentations"]["changed"] == NO_CHANGE
        assert told["presentations"]["unchanged"] == 20_875
        assert (told["presentations"]["added"], told["presentations"]["removed"]) == (0, 0)
    assert contents() == before


def test_packed_and_plain_files_make_the_same_catalogue(
    editions: Path, capsys: pytest.CaptureFixture[str], now: datetime, tmp_path: Path
) -> None:
    mixed = tmp_path / "2026-01-28"
    mixed.mkdir()
    for number, path in enumerate(sorted((editions / "2026-01-28").glob("*.gz"))):
        if number % 2:
            shutil.copy(path, mixed)
        else:
            (mixed / path.stem).write_bytes(gzip.decompress(path.read_bytes()))

    told = imported(mixed, capsys, now)

    assert told["presentations"]["added"] == 20_875
    again = imported(editions / "2026-01-28", capsys, now)
    assert again["presentations"]["changed"] == NO_CHANGE
    assert again["presentations"]["unchanged"] == 20_875
