"""The demand of every product day by day, as the forecasts learn it: a matrix with its holes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import Count, Max, Sum

from backofficine.catalog.models import Product
from backofficine.planning.queries.calendar import OpenDays
from backofficine.planning.queries.demand import ASKED
from backofficine.science.demand.history import History
from backofficine.stock import queries as stock
from backofficine.stock.models import DemandLine, Location, Posting

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Two years: the season of a product is seen twice.
LONGEST_DAYS = 730
# ISO weeks: the place of a day in the year.
CYCLE = 53
# A product first seen so long after the others came into the range that day.
NEW_AFTER_DAYS = 90


@dataclass(frozen=True, slots=True)
class Series:
    """The past of ``n`` products over ``T`` civil days, oldest first."""

    products: Ints
    """(n,) primary keys, rising; the codes that were replaced count with their successor."""
    first_day: date
    last_day: date
    history: History
    lines: Ints
    """(n,) dispensings in the whole period."""
    largest: Ints
    """(n,) units of the largest of them."""


def series_at(
    last: date, *, products: Iterable[int] | None = None, days: int = LONGEST_DAYS
) -> Series:
    """What was asked of each followed product in the ``days`` civil days that end with ``last``.

    A day without any servable unit from morning to evening, on which nothing was served, is not
    known: what was asked in vain that day is left aside with it. A product out more than half of
    the time is not kept here: all its days are known, its promises are its demand.
    """
    calendar = OpenDays.read()
    first = last - timedelta(days=days - 1)
    successors = _successors()
    wanted = _followed() if products is None else sorted(products)
    keys = np.array(sorted({successors.get(key, key) for key in wanted}), dtype=np.int64)
    row = {int(key): place for place, key in enumerate(keys.tolist())}
    row |= {old: row[new] for old, new in successors.items() if new in row}
    asked = _asked(row, first=first, last=last)
    oldest = int(asked.day.min()) if len(asked.day) else days - 1
    moved = _Moves.read(row, last=last, calendar=calendar)
    first = first + timedelta(days=oldest)
    length = days - oldest
    quantity = np.zeros((len(keys), length), dtype=np.float32)
    np.add.at(quantity, (asked.row, asked.day - oldest), asked.quantity)
    served = np.zeros((len(keys), length), dtype=np.bool_)
    at = asked.is_served
    served[asked.row[at], asked.day[at] - oldest] = True
    weight = np.array([calendar.weight(first + timedelta(days=ahead)) for ahead in range(length)])
    known = moved.known(first, length) | served
    out = ((~known) & (weight > 0)).sum(axis=1)
    known[out * 2 > (weight > 0).sum()] = True
    _leave_out_before_entry(known, quantity, moved.first_day_of(first))
    lines = np.zeros(len(keys), dtype=np.int64)
    np.add.at(lines, asked.row, asked.lines)
    largest = np.zeros(len(keys), dtype=np.int64)
    np.maximum.at(largest, asked.row, asked.largest)
    return Series(
        products=keys,
        first_day=first,
        last_day=last,
        history=History(
            quantity=quantity,
            known=known,
            weight=weight,
            season=seasons(first, length),
            group=groups_of(keys),
        ),
        lines=lines,
        largest=largest,
    )


def seasons(first: date, length: int) -> Ints:
    """Place in the year of each of ``length`` days: ISO week, from 0."""
    weeks = [(first + timedelta(days=ahead)).isocalendar().week - 1 for ahead in range(length)]
    return np.array(weeks, dtype=np.int64)


def groups_of(products: Ints) -> Ints:
    """Products that share season and dispersion: those of one ATC class (its first three signs).

    Products without a class share one group.
    """
    classes = dict(Product.objects.filter(is_followed=True).values_list("pk", "speciality__atc"))
    names = [(classes.get(int(key)) or "")[:3] for key in products.tolist()]
    place = {name: index for index, name in enumerate(sorted(set(names)))}
    return np.array([place[name] for name in names], dtype=np.int64)


def _followed() -> list[int]:
    return list(
        Product.objects.filter(is_followed=True).order_by("pk").values_list("pk", flat=True)
    )


def _successors() -> dict[int, int]:
    """Replaced product → the living one, however many codes lie between."""
    next_of: dict[int, int] = dict(
        Product.objects.filter(successor__isnull=False).values_list("pk", "successor_id")
    )
    found = {}
    for old in next_of:
        seen, living = {old}, next_of[old]
        while living in next_of and living not in seen:
            seen.add(living)
            living = next_of[living]
        found[old] = living
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """One element per product, day and outcome."""

    row: Ints
    day: Ints
    quantity: Ints
    lines: Ints
    largest: Ints
    is_served: Bools


def _asked(row: Mapping[int, int], *, first: date, last: date) -> _Asked:
    questions = (
        DemandLine.objects.standing()
        .filter(occurred_on__gte=first, occurred_on__lte=last, kind__in=ASKED)
        .values_list("product", "occurred_on", "kind")
        .annotate(Sum("quantity"), Count("pk"), Max("quantity"))
        .order_by()
    )
    sql, parameters = questions.query.sql_with_params()
    missing = str(DemandLine.Kind.MISSING)
    rows, days, quantities, lines, largest, served = [], [], [], [], [], []
    # The raw cursor gives days as text on SQLite, as dates on PostgreSQL: each is read once.
    places: dict[Any, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        while some := cursor.fetchmany(20_000):
            for product, day, kind, total, count, most in some:
                at = row.get(product)
                if at is None:
                    continue
                place = places.get(day)
                if place is None:
                    civil = date.fromisoformat(day) if isinstance(day, str) else day
                    place = places[day] = (civil - first).days
                rows.append(at)
                days.append(place)
                quantities.append(total)
                lines.append(count)
                largest.append(most)
                served.append(kind != missing)
    return _Asked(
        row=np.array(rows, dtype=np.int64),
        day=np.array(days, dtype=np.int64),
        quantity=np.array(quantities, dtype=np.int64),
        lines=np.array(lines, dtype=np.int64),
        largest=np.array(largest, dtype=np.int64),
        is_served=np.array(served, dtype=np.bool_),
    )


@dataclass(frozen=True, slots=True)
class _Moves:
    """Net changes of the servable stock by product and civil day, and what is there at the end."""

    row: Ints
    day: Ints
    """Days counted back from the last one: 0 is the last day."""
    change: Ints
    after: Ints
    """(n,) servable units at the end of the last day."""
    rows: int
    last: date

    @classmethod
    def read(cls, row: Mapping[int, int], *, last: date, calendar: OpenDays) -> "_Moves":
        after = np.zeros(max(row.values(), default=-1) + 1, dtype=np.int64)
        for product, units in stock.on_hand_by_product(on=last).items():
            if product in row:
                after[row[product]] += units
        back = _days_back(last=last, calendar=calendar)
        serving = ", ".join(f"'{kind}'" for kind in Location.SERVING)
        rows, days, changes = [], [], []
        with connection.cursor() as cursor:
            cursor.execute(
                # Only the constants above are formatted in.
                f"""SELECT lot.product_id, move.posting_id,
                           SUM(CASE WHEN target.kind IN ({serving}) THEN move.quantity ELSE 0 END
                             - CASE WHEN source.kind IN ({serving}) THEN move.quantity ELSE 0 END)
                    FROM stock_move move
                    JOIN stock_lot lot ON lot.id = move.lot_id
                    JOIN stock_location source ON source.id = move.source_id
                    JOIN stock_location target ON target.id = move.target_id
                    GROUP BY lot.product_id, move.posting_id"""  # noqa: S608
            )
            while some := cursor.fetchmany(20_000):
                for product, posting, change in some:
                    at = row.get(product)
                    if at is not None and change:
                        rows.append(at)
                        days.append(back.get(posting, -1))
                        changes.append(int(change))
        found = cls(
            row=np.array(rows, dtype=np.int64),
            day=np.array(days, dtype=np.int64),
            change=np.array(changes, dtype=np.int64),
            after=after,
            rows=len(after),
            last=last,
        )
        return found._without_later()

    def _without_later(self) -> "_Moves":
        """Take back what moved after the last day: the stock of then, not of now."""
        later = self.day < 0
        after = self.after.copy()
        np.subtract.at(after, self.row[later], self.change[later])
        return _Moves(
            row=self.row[~later], day=self.day[~later], change=self.change[~later], after=after,
            rows=self.rows, last=self.last,
        )  # fmt: skip

    def known(self, first: date, length: int) -> Bools:
        """(n, T) days with a unit at some time, or before the record of the product begins."""
        net = np.zeros((self.rows, length), dtype=np.int32)
        inside = self.day < length
        place = length - 1 - self.day[inside]
        np.add.at(net, (self.row[inside], place), self.change[inside])
        # Stock at the end of each day, read backwards from what is there after the last.
        later = net[:, ::-1].cumsum(axis=1, dtype=np.int32)[:, ::-1]
        starts = self.after.astype(np.int32)[:, None] - later
        known: Bools = (starts > 0) | (net != 0)
        starts += net
        known |= starts > 0  # by now, the stock at the end of the day
        begins = self.first_day_of(first)
        days = np.arange(length)
        known |= days[None, :] < begins[:, None]
        known[begins < 0] = True  # no move at all: a product of history only
        return known

    def first_day_of(self, first: date) -> Ints:
        """(n,) day of the first move, counted from ``first``; −1 where nothing ever moved."""
        oldest = np.full(self.rows, -1, dtype=np.int64)
        np.maximum.at(oldest, self.row, self.day)
        span = (self.last - first).days
        return np.where(oldest < 0, -1, np.maximum(span - oldest, 0))


def _days_back(*, last: date, calendar: OpenDays) -> dict[int, int]:
    """Posting → civil days before ``last``; −1 for what came after."""
    found: dict[int, int] = {}
    days: dict[str, int] = {}
    for posting, moment in (
        Posting.objects.order_by().values_list("pk", "occurred_at").iterator(chunk_size=20_000)
    ):
        hour = f"{moment:%Y%m%d%H}"
        back = days.get(hour)
        if back is None:
            back = days[hour] = max((last - calendar.local_day(moment)).days, -1)
        found[posting] = back
    return found


def _leave_out_before_entry(known: Bools, quantity: npt.NDArray[Any], moved: Ints) -> None:
    """Days before a product came into the range are not days without demand."""
    asked = quantity > 0
    first = np.where(asked.any(axis=1), asked.argmax(axis=1), known.shape[1])
    entry = np.where(moved >= 0, np.minimum(moved, first), first)
    new = (entry > NEW_AFTER_DAYS) & (entry < known.shape[1])
    days = np.arange(known.shape[1])
    known[new] &= days[None, :] >= entry[new, None]
