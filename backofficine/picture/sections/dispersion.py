"""Section 7: generic groups held in several laboratories, and what one alone would free."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from backofficine.picture.national import National
from backofficine.picture.report import Line, Section, boxes, euros
from backofficine.picture.sections.base import LEVEL, exact, in_order_of_euros, total
from backofficine.picture.shelf import Floats, Shelf

NEIGHBOURS = 100  # products of like sales whose stock tells the habit


def dispersion_section(shelf: Shelf, *, national: National) -> Section:
    """One line per group and size held in two laboratories or more, the brand left aside."""
    if not national.groups:
        return Section("dispersion", absent="no_catalogue")
    held = _held_groups(shelf, national)
    habit = _Habit.of(shelf)
    lines = [_line(shelf, national, key, rows, habit=habit) for key, rows in held.items()]
    kept = in_order_of_euros(lines)
    figures = (
        total("dispersion_euros", "euros", kept, method="dispersion", money=True),
        exact("dispersion_groups", "lines", len(kept), method="count"),
    )
    return Section("dispersion", figures, kept)


@dataclass(frozen=True)
class _Habit:
    """What this pharmacy holds of a product, by how much it sells: its own policy, as seen.

    ``demand`` boxes a day of the products held and sold in the year, ascending; ``held`` of each.
    """

    demand: Floats
    held: Floats

    @classmethod
    def of(cls, shelf: Shelf) -> "_Habit":
        # Only what is held: the groups compared are those held too.
        rows = np.flatnonzero((shelf.sold_a_day > 0) & (shelf.on_hand > 0))
        order = rows[np.argsort(shelf.sold_a_day[rows], kind="stable")]
        return cls(shelf.sold_a_day[order], shelf.on_hand[order])

    def of_one(self, demand: float) -> tuple[float, float, float]:
        """Boxes held of a product that sells so much: mean, and the quantiles of the interval.

        From the products that sell nearest to it, as many below as above where there are.
        """
        if not len(self.demand):
            return 0.0, 0.0, 0.0
        at = int(np.searchsorted(self.demand, demand))
        near = self.held[max(at - NEIGHBOURS // 2, 0) : at + NEIGHBOURS // 2 + 1]
        if not len(near):
            near = self.held[-NEIGHBOURS:]
        tail = (100 - LEVEL) / 200
        low, high = np.quantile(near, (tail, 1 - tail))
        return float(near.mean()), float(low), float(high)


def _held_groups(shelf: Shelf, national: National) -> dict[tuple[str, str], list[int]]:
    """(group, size) → rows held, where two laboratories or more make them."""
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, item in enumerate(shelf.items):
        product = item.national
        if product is None or item.held <= 0 or product.cis in national.brands:
            continue
        for group in national.groups_of.get(product.cis, ())[:1]:
            rows[group, product.pack].append(row)
    return {
        key: found
        for key, found in sorted(rows.items())
        if len({_laboratory(shelf, row) for row in found}) > 1
    }


def _laboratory(shelf: Shelf, row: int) -> str:
    product = shelf.items[row].national
    return product.laboratory if product is not None else ""


def _line(
    shelf: Shelf, national: National, key: tuple[str, str], rows: list[int], *, habit: _Habit
) -> Line:
    """What is held less what this pharmacy would hold of one product that sold as much."""
    group, pack = key
    sold: dict[str, float] = defaultdict(float)
    boxes_of: dict[str, float] = defaultdict(float)
    for row in rows:
        sold[_laboratory(shelf, row)] += float(shelf.sold_a_day[row])
        boxes_of[_laboratory(shelf, row)] += float(shelf.on_hand[row])
    ranked = sorted(sold, key=lambda name: (-round(sold[name], 6), -boxes_of[name], name))
    elsewhere = sum(boxes_of[name] for name in ranked[1:])
    priced = [row for row in rows if shelf.items[row].cost is not None]
    cost = None
    if priced:
        weight = shelf.on_hand[priced]
        cost = float((shelf.costs[priced] * weight).sum() / weight.sum())
    stock = float(shelf.on_hand[rows].sum())
    mean, least, most = (
        min(max(stock - boxes_kept, 0.0), elsewhere)
        for boxes_kept in habit.of_one(sum(sold.values()))
    )
    return Line(
        code=f"{group} · {pack}" if pack else group,
        label=national.groups[group],
        held=int(shelf.on_hand[rows].sum()),
        boxes=boxes(mean),
        boxes_low=boxes(min(most, mean)),
        boxes_high=boxes(max(least, mean)),
        euros=None if cost is None else euros(mean * cost),
        euros_low=None if cost is None else euros(min(most, mean) * cost),
        euros_high=None if cost is None else euros(max(least, mean) * cost),
        is_cost_assumed=any(shelf.items[row].is_cost_assumed for row in priced),
        reason="several_laboratories",
        groups=("dispersion_euros", "dispersion_groups"),
        numbers={"laboratories": len(ranked), "references": len(rows)},
        words={
            "keep": ranked[0],
            "others": " · ".join(ranked[1:]),
            "pack": pack,
            "codes": " ".join(shelf.items[row].code for row in rows),
        },
    )
