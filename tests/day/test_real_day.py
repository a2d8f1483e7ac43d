"""One whole day by command, from an empty database, on real input (tools/real_day.py)."""

import importlib.util
import os
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def real_day() -> ModuleType:
    spec = importlib.util.spec_from_file_location("real_day", ROOT / "tools" / "real_day.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def database() -> Iterator[str]:
    """The address of an empty database on the server these tests run on; none for SQLite."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield ""
        return
    name = f"real_day_{uuid.uuid4().hex[:12]}"
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def data(data_folder: Path) -> Path:
    for needed in ("bdpm/2026-01-28", "openmedic", "pharma-sales"):
        if not (data_folder / needed).is_dir():
            pytest.skip(f"real data incomplete: {needed}")
    return data_folder


@pytest.mark.slow
def test_a_whole_day_on_real_input_adds_up(
    real_day: ModuleType, data: Path, database: str, tmp_path: Path
) -> None:
    files = real_day.build(
        tmp_path / "files", data=data, day=date(2026, 2, 3), seed=7, history_days=60
    )
    shop, checks = real_day.Shop(tmp_path / "shop", database=database), real_day.Checks()

    real_day.live(shop, files, checks, data=data)

    assert checks.faults == []
    assert checks.made > 40


@pytest.mark.slow
def test_the_invented_day_has_the_measured_shape(real_day: ModuleType, data: Path) -> None:
    till = real_day.Till(data, seed=11)
    monday = date(2025, 9, 8)

    days = [till.day(date.fromordinal(monday.toordinal() + back)) for back in range(28)]

    boxes = [sum(sale.quantity for sale in day) for day in days]
    open_days = [count for count in boxes if count]
    assert len(open_days) == 24
    # 390 boxes a day in an average officine; one month of overdispersed days strays by 6 %.
    assert 390 * 0.8 < sum(open_days) / 24 < 390 * 1.2
    hours = [sale.at.hour for day in days for sale in day if sale.at.weekday() < 5]
    assert set(hours) == {8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19}
    # Two humps: late morning, and after work.
    assert hours.count(11) > hours.count(9)
    assert hours.count(18) > hours.count(15)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_day(real_day: ModuleType, data: Path) -> None:
    day = date(2026, 2, 3)

    assert real_day.Till(data, seed=3).day(day) == real_day.Till(data, seed=3).day(day)
