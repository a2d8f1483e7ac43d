"""The national catalogue: imported, imported again, searched as one types.

It runs on a database of its own, empty at first, and on the two national editions when the folder
of real data is there; without it these lines are left out, and said to be.
"""

import gzip
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.core.management import call_command
from django.db import connection, transaction

from backofficine.catalog import queries
from backofficine.catalog.models import Product
from backofficine.catalog.services import import_bdpm
from bench.base import say
from bench.measure import Line, in_turns, took_ms

ROOT = Path(__file__).resolve().parent.parent
AT = datetime(2026, 11, 24, 9, 18, tzinfo=UTC)


def editions() -> list[Path]:
    given = os.environ.get("BACKOFFICINE_TEST_DATA")
    data = Path(given) if given else ROOT.parent / "shared" / "data"
    return sorted((data / "bdpm").glob("20*"))


def lines(*, quick: bool) -> Iterator[Line]:
    call_command("migrate", verbosity=0)
    found = editions()
    if not found:
        say("NO NATIONAL EDITION: import and search are not measured (BACKOFFICINE_TEST_DATA)")
        return
    for edition, name in zip(found, ("import-bdpm, empty catalogue", "import-bdpm, next edition"),
                             strict=False):  # fmt: skip
        line = Line(
            name, "s", goal=(("max", 5.0),), note="plain: the same lines, split and inserted"
        )
        line.plain.append(_plain_import(edition))
        began = time.perf_counter()
        import_bdpm(edition, at=AT)
        line.ours.append(time.perf_counter() - began)
        yield line
    unchanged = Line("import-bdpm, unchanged edition", "s", goal=(("max", 2.0),))
    for _time in range(1 if quick else 3):
        unchanged.ours.append(took_ms(lambda: import_bdpm(found[-1], at=AT)) / 1000)
    yield unchanged
    yield _search(quick=quick)


def _plain_import(edition: Path) -> float:
    """Every line of every file, split into columns and inserted as it is, in one transaction."""
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for number, path in enumerate(sorted(edition.glob("*.gz"))):
            rows = [
                [column.strip() for column in line.split("\t")]
                for line in gzip.decompress(path.read_bytes())
                .decode("latin-1")
                .replace("\x00", "")
                .split("\n")
                if line.strip()
            ]
            width = max(len(row) for row in rows)
            columns = ", ".join(f"c{column} TEXT" for column in range(width))
            cursor.execute(f"CREATE TABLE plain_{number} ({columns})")
            marks = ", ".join(["%s"] * width)
            cursor.executemany(
                f"INSERT INTO plain_{number} VALUES ({marks})",
                [row + [""] * (width - len(row)) for row in rows],
            )
    took = time.perf_counter() - began
    with connection.cursor() as cursor:
        for number, _path in enumerate(sorted(edition.glob("*.gz"))):
            cursor.execute(f"DROP TABLE plain_{number}")
    return took


def _search(*, quick: bool) -> Line:
    """What people type: a beginning, a strength, a form, a letter wrong."""
    rng = random.Random(5)
    names = list(Product.objects.order_by("pk").values_list("name", "strength"))

    def typed() -> str:
        name, strength = rng.choice(names)
        word = name.split()[0].lower()
        text = word[: rng.randint(3, max(3, len(word)))]
        if len(text) > 5 and rng.random() < 0.2:
            place = rng.randrange(1, len(text))
            text = text[:place] + rng.choice("aeiou") + text[place + 1 :]
        if strength and rng.random() < 0.5:
            text += " " + strength.split()[0]
        return text + (" cp" if rng.random() < 0.2 else "")

    def ours() -> float:
        text = typed()
        return took_ms(lambda: queries.search(text))

    def theirs() -> float:
        words = typed().split()
        return took_ms(lambda: _like(words))

    for _time in range(20):
        ours()
    line = Line(
        f"search among {len(names)} products", "ms", goal=(("p99", 15.0),),
        note="plain: LIKE on each word, which forgives no letter and knows no abbreviation",
    )  # fmt: skip
    return in_turns(line, ours=ours, plain=theirs, rounds=100 if quick else 1_500)


def _like(words: list[str]) -> None:
    conditions = " AND ".join(
        ["LOWER(name || ' ' || strength || ' ' || form) LIKE %s"] * len(words)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, name, strength, pack FROM catalog_product WHERE {conditions} LIMIT 20",
            [f"%{word}%" for word in words],
        )
        cursor.fetchall()
