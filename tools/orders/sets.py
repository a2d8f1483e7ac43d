"""The other sets of real demand, ready to be lived: months, weeks and days.

What each set is, its oddities and its licence are in the README beside its files. Nothing is left
out by looking at what comes later, and products that are not in the range yet are not known.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from tools.orders import vn2
from tools.orders.shop import SEEN_AHEAD, Bools, Demand, Floats, Ints, Rules
from tools.truth_series import DataAbsent, read_parquet

EPOCH = date(1970, 1, 1)
# The imputed days of the pharmacy, and the day its last month begins, which is not whole.
IMPUTED = (date(2017, 1, 1), date(2017, 2, 5))
PARTIAL_FROM = date(2019, 10, 1)
# Retail: a product is followed from its first sale; Saturdays are closed.
RETAIL_FROM, RETAIL_WEEKS = date(2010, 12, 6), 52
# Shops of this retailer were closed in the week of the New Year.
RETAIL_CLOSED = date(2010, 12, 27)


@dataclass(frozen=True, slots=True)
class Trial:
    """A set, how its shop is supplied, and the periods kept for judging."""

    demand: Demand
    rules: Rules
    held_back: int
    """Last periods: scored, never tuned on; as many before them are for tuning."""
    warm_up: int
    """Periods lived before a window to have a stock."""
    memory: tuple[int, ...]
    """Periods of the means that a shop may take: a quarter and a year or so."""

    @property
    def start(self) -> int:
        """Periods that have passed when the judged window begins."""
        return self.demand.periods - self.held_back

    @property
    def tuning_start(self) -> int:
        return self.start - self.held_back


def carparts(folder: Path) -> Trial:
    """Spare parts by month; empty cells are outside the catalogue."""
    heading, *rows = _rows(folder / "carparts" / "carparts.csv.gz")
    return _monthly("carparts", heading[1:], [row[1:] for row in rows])


def hospital_monthly(folder: Path) -> Trial:
    heading, *rows = _rows(folder / "hospital-monthly" / "hospital.csv.gz")
    return _monthly("hospital-monthly", heading[1:], [row[1:] for row in rows])


def _monthly(name: str, months: list[str], cells: list[list[str]]) -> Trial:
    first = int(months[0][5:7]) - 1
    quantity = np.array([[float(cell or 0) for cell in row] for row in cells])
    known = np.array([[cell != "" for cell in row] for row in cells])
    season = (first + np.arange(quantity.shape[1] + SEEN_AHEAD)) % 12
    return Trial(
        demand=_demand(name, quantity, known=known, season=season, cycle=12, period="month"),
        rules=Rules(lead=1, review=1),
        held_back=12,
        warm_up=6,
        memory=(3, 12),
    )


def online_retail(folder: Path) -> Trial:
    """Lines of a retailer by week of Monday, whole weeks only.

    A line that was cancelled the same day never was. Codes that are no product are left out, and
    products never asked for before the weeks for tuning.
    """
    path = folder / "online-retail-uci" / "transactions.parquet"
    if not path.is_file():
        raise DataAbsent(f"{path} is not there")
    table = read_parquet(path.read_bytes(), ["StockCode", "Quantity", "InvoiceDate"])
    lines: dict[tuple[str, int, int], int] = defaultdict(int)
    for code, quantity, instant in zip(
        table["StockCode"], table["Quantity"], table["InvoiceDate"], strict=True
    ):
        text, units = str(code), int(quantity)
        if len(text) >= 5 and text[:5].isdigit() and units != 0:
            day = int(instant) // 86_400_000_000
            lines[text, day, abs(units)] += 1 if units > 0 else -1
    weekly: dict[str, Floats] = defaultdict(lambda: np.zeros(RETAIL_WEEKS))
    origin = (RETAIL_FROM - EPOCH).days
    for (text, day, units), times in lines.items():
        week = (day - origin) // 7
        if 0 <= week < RETAIL_WEEKS and times > 0:
            weekly[text][week] += units * times
    held_back = 12
    followed = RETAIL_WEEKS - 2 * held_back
    names = sorted(text for text, row in weekly.items() if row[:followed].any())
    quantity = np.array([weekly[text] for text in names])
    known = np.cumsum(quantity, axis=1) > 0
    known[:, (RETAIL_CLOSED - RETAIL_FROM).days // 7] = False
    weeks = [RETAIL_FROM + timedelta(weeks=k) for k in range(RETAIL_WEEKS + SEEN_AHEAD)]
    season = np.array([vn2.week_of_year(day) for day in weeks])
    return Trial(
        demand=_demand(
            "online-retail-uci", quantity, known=known, season=season, cycle=53, period="week"
        ),
        rules=Rules(lead=2, review=1),
        held_back=held_back,
        warm_up=6,
        memory=(13, 26),
    )


def pharma_sales(folder: Path) -> Trial:
    """Classes of drugs of one pharmacy by day; fractions of packs are rounded."""
    heading, *rows = _rows(folder / "pharma-sales" / "salesdaily.csv.gz")
    classes = heading[1:9]
    days = [_american(row[0]) for row in rows]
    kept = [place for place, day in enumerate(days) if day < PARTIAL_FROM]
    days = [days[place] for place in kept]
    quantity = np.array([[float(cell) for cell in rows[place][1:9]] for place in kept]).T
    imputed = np.array([IMPUTED[0] <= day <= IMPUTED[1] for day in days])
    known = np.broadcast_to(~imputed, quantity.shape).copy()
    ahead = [days[0] + timedelta(days=k) for k in range(len(days) + SEEN_AHEAD)]
    assert ahead[: len(days)] == days, f"every day is there ({len(classes)} classes)"
    season = np.array([vn2.week_of_year(day) for day in ahead])
    return Trial(
        demand=_demand(
            "pharma-sales",
            np.round(np.maximum(quantity, 0.0)),
            known=known,
            season=season,
            cycle=53,
            period="day",
        ),
        rules=Rules(lead=2, review=2),
        held_back=184,
        warm_up=28,
        memory=(28, 91, 365),
    )


def _american(text: str) -> date:
    """Both spellings of the file put the month first."""
    month, day, year = (int(part) for part in text.replace("-", "/").split("/"))
    return date(year, month, day)


def _demand(
    name: str, quantity: Floats, *, known: Bools, season: Ints, cycle: int, period: str
) -> Demand:
    n, periods = quantity.shape
    return Demand(
        name=name,
        quantity=np.where(known, quantity, 0.0),
        known=known,
        season=season.astype(np.int64),
        cycle=cycle,
        group=np.zeros(n, dtype=np.int64),
        attributes=np.zeros((n, 0), dtype=np.int64),
        period=period,
        weight=np.ones(periods + SEEN_AHEAD),
    )


def _rows(path: Path) -> list[list[str]]:
    if not path.is_file():
        raise DataAbsent(f"{path} is not there")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


TRIALS: dict[str, Callable[[Path], Trial]] = {
    "carparts": carparts,
    "hospital-monthly": hospital_monthly,
    "online-retail-uci": online_retail,
    "pharma-sales": pharma_sales,
}
