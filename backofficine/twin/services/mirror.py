"""A copy of the positions and of the demand, in memory, kept true by reading each new move.

The past has hundreds of cut-offs and tens of thousands of withdrawals: asking the database for
every position each time would take longer than the past itself. What is written still goes
through the commands; this only spares reading it back.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from backofficine.kernel.prepared import Prepared
from backofficine.planning.queries.demand import (
    CORRECTED_FROM_LINES,
    PERIOD_DAYS,
    SHORTEST_PERIOD_DAYS,
)
from backofficine.stock.models import Location, Lot, Move
from backofficine.stock.services import Withdrawal

Ints = npt.NDArray[np.int64]

_MOVES_SINCE = Prepared(
    lambda posting: (
        Move.objects.filter(posting_id__gt=posting)
        .order_by("posting_id", "line")
        .values_list("posting_id", "lot_id", "source_id", "target_id", "quantity")
    ),
    int,
)


@dataclass(slots=True)
class DayOfDemand:
    """What was asked on one civil day: product indexes and quantities, side by side."""

    day: date
    products: list[int] = field(default_factory=list)
    quantities: list[int] = field(default_factory=list)
    missing: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    served: set[int] = field(default_factory=set)
    empty: Ints | None = None
    """Products without a servable box from morning to evening, once the day is over."""
    _arrays: tuple[Ints, Ints] | None = None

    def arrays(self) -> tuple[Ints, Ints]:
        """Products and quantities as columns; made again only if the day went on."""
        if self._arrays is None or len(self._arrays[0]) != len(self.products):
            self._arrays = (
                np.array(self.products, dtype=np.int64),
                np.array(self.quantities, dtype=np.int64),
            )
        return self._arrays


@dataclass(frozen=True, slots=True)
class Demand:
    """The columns of demand that the policy reads, one element per product."""

    asked: Ints
    lines: Ints
    largest: Ints
    squares: Ints
    days_out: Ints
    days: int


class Mirror:
    """Boxes by product, lot and place; demand by product and day. Products by their index."""

    def __init__(self, *, product_keys: list[int]) -> None:
        self.size = len(product_keys)
        self.index_of = {key: index for index, key in enumerate(product_keys)}
        self.boxes: list[dict[tuple[int, int], int]] = [{} for _ in range(self.size)]
        self._seen_at: dict[int, set[int]] = defaultdict(set)  # products, emptied since or not
        self.servable = np.zeros(self.size, dtype=np.int64)
        self.expiry: dict[int, date] = {}
        self._product_of_lot: dict[int, int] = {}
        self._by_expiry: dict[date, set[int]] = defaultdict(set)
        kinds = dict(Location.objects.values_list("pk", "kind"))
        self.serving = {key for key, kind in kinds.items() if kind in Location.SERVING}
        self.holding = set(Location.objects.filter(holds_stock=True).values_list("pk", flat=True))
        self._last_posting = 0
        self._today = date.min
        self._days: deque[DayOfDemand] = deque()
        self._moved = np.zeros(self.size, dtype=np.bool_)  # has the record ever known it?
        self._touched: set[int] = set()

    # --- positions ---

    def begin_day(self, day: date) -> None:
        """A new civil day: yesterday's last day of life may no longer be handed over."""
        turned = [on for on in self._by_expiry if self._today <= on < day]
        self._today = day
        for on in turned:
            for index in self._by_expiry.pop(on):
                self._count(index)
        self._days.append(DayOfDemand(day))
        self._touched.clear()

    def end_day(self) -> None:
        """Remember which products the record showed absent all day long."""
        empty = (self.servable == 0) & self._moved
        handled = self._touched | self._days[-1].served
        if handled:
            empty[list(handled)] = False
        self._days[-1].empty = np.flatnonzero(empty)

    def catch_up(self) -> None:
        """Read the moves posted since the last look."""
        moves = _MOVES_SINCE.all(self._last_posting)
        self._know({lot for _posting, lot, _source, _target, _quantity in moves})
        for posting, lot, source, target, quantity in moves:
            self._last_posting = posting
            self._move(lot, source, -quantity)
            self._move(lot, target, quantity)
        for index in {self._product_of_lot[move[1]] for move in moves}:
            self._count(index)

    def follow(self, withdrawal: Withdrawal) -> None:
        """The same for a withdrawal that has just told what it took."""
        self._last_posting = withdrawal.posting_id
        for line in withdrawal.lines:
            index = self.index_of[line.product_id]
            if not line.is_found:
                self._move(line.lot_id, line.location_id, -line.quantity)
            self._count(index)

    def held(self, index: int, *, at: int | None = None) -> int:
        """Boxes of a product in serving places, whatever their date; or at one place."""
        return sum(
            quantity
            for (_lot, place), quantity in self.boxes[index].items()
            if (place == at if at is not None else place in self.serving)
        )

    def lots_at(self, place: int) -> list[tuple[int, int, int]]:
        """(product index, lot, boxes) of everything at one place, in order of product."""
        found = [
            (index, lot, quantity)
            for index in sorted(self._seen_at[place])
            for (lot, where), quantity in sorted(self.boxes[index].items())
            if where == place
        ]
        self._seen_at[place] = {index for index, _lot, _quantity in found}
        return found

    def _know(self, lots: set[int]) -> None:
        unknown = sorted(lots - self.expiry.keys())
        for start in range(0, len(unknown), 500):
            for key, product, expires_on in Lot.objects.filter(
                pk__in=unknown[start : start + 500]
            ).values_list("pk", "product_id", "expires_on"):
                index = self.index_of[product]
                self.expiry[key] = expires_on
                self._product_of_lot[key] = index
                self._by_expiry[expires_on].add(index)

    def _move(self, lot: int, place: int, by: int) -> None:
        if place not in self.holding:
            return
        index = self._product_of_lot[lot]
        boxes = self.boxes[index]
        left = boxes.get((lot, place), 0) + by
        if left:
            boxes[lot, place] = left
            self._seen_at[place].add(index)
        else:
            boxes.pop((lot, place), None)
        if place in self.serving:
            self._moved[index] = True

    def _count(self, index: int) -> None:
        total = 0
        for (lot, place), quantity in self.boxes[index].items():
            if place in self.serving and self.expiry[lot] >= self._today:
                total += quantity
        if total or self.servable[index]:
            self._touched.add(index)
        self.servable[index] = total

    # --- demand ---

    def remember(self, day: date, lines: Iterable[tuple[int, int]]) -> None:
        """Demand of a day before the first one; days come in order."""
        if not self._days or self._days[-1].day != day:
            self._days.append(DayOfDemand(day))
        last = self._days[-1]
        for index, quantity in lines:
            last.products.append(index)
            last.quantities.append(quantity)
            last.served.add(index)

    def ask(self, index: int, quantity: int, *, is_missing: bool) -> None:
        """One line of demand today."""
        today = self._days[-1]
        today.products.append(index)
        today.quantities.append(quantity)
        if is_missing:
            today.missing[index].append(quantity)
        else:
            today.served.add(index)

    def demand(self, *, open_days: int) -> Demand:
        """What the last 180 days asked, days out of stock left aside, as ``planning`` reads it.

        ``open_days`` is the number of open days in that period.
        """
        first = self._today - timedelta(days=PERIOD_DAYS - 1)
        while self._days and self._days[0].day < first:
            self._days.popleft()
        products, quantities = self._window()
        asked = np.bincount(products, weights=quantities, minlength=self.size).astype(np.int64)
        lines = np.bincount(products, minlength=self.size).astype(np.int64)
        squares = np.bincount(
            products, weights=quantities * quantities, minlength=self.size
        ).astype(np.int64)
        largest = np.zeros(self.size, dtype=np.int64)
        np.maximum.at(largest, products, quantities)
        days_out = np.zeros(self.size, dtype=np.int64)
        self._leave_out(asked, lines, squares, days_out, days=open_days)
        return Demand(asked, lines, largest, squares, days_out, open_days)

    @property
    def first_day(self) -> date:
        """The first day of the period that demand is read over."""
        oldest = next((one.day for one in self._days if one.products), self._today)
        first = self._today - timedelta(days=PERIOD_DAYS - 1)
        return max(first, min(oldest, self._today - timedelta(days=SHORTEST_PERIOD_DAYS - 1)))

    def _window(self) -> tuple[Ints, Ints]:
        days = [one.arrays() for one in self._days]
        return np.concatenate([day[0] for day in days]), np.concatenate([day[1] for day in days])

    def _leave_out(
        self, asked: Ints, lines: Ints, squares: Ints, days_out: Ints, *, days: int
    ) -> None:
        """Days without a box from morning to evening say nothing of the demand."""
        ever_missing = np.zeros(self.size, dtype=np.bool_)
        for one in self._days:
            if one.missing:
                ever_missing[list(one.missing)] = True
        suspects = (lines >= CORRECTED_FROM_LINES) & (ever_missing | (self.servable == 0))
        vain: dict[int, list[int]] = defaultdict(list)
        for one in self._days:
            if one.empty is None:
                continue
            out = one.empty[suspects[one.empty]]
            days_out[out] += 1
            for index in one.missing:
                if suspects[index] and index in out:
                    vain[index] += one.missing[index]
        too_long = days_out * 2 > days
        days_out[too_long] = 0
        for index, missed in vain.items():
            if not too_long[index]:
                asked[index] -= sum(missed)
                lines[index] -= len(missed)
                squares[index] -= sum(quantity * quantity for quantity in missed)
