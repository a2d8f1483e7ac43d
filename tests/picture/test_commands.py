"""``starting-picture``: without a database, and the same bytes as the screen."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from backofficine.catalog.services import import_bdpm
from backofficine.cli.program import run
from backofficine.picture import services
from tests.picture.files import given, sales_bytes, stock_bytes
from tests.picture.shop import code


@pytest.fixture
def files(tmp_path):
    stock, sales = tmp_path / "stock.csv", tmp_path / "ventes.csv"
    stock.write_bytes(stock_bytes())
    sales.write_bytes(sales_bytes())
    return [str(stock), str(sales)]


def test_a_picture_needs_no_database(files, tmp_path):
    edition = tmp_path / "2026-01-28"
    edition.mkdir()
    (edition / "CIS_bdpm.txt").write_text(
        "69990001\tINVENTE 1, comprimé\tcomprimé\torale\tAutorisation active\tNationale\t"
        "Commercialisée\t01/01/2001\t\t\tALPHA\tNon\n"
    )
    (edition / "CIS_CIP_bdpm.txt").write_text(
        f"69990001\t{code(1)[5:12]}\tplaquette de 30 comprimés\tPrésentation active\t"
        f"Déclaration de commercialisation\t01/01/2001\t{code(1)}\toui\t65 %\t10,00\t11,02\t"
        "1,02\t\n"
    )
    environment = {**os.environ, "BACKOFFICINE_DATA_DIR": str(tmp_path / "empty")}
    environment.pop("DATABASE_URL", None)
    words = [sys.executable, "-m", "backofficine", "starting-picture", *files, "--json"]

    done = subprocess.run(
        [*words, "--bdpm", str(edition)], env=environment, capture_output=True, check=True
    )
    report = json.loads(done.stdout)

    assert report["totals"]["unmatched"] == 32
    assert report["editions"][0]["edition"] == "2026-01-28"


def test_the_command_twice_gives_the_same_bytes(files, db, capsysbinary):
    run(["starting-picture", *files, "--json"])
    first = capsysbinary.readouterr().out
    run(["starting-picture", *files, "--json"])

    assert capsysbinary.readouterr().out == first


def test_the_command_and_the_screen_give_the_same_bytes(
    files, editions, real_national, pharmacy, actor, now, capsysbinary
):
    boxes = sorted(real_national.products.values(), key=lambda box: box.cip13)[::40]
    real = [f"{box.cip13};BOITE;{n % 4};;;;" for n, box in enumerate(boxes)]
    for folder in editions:
        import_bdpm(folder, at=now)
    picture = services.take_picture(given(*real), at=now, actor=actor)
    Path(files[0]).write_bytes(stock_bytes(*real))

    run(["starting-picture", *files, "--json", *_bdpm(editions)])
    from_files = capsysbinary.readouterr().out
    run(["starting-picture", *files, "--json"])
    from_database = capsysbinary.readouterr().out

    assert bytes(picture.report) == from_files == from_database


def _bdpm(editions):
    return [word for folder in editions for word in ("--bdpm", str(folder))]


def test_the_text_tells_every_section_and_monday(files, db, capsys):
    status = run(["starting-picture", *files])
    text = capsys.readouterr().out

    assert status == 0
    assert "SILENCIEUX CPR" in text
    assert len([line for line in text.splitlines() if line.isupper()]) >= 10


def test_the_printed_pages_are_the_same_each_time(files, db, tmp_path, capsys):
    one, other = tmp_path / "un.pdf", tmp_path / "deux.pdf"
    for path in (one, other):
        assert run(["starting-picture", *files, "--pdf", str(path)]) == 0

    assert one.read_bytes() == other.read_bytes()
    assert one.read_bytes().startswith(b"%PDF")


def test_a_day_may_be_chosen(files, db, capsysbinary):
    run(["starting-picture", *files, "--json", "--as-of", "2025-12-31"])

    assert json.loads(capsysbinary.readouterr().out)["as_of"] == "2025-12-31"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda words: [words[0], words[1] + "x"], id="no such file"),
        pytest.param(lambda words: [*words, "--bdpm", words[0]], id="a file as a folder"),
        pytest.param(lambda words: [*words, "--as-of", "1999-01-01"], id="before every sale"),
        pytest.param(lambda words: [*words, "--pdf", "/nowhere/at/all.pdf"], id="no such folder"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(files, db, capsys, change):
    status = run(["starting-picture", *change(files)])

    assert status == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
