"""Live one whole day of a pharmacy on real input, by command, from an empty database.

    python tools/real_day.py [--data DIR] [--out DIR] [--day 2026-02-03] [--seed 1] [--postgresql]

The catalogue is the national edition of 2026-01-28. The opening stock and the sales are drawn (a
seeded generator) so that products and volumes follow Open Medic 2024 in one officine out of 19,900
and hours follow the till of a real pharmacy, cut to French opening hours. Everything then goes
through the program ``backofficine`` and nothing else, each report is compared with what the files
said, and every step is timed. Exit 1 if anything does not add up.
"""

import argparse
import csv
import gzip
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))  # a test loads this file by its path
import private_postgresql

PARIS = ZoneInfo("Europe/Paris")
EDITION = "2026-01-28"
OFFICINES = 19_900  # FACTS § 2
OPEN_DAYS_A_YEAR = 305  # 2.368 bn boxes ÷ 19,900 ÷ 390 boxes a day, FACTS § 2
# Days of the week against their mean, FACTS § 1; closed on Sunday.
WEEKDAY = (0.996, 0.98, 0.97, 0.93, 0.985, 1.06, 0.0)
OPENINGS = (((8.5, 12.5), (14.0, 19.5)),) * 5 + (((9.0, 12.5), (14.0, 18.0)), ())
SHOP_SIZE = 16.0  # k of the day's total, FACTS § 1
PRODUCT_SIZE = 8.8  # k of one class, FACTS § 1 (N02BE)
COVER_DAYS = 12.0  # open days of sales that the opening stock holds, on average
BOXES_A_LINE = ((1, 2, 3), (0.80, 0.15, 0.05))  # hospital lines' p50 1, p75 2; assumed here
CLOSED = {date(2026, 1, 1), date(2025, 12, 25), date(2025, 11, 11), date(2025, 11, 1),
          date(2025, 8, 15)}  # fmt: skip
MORNING_EXPORT = (11, 35)


# --- Input ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reference:
    """A product of Open Medic: boxes a day in one officine, and what the catalogue says of it."""

    cip13: str
    label: str
    rate: float
    is_known: bool
    price: float | None


@dataclass(frozen=True)
class Sale:
    """A line of the till; ``quantity`` in boxes, below zero a return."""

    at: datetime
    cip13: str
    label: str
    quantity: int


@dataclass
class Input:
    """The files of one pharmacy, and the same told in Python."""

    day: date
    opening: Path
    history: Path
    morning: Path
    evening: Path
    stock: dict[str, int]
    unknown_stock: int
    past: list[Sale]
    sales: list[Sale]
    known: set[str]


def references(data: Path) -> list[Reference]:
    """What France takes, brought down to one officine."""
    prices = _catalogue(data)
    found = []
    with gzip.open(data / "openmedic" / "openmedic_cip13_2022_2024.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            boxes = float(row["boites_est_2024"] or 0)
            if boxes > 0:
                found.append(
                    Reference(
                        cip13=row["cip13"],
                        label=row["label"],
                        rate=boxes / OFFICINES / OPEN_DAYS_A_YEAR,
                        is_known=row["cip13"] in prices,
                        price=prices.get(row["cip13"]),
                    )
                )
    return found


def _catalogue(data: Path) -> dict[str, float | None]:
    """CIP13 of the edition and their public prices, read here without the importer's help."""
    prices: dict[str, float | None] = {}
    path = data / "bdpm" / EDITION / "CIS_CIP_bdpm.txt.gz"
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            cells = line.rstrip("\r\n").split("\t")
            if len(cells) > 9:
                euros = cells[9].replace(",", "", max(cells[9].count(",") - 1, 0))
                prices[cells[6]] = float(euros.replace(",", ".")) if euros else None
    return prices


def hourly_profile(data: Path) -> dict[int, float]:
    """Share of each hour at a real till; January 2017 is imputed there and left out."""
    shares: Counter[int] = Counter()
    with gzip.open(data / "pharma-sales" / "saleshourly.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            if (row["Year"], row["Month"]) != ("2017", "1"):
                volumes = list(row.values())[1:9]
                shares[int(row["Hour"])] += sum(max(float(each or 0), 0) for each in volumes)
    total = sum(shares.values())
    return {hour: volume / total for hour, volume in shares.items()}


class Till:
    """Draws the sales of a day."""

    def __init__(self, data: Path, *, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.references = references(data)
        self.rates = np.array([each.rate for each in self.references])
        self.profile = hourly_profile(data)

    def day(self, day: date) -> list[Sale]:
        """The lines of one day, in the order of time; none when closed."""
        if not OPENINGS[day.weekday()] or day in CLOSED:
            return []
        draw = self.random
        shop = draw.gamma(SHOP_SIZE, 1 / SHOP_SIZE) * WEEKDAY[day.weekday()]
        mood = draw.gamma(PRODUCT_SIZE, 1 / PRODUCT_SIZE, size=len(self.rates))
        counts = draw.poisson(self.rates * shop * mood)
        minutes, weights = self._minutes(day.weekday())
        sales = []
        for index in np.flatnonzero(counts):
            left = int(counts[index])
            while left:
                boxes = min(left, int(draw.choice(BOXES_A_LINE[0], p=BOXES_A_LINE[1])))
                minute = int(draw.choice(minutes, p=weights))
                at = datetime(day.year, day.month, day.day, tzinfo=PARIS) + timedelta(
                    minutes=minute
                )
                reference = self.references[index]
                sales.append(Sale(at, reference.cip13, reference.label, boxes))
                left -= boxes
        return sorted(sales, key=lambda sale: (sale.at, sale.cip13))

    def _minutes(self, weekday: int) -> tuple[Any, Any]:
        """Minutes at which the shop is open, each with its share."""
        open_at = [
            minute
            for opens, closes in OPENINGS[weekday]
            for minute in range(int(opens * 60), int(closes * 60))
        ]
        weights = np.array([self.profile.get(minute // 60, 0.0) for minute in open_at])
        return np.array(open_at), weights / weights.sum()

    def opening(self) -> dict[int, int]:
        """Boxes held of each reference: what lasts about twelve days, seldom one of a rare one."""
        held = self.random.poisson(self.rates * COVER_DAYS) + (
            self.random.random(len(self.rates)) < np.minimum(self.rates * 60, 0.9)
        )
        return {int(index): int(held[index]) for index in np.flatnonzero(held)}


def build(out: Path, *, data: Path, day: date, seed: int, history_days: int) -> Input:
    """Write the opening stock, the past sales and the day's two exports."""
    till = Till(data, seed=seed)
    past = [
        sale for back in range(history_days, 0, -1) for sale in till.day(day - timedelta(days=back))
    ]
    held = till.opening()
    sales = till.day(day)
    sales += _returns(sales, till)
    sales.sort(key=lambda sale: (sale.at, sale.cip13))
    rows, stock, unknown = [], {}, 0
    for rank, (index, boxes) in enumerate(held.items()):
        about = till.references[index]
        expires = date(2026 + 1 + rank % 3, 1 + rank % 12, 28)
        cost = "" if about.price is None else f"{about.price * 0.78:.2f}".replace(".", ",")
        place = "" if rank % 5 == 0 else f"{'ABCDEF'[rank % 6]}-{rank % 40 + 1:02d}"
        lot = "" if rank % 7 == 0 else f"L{rank:05d}"
        rows.append([about.cip13, about.label, boxes, place, lot,
                     f"{expires:%d/%m/%Y}" if lot else "", cost])  # fmt: skip
        if about.is_known:
            stock[about.cip13] = boxes
        else:
            unknown += 1
    out.mkdir(parents=True, exist_ok=True)
    cut = datetime(day.year, day.month, day.day, *MORNING_EXPORT, tzinfo=PARIS)
    files = Input(
        day=day,
        opening=out / "stock.csv",
        history=out / "sales-history.csv",
        morning=out / "sales-morning.csv",
        evening=out / "sales-day.csv",
        stock=stock,
        unknown_stock=unknown,
        past=past,
        sales=sales,
        known={each.cip13 for each in till.references if each.is_known},
    )
    heading = ["code", "label", "quantity", "location", "lot", "expiry", "avg_cost"]
    _write(files.opening, heading, rows)
    _write_sales(files.history, past)
    _write_sales(files.morning, [sale for sale in sales if sale.at < cut])
    _write_sales(files.evening, sales)
    return files


def _returns(sales: list[Sale], till: Till) -> list[Sale]:
    """Two boxes come back in the afternoon."""
    sold = [sale for sale in sales if sale.at.hour < 11][:2]
    later = timedelta(hours=5)
    return [Sale(each.at + later, each.cip13, each.label, -1) for each in sold]


def _write(path: Path, heading: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(heading)
        writer.writerows(rows)


def _write_sales(path: Path, sales: list[Sale]) -> None:
    rows = [[f"{s.at:%Y-%m-%d %H:%M}", s.cip13, s.label, s.quantity] for s in sales]
    _write(path, ["date", "code", "label", "quantity"], rows)


# --- The program, and nothing else ----------------------------------------------------------------


class StepFailed(Exception):
    """A command ended otherwise than it should."""


@dataclass
class Shop:
    """An installation of its own, driven from outside."""

    folder: Path
    database: str = ""
    timings: list[tuple[str, float]] = field(default_factory=list)

    def run(self, *words: str, at: datetime | None = None, statuses: tuple[int, ...] = (0,)) -> str:
        """Run one sub-command; returns what it wrote. :raises StepFailed: on another status."""
        program = Path(sys.executable).with_name("backofficine")
        command = [str(program)] if program.exists() else [sys.executable, "-m", "backofficine"]
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BACKOFFICINE_", "DJANGO_")) and name != "DATABASE_URL"
        }
        own = {
            "BACKOFFICINE_DATA_DIR": str(self.folder),
            "BACKOFFICINE_OWNER_PASSWORD": "une-phrase-longue-et-rare",
        }
        if self.database:
            own["DATABASE_URL"] = self.database
        moment = ["--at", at.isoformat()] if at else []
        began = time.perf_counter()
        done = subprocess.run(
            [*command, *words, *moment], env=kept | own, capture_output=True, text=True, check=False
        )
        self.timings.append((" ".join(words[:2]), time.perf_counter() - began))
        if done.returncode not in statuses:
            raise StepFailed(
                f"{' '.join(words)}: status {done.returncode}\n"
                f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        return done.stdout

    def report(self, *words: str, at: datetime | None = None) -> dict[str, Any]:
        """Run one sub-command with ``--json``."""
        told: dict[str, Any] = json.loads(self.run(*words, "--json", at=at))
        return told

    def ask(self, code: str) -> Any:
        """What a line of Python prints as JSON, through the program's own shell."""
        return json.loads(self.run("shell", "--no-imports", "-c", code))


_ON_HAND = """
import json
from django.db.models import Sum
from backofficine.stock.models import Balance
print(json.dumps(dict(Balance.objects.filter(on_hand__gt=0)
    .values_list("lot__product__cip13").annotate(Sum("on_hand")).order_by())))
"""
_ORDERED = """
import json
from backofficine.purchasing.models import OrderLine
print(json.dumps([[one.product.cip13, one.quantity, one.received_quantity, one.order.status]
    for one in OrderLine.objects.select_related("product", "order")]))
"""
_DOCK = """
import json
from django.db.models import Sum
from backofficine.stock.models import Balance
print(json.dumps(Balance.objects.filter(location__kind="dock")
    .aggregate(left=Sum("on_hand"))["left"] or 0))
"""


# --- The day --------------------------------------------------------------------------------------


class Ledger:
    """What the record should hold, kept by hand: boxes by CIP13."""

    def __init__(self, stock: dict[str, int]) -> None:
        self.held = defaultdict(int, stock)
        self.found: Counter[str] = Counter()

    def sell(self, sales: list[Sale], known: set[str]) -> tuple[int, int, int]:
        """Lines sold, boxes sold and boxes found that the record did not know."""
        lines = boxes = found = 0
        for sale in sorted(sales, key=lambda one: (one.at, one.quantity < 0)):
            if sale.cip13 not in known:
                continue
            if sale.quantity > 0:
                missing = max(sale.quantity - self.held[sale.cip13], 0)
                self.found[sale.cip13] += missing
                lines, boxes, found = lines + 1, boxes + sale.quantity, found + missing
                self.held[sale.cip13] += missing
            self.held[sale.cip13] -= sale.quantity
        return lines, boxes, found


@dataclass
class Checks:
    """Every comparison made, and those that failed."""

    made: int = 0
    faults: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)

    def same(self, what: str, told: Any, expected: Any) -> None:
        self.made += 1
        if told != expected:
            self.faults.append(f"{what}: {str(told)[:300]}, expected {str(expected)[:300]}")


def live(shop: Shop, files: Input, checks: Checks, *, data: Path) -> None:
    """Found the pharmacy, open its stock, live the day, and compare everything that is told.

    :raises StepFailed: if a command refuses.
    """
    day = files.day

    def clock(hour: int, minute: int = 0, *, back: int = 0) -> datetime:
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS) - timedelta(
            days=back
        )

    eve = clock(19, 40, back=1)
    shop.run("migrate", "-v", "0")
    shop.report(
        "found-pharmacy", "--name", "Pharmacie du Jour", "--owner", "titulaire",
        "--stock-truth", "lgo", at=eve,
    )  # fmt: skip
    shop.report(
        "add-supplier", "Répartition du Jour", "--customer-number", "J-001", "--round",
        "lun-sam 11:45 14:30", "--round", "lun-ven 19:00 7:00", at=eve,
    )  # fmt: skip
    catalogue = shop.report("import-bdpm", str(data / "bdpm" / EDITION), at=eve)
    checks.same("presentations added", catalogue["presentations"]["added"], 20_875)
    ledger = _open(shop, files, checks, at=eve)
    _history(shop, files, checks, at=eve + timedelta(minutes=5))

    cut = clock(*MORNING_EXPORT)
    early = [sale for sale in files.sales if sale.at < cut]
    late = [sale for sale in files.sales if sale.at >= cut]
    _sell(shop, files.morning, early, ledger, checks, known=files.known, repeated=0, at=cut)
    received = _order_and_receive(shop, checks, clock=clock)
    for cip13, boxes in received.items():
        ledger.held[cip13] += boxes
    repeated = sum(sale.cip13 in files.known for sale in early)
    _sell(shop, files.evening, late, ledger, checks, known=files.known, repeated=repeated,
          all_lines=files.sales, at=clock(20))  # fmt: skip

    _evening(shop, ledger, checks, at=clock(20, 10), day=day)


def _open(shop: Shop, files: Input, checks: Checks, *, at: datetime) -> Ledger:
    told = shop.report("import-stock", str(files.opening), at=at)
    checks.same("products opened", told["products"], len(files.stock))
    checks.same("boxes opened", told["quantity"], sum(files.stock.values()))
    checks.same("stock lines left out", len(told["rejected"]), files.unknown_stock)
    checks.same("lines of the stock", told["lines"], len(files.stock) + files.unknown_stock)
    checks.same("stock after opening", shop.ask(_ON_HAND), files.stock)
    again = shop.report("import-stock", str(files.opening), at=at)
    checks.same("the same stock file again", again["unchanged"], True)
    return Ledger(files.stock)


def _history(shop: Shop, files: Input, checks: Checks, *, at: datetime) -> None:
    told = shop.report("import-sales", str(files.history), at=at)
    known = [sale for sale in files.past if sale.cip13 in files.known]
    checks.same("lines of history", told["history"]["lines"], len(known))
    checks.same("boxes of history", told["history"]["quantity"], sum(s.quantity for s in known))
    checks.same("withdrawn by history", told["withdrawn"]["lines"], 0)
    checks.same("history left out", len(told["rejected"]), len(files.past) - len(known))
    checks.same("stock after the history", shop.ask(_ON_HAND), files.stock)


def _sell(
    shop: Shop,
    file: Path,
    sales: list[Sale],
    ledger: Ledger,
    checks: Checks,
    *,
    known: set[str],
    repeated: int,
    at: datetime,
    all_lines: list[Sale] | None = None,
) -> None:
    lines, boxes, found = ledger.sell(sales, known)
    back = [sale for sale in sales if sale.quantity < 0 and sale.cip13 in known]
    in_file = sales if all_lines is None else all_lines
    left_out = sum(sale.cip13 not in known for sale in in_file)
    told = shop.report("import-sales", str(file), at=at)
    checks.story.append(f"{file.name}: {lines} lines, {boxes} boxes out, {found} found")
    checks.same(f"{file.name} lines", told["lines"], len(in_file))
    checks.same(f"{file.name} withdrawn lines", told["withdrawn"]["lines"], lines)
    checks.same(f"{file.name} withdrawn boxes", told["withdrawn"]["quantity"], boxes)
    checks.same(f"{file.name} boxes found", told["withdrawn"]["found"], found)
    checks.same(f"{file.name} returns", told["returned"]["lines"], len(back))
    checks.same(f"{file.name} known already", told["already_known"], repeated)
    checks.same(f"{file.name} left out", len(told["rejected"]), left_out)
    held = {cip13: boxes for cip13, boxes in ledger.held.items() if boxes}
    checks.same(f"stock after {file.name}", shop.ask(_ON_HAND), held)


def _order_and_receive(shop: Shop, checks: Checks, *, clock: Any) -> Counter[str]:
    proposed = shop.report("propose-orders", at=clock(11, 38))
    number = proposed["order"]
    sent_file = shop.folder / "order.csv"
    sent = shop.report("propose-orders", "--send", "--csv", str(sent_file), at=clock(11, 41))
    checks.same("one order", (sent["order"], sent["status"]), (number, "sent"))
    checks.same("the same proposal", sent["lines"], proposed["lines"])
    checks.story.append(
        f"ordered: {sent['totals']['lines']} lines, {sent['totals']['boxes']} boxes, "
        f"{sent['totals']['amount']} €, {sent['totals']['to_look_at']} lines wait for a person"
    )
    # Lines that wait for a person hold no box.
    ordered = Counter({line["code"]: line["quantity"] for line in sent["lines"]})
    ordered = +ordered
    checks.same("something is ordered", len(ordered) > 50, True)
    checks.same("boxes ordered", sent["totals"]["boxes"], sum(ordered.values()))
    checks.same("each line says why", all(line["why"] for line in sent["lines"]), True)
    with sent_file.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    in_file = Counter({row["code"].strip('="'): int(row["qté commandée"]) for row in rows})
    checks.same("the order file", dict(in_file), dict(ordered))

    told = shop.report("receive", number, "--pharmacist", at=clock(14, 40))
    receipt = told["receipts"][0]
    checks.same("boxes received", receipt["boxes"], sum(ordered.values()))
    checks.same("lines received", receipt["lines"], len(ordered))
    checks.same("gaps", receipt["gaps"], [])
    rows = shop.ask(_ORDERED)
    checks.same("received by line", {r[0]: r[2] for r in rows if r[2]}, dict(ordered))
    checks.same("order received", {row[3] for row in rows}, {"received"})

    walked = shop.report("put-away", "--all", "--pharmacist", at=clock(15, 10))
    checks.same("boxes to put away", sum(s["boxes"] for s in walked["stops"]), receipt["boxes"])
    checks.same("left on the dock", shop.ask(_DOCK), 0)
    return ordered


def _evening(shop: Shop, ledger: Ledger, checks: Checks, *, at: datetime, day: date) -> None:
    told = shop.report("losses", "--from", f"{day}", "--to", f"{day}", at=at)
    errors = [line for line in told["lines"] if line["rule"] == "stock_error"]
    found = {cip13: boxes for cip13, boxes in ledger.found.items() if boxes}
    checks.same("stock errors", {e["cip13"]: e["quantity"] for e in errors}, found)
    checks.same("one line a product", len(errors), len(found))
    checks.same("errors of the day", {e["day"] for e in errors}, {f"{day}"} if found else set())
    checks.same("errors wait for a count", {e["state"] for e in errors} <= {"provisional"}, True)
    checks.story.append(
        f"evening: {len(errors)} stock errors ({sum(found.values())} boxes the record did not "
        f"know), {sum(e['minutes'] for e in errors):.0f} minutes, "
        f"{sum(float(e['time_cost']) for e in errors):.2f} € of time, not proved yet"
    )
    checks.same("other losses", [e["rule"] for e in told["lines"] if e not in errors], [])
    sound = shop.report("check-ledger", at=at)
    checks.same("the ledger is sound", (sound["ok"], sound["divergence"]), (True, None))
    # Whether styles are built is another story: a fresh clone has none, and doctor says so.
    findings = json.loads(shop.run("doctor", "--json", statuses=(0, 1)))["findings"]
    bad = [f for f in findings if f["level"] == "error" and f["check"] != "assets"]
    checks.same("the installation is sound", bad, [])


# --- Command line ---------------------------------------------------------------------------------


@contextmanager
def database(*, on_postgresql: bool) -> Iterator[str]:
    """The address of an empty PostgreSQL, or none for SQLite."""
    if not on_postgresql:
        yield ""
        return
    if private_postgresql.binaries() is None:
        raise SystemExit("No PostgreSQL here: install Debian's package “postgresql”.")
    with private_postgresql.running() as url:
        yield url


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default, help="folder of real data")
    parser.add_argument("--out", type=Path, help="keep the files and the installation there")
    parser.add_argument("--day", type=date.fromisoformat, default=date(2026, 2, 3))
    parser.add_argument("--history", type=int, default=182, help="days of past sales")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true", help="on a private cluster")
    options = parser.parse_args(words)
    folder = options.out or Path(tempfile.mkdtemp(prefix="real-day-"))
    began = time.perf_counter()
    try:
        files = build(
            folder / "files", data=options.data, day=options.day, seed=options.seed,
            history_days=options.history,
        )  # fmt: skip
        print(f"{time.perf_counter() - began:6.2f} s  files built: {_told(files)}")
        with database(on_postgresql=options.postgresql) as url:
            shop, checks = Shop(folder / "shop", database=url), Checks()
            try:
                live(shop, files, checks, data=options.data)
            except StepFailed as error:
                checks.faults.append(str(error))
    finally:
        if options.out is None:
            shutil.rmtree(folder, ignore_errors=True)
    for name, seconds in shop.timings:
        if not name.startswith("shell"):
            print(f"{seconds:6.2f} s  {name}")
    for sentence in checks.story:
        print(f"  {sentence}")
    for fault in checks.faults:
        print(f"✗ {fault}")
    print(f"{checks.made} comparisons, {len(checks.faults)} faults.")
    return 1 if checks.faults else 0


def _told(files: Input) -> str:
    hours = Counter(sale.at.hour for sale in files.sales)
    busiest = max(hours, key=lambda hour: hours[hour]) if hours else 0
    days = max(len({sale.at.date() for sale in files.past}), 1)
    boxes = sum(sale.quantity for sale in files.past)
    return (
        f"{len(files.stock)} products and {sum(files.stock.values())} boxes in stock, "
        f"{len(files.past)} lines of past sales ({math.floor(boxes / days)} boxes a day), "
        f"{len(files.sales)} lines that day, the busiest hour {busiest} h"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
