"""From what was learnt and what things cost to the levels of each product for one round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from backofficine.pharmacy import queries as pharmacy
from backofficine.pharmacy.queries import UnknownValue
from backofficine.planning.queries import OpenDays
from backofficine.planning.queries.series import CYCLE
from backofficine.planning.queries.training import Learnt
from backofficine.science.decision import Laws, Spans, UnitCosts, thresholds
from backofficine.science.demand.laws import Law
from backofficine.science.demand.training import Trained, predict
from backofficine.science.policies import Levels

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Until the pharmacy sets its own, dated, under Settings.
LEAVING_SHARE = Decimal("0.10")  # of the patients whose box is missing
LEAVING_LOSS = Decimal(8)  # euros of margin of the basket that leaves with them
MAJOR_FACTOR = Decimal(3)  # times the cost, for major therapeutic interest and emergency
HOLDING_RATE = Decimal("0.12")  # of its value, a year on the shelf
ROOM_COST = Decimal("0.50")  # euros, the place of one box for a year
SHELF_LIFE_MONTHS = Decimal(18)  # left on the day a box is received
MINUTES_LINE = Decimal("0.5")  # typing, checking and putting away one order line
MINUTES_PROMISE, HOURLY = Decimal(8), Decimal(25)
DAYS_A_MONTH = 30.4


@dataclass(frozen=True, slots=True)
class Prices:
    """What being wrong costs on a day, for one box, in euros."""

    missing: float
    """One box asked for and not there."""
    major: float
    """Times that, for a product that patients cannot do without."""
    holding: float
    """Share of its value that a box kept a year costs."""
    room: float
    """The place it takes that year."""
    line: float
    shelf_life_days: int

    @classmethod
    def read(cls, *, on: date) -> "Prices":
        promise = _tariff("minutes_promise", MINUTES_PROMISE, on=on)
        hour = _tariff("hourly_cost", HOURLY, on=on)
        leaving = _number("leaving_share", LEAVING_SHARE, on=on)
        loss = _number("leaving_loss", LEAVING_LOSS, on=on)
        return cls(
            missing=float(promise * hour / 60 + leaving * loss),
            major=float(_number("major_factor", MAJOR_FACTOR, on=on)),
            holding=float(_number("holding_rate", HOLDING_RATE, on=on)),
            room=float(_number("room_cost", ROOM_COST, on=on)),
            line=float(_tariff("minutes_order_line", MINUTES_LINE, on=on) * hour / 60),
            shelf_life_days=round(
                float(_number("shelf_life_months", SHELF_LIFE_MONTHS, on=on)) * DAYS_A_MONTH
            ),
        )


@dataclass(frozen=True, slots=True)
class Ahead:
    """Open days to cover, by place in the year: (53,) each."""

    lead: Floats
    cover: Floats
    life: Floats

    @classmethod
    def of(
        cls, at: datetime, *, due_at: datetime, until: datetime, life_days: int, calendar: OpenDays
    ) -> "Ahead":
        """From now to the delivery, to the delivery after it, and to the date of a box."""
        return cls(
            lead=_by_week(at, due_at, calendar),
            cover=_by_week(at, until, calendar),
            life=_whole_days(calendar.local_day(due_at), life_days, calendar),
        )


def levels_of(
    learnt: Learnt,
    products: Sequence[int],
    *,
    ahead: Ahead,
    prices: Prices,
    unit_cost: Floats,
    per_box: Ints,
    case: Ints,
    is_major: npt.NDArray[np.bool_],
    factor: Floats | None = None,
    most: Mapping[int, int] | None = None,
) -> tuple[Levels, Ints]:
    """The levels of ``products``, and their rows in what was learnt (−1: never learnt).

    ``unit_cost`` is euros excl. VAT for one stock unit, NaN when unknown: such a product is taken
    to cost what the middle one does. ``factor`` multiplies the demand ahead (a seasonal plan),
    ``most`` caps the target of some products, in stock units.
    """
    keys = np.asarray(products, dtype=np.int64)
    row = np.searchsorted(learnt.products, keys)
    row = np.where(row < len(learnt.products), row, 0)
    known = learnt.products[row] == keys if len(learnt.products) else np.zeros(len(keys), bool)
    index = np.flatnonzero(known)
    times = np.ones(len(keys)) if factor is None else factor
    trained = _take(learnt.trained, row[index], times[index])
    laws = Laws(
        lead=_law(trained, ahead.lead),
        cover=_law(trained, ahead.cover),
        review=_law(trained, np.maximum(ahead.cover - ahead.lead, 0.0)),
        life=_law(trained, ahead.life),
    )
    cost = np.where(np.isnan(unit_cost), _middle(unit_cost), unit_cost)[index]
    year = max(float(ahead.life.sum()) / max(prices.shelf_life_days, 1) * 365.25, 1.0)
    missing = prices.missing * np.where(is_major[index], prices.major, 1.0) / per_box[index]
    costs = UnitCosts(
        missing=missing,
        holding=(cost * prices.holding + prices.room / per_box[index]) / year,
        line=np.full(len(index), prices.line),
        expired=cost,
    )
    lead, cover = float(ahead.lead.sum()), float(ahead.cover.sum())
    sold = np.floor(laws.life.expected()).astype(np.int64)
    for place, product in enumerate(keys[index].tolist()):
        if most is not None and product in most:
            sold[place] = min(sold[place], most[product])
    found = thresholds(
        laws,
        spans=Spans(
            lead=np.array(lead),
            review=np.array(max(cover - lead, 0.1)),
            life=np.array(max(float(ahead.life.sum()), 1.0)),
        ),
        costs=costs,
        case=case[index],
        most=np.maximum(sold, 1),
    )

    def column(values: npt.NDArray[Any], none: Any) -> npt.NDArray[Any]:
        whole = np.full(len(keys), none, dtype=values.dtype)
        whole[index] = values
        return whole

    levels = Levels(
        known=known,
        minimum=column(found.minimum, 0),
        target=column(found.target, 0),
        expected=column(np.round(laws.cover.expected(), 1), 0.0),
        chance=column(np.floor(found.chance * 100) / 100, 0.0),
        missing_cost=column(np.round(missing, 2), 0.0),
        holding_cost=column(np.round(costs.holding * year, 2), 0.0),
    )
    return levels, np.where(known, row, -1)


def _law(trained: Trained, weight: Floats) -> Law:
    return predict(trained, weight=weight, season=np.arange(CYCLE, dtype=np.int64))


def _take(trained: Trained, rows: npt.NDArray[Any], factor: Floats) -> Trained:
    columns = {name: column[rows] for name, column in trained.columns().items()}
    columns["level"] = columns["level"] * factor
    return Trained.of(columns, trained.shared())


def _middle(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else 5.0


def _by_week(start: datetime, end: datetime, calendar: OpenDays) -> Floats:
    """Open days between two instants, by place in the year."""
    found = np.zeros(CYCLE)
    day, last = calendar.local_day(start), calendar.local_day(end)
    while day <= last:
        first, after = pharmacy.day_bounds(day)
        found[day.isocalendar().week - 1] += calendar.between(max(start, first), min(end, after))
        day += timedelta(days=1)
    return found


def _whole_days(first: date, days: int, calendar: OpenDays) -> Floats:
    found = np.zeros(CYCLE)
    for ahead in range(days):
        day = first + timedelta(days=ahead)
        found[day.isocalendar().week - 1] += calendar.weight(day)
    return found


def _number(key: str, default: Decimal, *, on: date) -> Decimal:
    try:
        return pharmacy.number(key, on=on)
    except UnknownValue:
        return default


def _tariff(key: str, default: Decimal, *, on: date) -> Decimal:
    try:
        return Decimal(pharmacy.tariff(key, on=on).amount)
    except UnknownValue:
        return default
