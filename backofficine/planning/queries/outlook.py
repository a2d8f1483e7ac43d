"""What an opened line shows of its product: past weeks, coming weeks, what is there and coming."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import F
from django.db.models.functions import Coalesce, Greatest

from backofficine.planning.queries.calendar import OpenDays
from backofficine.planning.queries.demand import (
    WeekOfDemand,
    _changes_by_day,
    _empty_days,
    weekly_demand,
)
from backofficine.planning.queries.series import seasons
from backofficine.planning.queries.training import latest_training
from backofficine.purchasing.models import OrderLine
from backofficine.purchasing.queries.orders import AWAITED
from backofficine.science.demand.training import Trained, predict
from backofficine.stock import queries as stock

WEEK = timedelta(days=7)
WEEKS_AHEAD = 8
RANGES = (50, 80, 95)


@dataclass(frozen=True, slots=True)
class WeekAhead:
    """Stock units that may be asked for in the seven days from ``starts_on``.

    ``ranges`` holds, for 50, 80 and 95 cases in a hundred, the least and the most.
    """

    starts_on: date
    expected: float
    ranges: dict[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Coming:
    """Stock units on their way; a delivery that is late is expected today."""

    on: date
    quantity: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """One product at an instant, in stock units. Weeks end with ``today``, then start after it."""

    today: date
    weeks: Sequence[WeekOfDemand]
    out: frozenset[date]
    """First days of the weeks that were mostly without any servable unit, and sold nothing."""
    ahead: Sequence[WeekAhead]
    """Nothing before the forecasts are trained, or for a product that they do not know."""
    on_hand: int
    coming: Sequence[Coming]


def outlook(product: int, *, at: datetime) -> Outlook:
    """Everything that the chart of a product shows."""
    calendar = OpenDays.read()
    today = calendar.local_day(at)
    weeks = weekly_demand(product, at=at)
    on_hand = stock.on_hand_by_product([product], on=today).get(product, 0)
    return Outlook(
        today=today,
        weeks=weeks,
        out=_weeks_out(product, weeks, on_hand=on_hand, today=today, calendar=calendar),
        ahead=fan(product, at=at, calendar=calendar),
        on_hand=on_hand,
        coming=_coming(product, today=today, calendar=calendar),
    )


def fan(product: int, *, at: datetime, calendar: OpenDays | None = None) -> list[WeekAhead]:
    """The demand of each of the coming weeks, from tomorrow, as the last training sees it."""
    learnt = latest_training(at=at)
    if learnt is None:
        return []
    row = int(np.searchsorted(learnt.products, product))
    if row >= len(learnt.products) or learnt.products[row] != product:
        return []
    calendar = calendar or OpenDays.read()
    first = calendar.local_day(at) + timedelta(days=1)
    days = 7 * WEEKS_AHEAD
    weights = np.array([calendar.weight(first + timedelta(days=ahead)) for ahead in range(days)])
    # One row a week, each with its own seven days.
    weekly = np.where(np.arange(days) // 7 == np.arange(WEEKS_AHEAD)[:, None], weights, 0.0)
    columns = learnt.trained.columns()
    repeated = np.full(WEEKS_AHEAD, row)
    trained = Trained.of(
        {name: column[repeated] for name, column in columns.items()}, learnt.trained.shared()
    )
    law = predict(trained, weight=weekly, season=seasons(first, days))
    expected = law.expected()
    bounds = {
        level: (law.quantile(0.5 - level / 200), law.quantile(0.5 + level / 200))
        for level in RANGES
    }
    return [
        WeekAhead(
            starts_on=first + week * WEEK,
            expected=round(float(expected[week]), 1),
            ranges={
                level: (int(low[week]), int(high[week])) for level, (low, high) in bounds.items()
            },
        )
        for week in range(WEEKS_AHEAD)
    ]


def _weeks_out(
    product: int, weeks: Sequence[WeekOfDemand], *, on_hand: int, today: date, calendar: OpenDays
) -> frozenset[date]:
    first = weeks[0].starts_on
    changes = _changes_by_day([product], since=first, calendar=calendar)[product]
    empty = Counter(
        (day - first).days // 7
        for day in _empty_days(changes, after=on_hand, last=today, calendar=calendar)
    )
    return frozenset(
        week.starts_on
        for place, week in enumerate(weeks)
        if not week.served
        and 2 * empty[place] > calendar.count(week.starts_on, week.starts_on + WEEK)
    )


def _coming(product: int, *, today: date, calendar: OpenDays) -> list[Coming]:
    awaited = Greatest(Coalesce(F("answered_quantity"), F("quantity")) - F("received_quantity"), 0)
    rows = (
        OrderLine.objects.filter(product=product, order__status__in=AWAITED)
        .annotate(awaited=awaited * F("product__doses_per_box"))
        .filter(awaited__gt=0)
        .order_by("order__expected_at", "pk")
        .values_list("order__expected_at", "awaited")
    )
    return [
        Coming(today if at is None else max(calendar.local_day(at), today), quantity)
        for at, quantity in rows
    ]
