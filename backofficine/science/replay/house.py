"""One pharmacy of a replay: what it holds, owes and awaits, and what it wrote down of its days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backofficine.science.replay.outcome import Costs, Figures, Flow, Outcome
from backofficine.science.replay.past import Arrival, Floats, Ints, Lines, Past

Index = npt.NDArray[np.intp]


class Asked:
    """Lines asked between two events, grouped by product, first come first in each group."""

    __slots__ = ("before", "first", "group", "products", "quantity", "waits")

    def __init__(self, lines: Lines, first: int, last: int) -> None:
        cut = slice(first, last)
        order = np.argsort(lines.product[cut], kind="stable")
        product = lines.product[cut][order]
        self.quantity = lines.quantity[cut][order]
        self.waits = lines.waits[cut][order]
        starts = np.ones(len(product), dtype=np.bool_)
        starts[1:] = product[1:] != product[:-1]
        self.first: Index = np.flatnonzero(starts)
        self.products = product[self.first]
        self.group = np.cumsum(starts) - 1
        total = np.cumsum(self.quantity)
        start_of = total[self.first] - self.quantity[self.first]
        self.before: Ints = total - self.quantity - start_of[self.group]
        """Units of the product asked by the lines that came before."""


@dataclass(slots=True)
class _Counted:
    """Sums over the days measured."""

    asked: int = 0
    served: int = 0
    promised: int = 0
    lost: int = 0
    lines: int = 0
    lines_served: int = 0
    days: int = 0
    stock_value: float = 0.0
    stock_boxes: float = 0.0
    orders: int = 0
    order_lines: int = 0
    received: int = 0
    received_value: float = 0.0
    expired: int = 0
    expired_value: float = 0.0
    missing_cost: float = 0.0
    holding_cost: float = 0.0
    line_cost: float = 0.0
    expired_cost: float = 0.0


class House:
    """The state of one pharmacy. ``is_real``: it receives what really came, and decides nothing."""

    def __init__(self, past: Past, *, is_real: bool) -> None:
        self.is_real = is_real
        self.on_hand: Ints = past.on_hand.copy()
        self.owed: Ints = past.promised.copy()
        self.on_order: Ints = np.zeros(past.products, dtype=np.int64)
        if not is_real:
            for one in past.coming:
                np.add.at(self.on_order, one.product, one.quantity)
        self._past = past
        self._awaited: dict[int, Ints] = {}
        self._today = past.start
        self._dated = _Dated(past)
        self._count = _Counted()
        none = np.zeros(past.products, dtype=np.int64)
        self._received, self._served = none.copy(), none.copy()
        self._handed_over, self._expired = none.copy(), none.copy()
        self._promised, self._lost = none.copy(), none.copy()

    @property
    def _is_measured(self) -> bool:
        return self._today >= self._past.measured

    def midnight(self, day: int) -> None:
        """Close the day before ``day``, and throw away what reaches its date."""
        count, costs = self._count, self._past.costs
        if day > self._past.start and self._is_measured:
            count.days += 1
            count.stock_value += float(self.on_hand @ costs.unit)
            count.stock_boxes += float(self.on_hand.sum())
            count.holding_cost += float(self.on_hand @ costs.holding)
        self._today = day
        if day == self._past.days:
            return
        products, units = self._dated.expire(day)
        if len(products):
            self.on_hand[products] -= units
            self._expired[products] += units
            if self._is_measured:
                count.expired += int(units.sum())
                count.expired_value += float(units @ costs.unit[products])
                count.expired_cost += float(units @ costs.expired[products])

    def serve(self, asked: Asked) -> None:
        """Serve the lines in order; the rest is promised, or lost."""
        products = asked.products
        had = self.on_hand[products]
        given = np.clip(had[asked.group] - asked.before, 0, asked.quantity)
        missing = asked.quantity - given
        served = np.add.reduceat(given, asked.first)
        self.on_hand[products] = had - served
        self._served[products] += served
        self._dated.take(products, served)
        promised = np.add.reduceat(np.where(asked.waits, missing, 0), asked.first)
        lost = np.add.reduceat(missing, asked.first) - promised
        self.owed[products] += promised
        self._promised[products] += promised
        self._lost[products] += lost
        if self._is_measured:
            count = self._count
            count.asked += int(asked.quantity.sum())
            count.served += int(served.sum())
            count.promised += int(promised.sum())
            count.lost += int(lost.sum())
            count.lines += len(missing)
            count.lines_served += int((missing == 0).sum())
            count.missing_cost += float((promised + lost) @ self._past.costs.missing[products])

    def order(self, quantity: Ints, *, number: int) -> None:
        """Send an order for a round; what the supplier does not have does not come."""
        if quantity.shape != self.on_hand.shape or (quantity < 0).any():
            raise ValueError(
                "a policy orders a whole number of units of each product, none or more"
            )
        filled = quantity.astype(np.int64)
        filled[self._past.rounds[number].short] = 0
        self._awaited[number] = filled
        self.on_order += filled
        lines = np.flatnonzero(filled)
        if self._is_measured and len(lines):
            self._count.orders += 1
            self._count.order_lines += len(lines)
            self._count.line_cost += float(self._past.costs.line[lines].sum())

    def deliver(self, number: int) -> None:
        """The drop of a round: what was ordered for it, if anything was."""
        filled = self._awaited.pop(number, None)
        if filled is None:
            return
        lines = np.flatnonzero(filled)
        self.on_order -= filled
        self._take_in(lines, filled[lines])

    def receive(self, arrival: Arrival) -> None:
        """Boxes that come whatever was decided here."""
        if self.is_real:
            if self._is_measured:
                self._count.order_lines += len(arrival.product)
                self._count.line_cost += float(self._past.costs.line[arrival.product].sum())
        else:
            self.on_order[arrival.product] -= arrival.quantity
        self._take_in(arrival.product, arrival.quantity)

    def _take_in(self, products: Ints | Index, units: Ints) -> None:
        """Patients who wait first, the shelf then."""
        self._received[products] += units
        kept = np.minimum(self.owed[products], units)
        self.owed[products] -= kept
        self._handed_over[products] += kept
        self.on_hand[products] += units - kept
        self._dated.put(products, units - kept, day=self._today)
        if self._is_measured:
            self._count.received += int(units.sum())
            self._count.received_value += float(units @ self._past.costs.unit[products])

    def outcome(self, *, rate: Floats) -> Outcome:
        """What was lived; ``rate`` is units asked per civil day, to judge what is left."""
        count, past = self._count, self._past
        sells = rate * past.shelf.life
        at_risk = np.maximum(np.floor(self.on_hand - sells), 0).astype(np.int64)
        days = max(count.days, 1)
        return Outcome(
            flow=Flow(
                initial=past.on_hand, received=self._received, served=self._served,
                handed_over=self._handed_over, expired=self._expired, left=self.on_hand,
                promised=self._promised, lost=self._lost, owed=self.owed,
            ),
            figures=Figures(
                days=count.days,
                asked=count.asked,
                served=count.served,
                promised=count.promised,
                lost=count.lost,
                lines=count.lines,
                lines_served=count.lines_served,
                stock_value=count.stock_value / days,
                stock_boxes=count.stock_boxes / days,
                orders=past.orders_sent if self.is_real else count.orders,
                order_lines=count.order_lines,
                received=count.received,
                received_value=count.received_value,
                expired=count.expired,
                expired_value=count.expired_value,
                at_risk=int(at_risk.sum()),
                at_risk_value=float(at_risk @ past.costs.unit),
                costs=Costs(
                    missing=count.missing_cost, holding=count.holding_cost,
                    lines=count.line_cost, expired=count.expired_cost,
                ),
            ),
        )  # fmt: skip


class _Dated:
    """Units of the products that may reach a date during the replay, by the day they do.

    The first to expire leaves first. Most products never come here: their boxes outlive the replay.
    """

    def __init__(self, past: Past) -> None:
        self._start, self._days = past.start, past.days
        self._life = past.shelf.life
        may = self._life < past.days - past.start
        for products, _units in past.dated.values():
            may[products] = True
        self._rows: Index = np.flatnonzero(may)
        self._row_of = np.full(past.products, -1, dtype=np.int64)
        self._row_of[self._rows] = np.arange(len(self._rows))
        # The last column is beyond the replay.
        self._units = np.zeros((len(self._rows), past.days - past.start + 1), dtype=np.int64)
        self._units[:, -1] = past.on_hand[self._rows]
        for day, (products, units) in past.dated.items():
            rows = self._row_of[products]
            column = min(max(day, self._start), self._days) - self._start
            np.add.at(self._units[:, column], rows, units)
            np.subtract.at(self._units[:, -1], rows, units)
        assert (self._units >= 0).all(), "dated units are part of those on hand"

    def take(self, products: Ints, units: Ints) -> None:
        rows = self._row_of[products]
        mine = (rows >= 0) & (units > 0)
        if mine.any():
            rows = rows[mine]
            left = np.cumsum(self._units[rows], axis=1) - units[mine, None]
            self._units[rows] = np.diff(np.maximum(left, 0), axis=1, prepend=0)

    def put(self, products: Ints | Index, units: Ints, *, day: int) -> None:
        rows = self._row_of[products]
        mine = rows >= 0
        if mine.any():
            until = np.minimum(day + self._life[products[mine]], self._days) - self._start
            np.add.at(self._units, (rows[mine], until), units[mine])

    def expire(self, day: int) -> tuple[Index, Ints]:
        """Products and units that reach their date on a day; they are gone."""
        column = self._units[:, day - self._start]
        rows = np.flatnonzero(column)
        units = column[rows].copy()
        column[rows] = 0
        return self._rows[rows], units
