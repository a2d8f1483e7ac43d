"""The same problem as textbooks write it, to compare with: whole packs, and tiers by big M.

One whole number of packs per offer and tier, one binary that opens the tier, free units rounded
down by a whole number, the cover cost as the sum of its slopes, and carriage as a charge that
reaching the minimum lifts. Right, and slow: HiGHS has to find what :mod:`tables` computes.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from backofficine.science.mix.backend import Floats, Ints, Mixed, merged, solve
from backofficine.science.mix.bill import penalties
from backofficine.science.mix.problem import Instance, Malformed, Offer

# Slopes (euros per box) that differ by less are the same: covers are rounded to the ten-thousandth.
NOISE = 1e-3


class _Rows:
    """A programme built entry by entry."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.upper: list[float] = []
        self.lower: list[float] = []
        self.whole: list[bool] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.cells: list[tuple[int, int, float]] = []

    def column(
        self, *, cost: float = 0.0, upper: float = np.inf, lower: float = 0.0, whole: bool = False
    ) -> int:
        self.cost.append(cost)
        self.upper.append(upper)
        self.lower.append(lower)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(
        self, cells: list[tuple[int, float]], *, low: float = -np.inf, high: float = np.inf
    ) -> None:
        self.low.append(low)
        self.high.append(high)
        self.cells.extend((len(self.low) - 1, column, value) for column, value in cells)

    def mixed(self) -> Mixed:
        rows, columns, values = zip(*self.cells, strict=True)
        return Mixed(
            cost=np.array(self.cost),
            upper=np.array(self.upper),
            lower=np.array(self.lower),
            whole=np.array(self.whole),
            lower_row=np.array(self.low),
            upper_row=np.array(self.high),
            matrix=merged(np.array(rows), np.array(columns), np.array(values, dtype=np.float64)),
        )


def textbook(instance: Instance, *, gap: float, seconds: float) -> tuple[Ints | None, float]:
    """(boxes paid at each offer or None, bound) as HiGHS finds them in the time given.

    :raises Malformed: if a cover cost is not convex, which this formulation needs.
    """
    rows = _Rows()
    packs = _offers(rows, instance)
    answer = solve(rows.mixed(), gap=gap, seconds=seconds)
    if answer.values is None:
        return None, answer.bound
    return _paid(answer.values, instance=instance, packs=packs), answer.bound


def _paid(values: Floats, *, instance: Instance, packs: list[list[int]]) -> Ints:
    return np.array(
        [
            offer.multiple * sum(round(float(values[column])) for column in columns)
            for offer, columns in zip(instance.offers, packs, strict=True)
        ],
        dtype=np.int64,
    )


def _offers(rows: _Rows, instance: Instance) -> list[list[int]]:
    """Lay out the whole programme; returns the columns of packs of each offer."""
    prices = penalties(instance, elastic=False)
    opened = [rows.column(cost=s.order_cost, upper=1.0, whole=True) for s in instance.suppliers]
    carried = [rows.column(cost=s.carriage, upper=1.0, whole=True) for s in instance.suppliers]
    goods: list[list[tuple[int, float]]] = [[] for _ in instance.suppliers]
    boxes: list[list[tuple[int, float]]] = [[] for _ in instance.products]
    packs: list[list[int]] = []
    for offer in instance.offers:
        most = instance.products[offer.product].most
        high = min(most, offer.quota if offer.quota is not None else most) // offer.multiple
        columns, lines = [], []
        for tier, (start, price) in enumerate(offer.tiers):
            end = offer.tiers[tier + 1][0] - 1 if tier + 1 < len(offer.tiers) else most
            column = rows.column(
                upper=float(min(high, end // offer.multiple)),
                cost=price * offer.multiple,
                whole=True,
            )
            line = rows.column(
                upper=1.0, cost=instance.suppliers[offer.supplier].line_cost, whole=True
            )
            least = -(-max(start, offer.minimum, 1) // offer.multiple) * offer.multiple
            rows.row([(column, float(offer.multiple)), (line, -float(min(end, most)))], high=0.0)
            rows.row([(column, float(offer.multiple)), (line, -float(least))], low=0.0)
            goods[offer.supplier].append((column, price * offer.multiple))
            boxes[offer.product].append((column, float(offer.multiple)))
            columns.append(column)
            lines.append(line)
        rows.row([*((line, 1.0) for line in lines), (opened[offer.supplier], -1.0)], high=0.0)
        if offer.buy and offer.get:
            boxes[offer.product].append(_free(rows, offer, columns=columns, most=most))
        packs.append(columns)

    for p, product in enumerate(instance.products):
        missing = rows.column(cost=prices.least[p])
        rows.row([*boxes[p], (missing, 1.0)], low=float(product.least))
        rows.row(boxes[p], high=float(product.most))
        slopes = [b - a for a, b in pairwise(product.cover)]
        if any(b < a - NOISE for a, b in pairwise(slopes)):
            raise Malformed(f"the cover cost of {product.name} is not convex")
        # One column per run of like slopes: convex, so that the first ones fill first.
        rows.column(cost=product.cover[0], lower=1.0, upper=1.0)
        runs: list[tuple[int, float]] = []
        begun = 0
        for at in range(1, len(slopes) + 1):
            if at == len(slopes) or slopes[at] - slopes[begun] > NOISE:
                drop = product.cover[at] - product.cover[begun]
                column = rows.column(cost=drop / (at - begun), upper=float(at - begun))
                runs.append((column, -1.0))
                begun = at
        rows.row([*boxes[p], *runs], low=0.0, high=0.0)
    for s, supplier in enumerate(instance.suppliers):
        most_goods = sum(value * rows.upper[column] for column, value in goods[s])
        rows.row([*goods[s], (opened[s], -most_goods)], high=0.0)
        rows.row([*goods[s], (opened[s], -supplier.minimum)], low=0.0)
        rows.row([*goods[s], (opened[s], -supplier.franco), (carried[s], supplier.franco)], low=0.0)
        if supplier.commitment:
            slack = rows.column(cost=prices.commitment)
            rows.row([*goods[s], (slack, 1.0)], low=supplier.commitment)
    every = [cell for cells in goods for cell in cells]
    if instance.budget is not None:
        rows.row(every, high=instance.budget)
    if instance.room is not None:
        litres = [
            (column, n * product.volume)
            for product, cells in zip(instance.products, boxes, strict=True)
            for column, n in cells
        ]
        rows.row(litres, high=instance.room)
    return packs


def _free(rows: _Rows, offer: Offer, *, columns: list[int], most: int) -> tuple[int, float]:
    """Free units: a whole number of times ``buy`` boxes are paid, rounded down."""
    times = rows.column(upper=float(most // offer.buy), whole=True)
    paid = [(column, float(offer.multiple)) for column in columns]
    rows.row([*paid, (times, -float(offer.buy))], low=0.0, high=float(offer.buy - 1))
    return times, float(offer.get)
