"""Section 7: generic groups held in several laboratories, and what one alone would free."""

from collections import defaultdict

import numpy as np

from backofficine.picture.national import National
from backofficine.picture.report import Figure, Line, Section, boxes, euros
from backofficine.picture.sections.base import LEVEL, exact, in_order_of_euros
from backofficine.picture.sections.dormant import HORIZON_MEDICINE_DAYS
from backofficine.picture.shelf import Shelf
from backofficine.science.picture.cover import find_cover


def dispersion_section(shelf: Shelf, *, national: National) -> Section:
    """One line per group and size held in two laboratories or more, the brand left aside."""
    if not national.groups:
        return Section("dispersion", absent="no_catalogue")
    held = _held_groups(shelf, national)
    if not held:
        return Section("dispersion", (_figure(()), _count(())))
    keys = sorted(held)
    pooled = np.array([shelf.sales[rows].sum(axis=0) for rows in held.values()])
    order = {key: place for place, key in enumerate(held)}
    horizon = float(HORIZON_MEDICINE_DAYS)
    alone = find_cover(shelf.sales, shelf.on_hand, period_days=shelf.period_days,
                       horizon_days=horizon, months=shelf.months)  # fmt: skip
    together = find_cover(
        pooled,
        np.array([shelf.on_hand[rows].sum() for rows in held.values()]),
        period_days=shelf.period_days,
        horizon_days=horizon,
        months=shelf.months,
    )
    lines = []
    for key in keys:
        rows = held[key]
        stock = shelf.on_hand[rows]
        kept_apart = np.minimum(stock, alone.forecast_high[rows]).sum()
        kept_together = min(stock.sum(), together.forecast_high[order[key]])
        freed = max(float(kept_apart - kept_together), 0.0)
        lines.append(_line(shelf, national, key, rows, freed=freed))
    kept = in_order_of_euros(lines)
    return Section("dispersion", (_figure(kept), _count(kept)), kept)


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
    shelf: Shelf, national: National, key: tuple[str, str], rows: list[int], *, freed: float
) -> Line:
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
    freed = min(freed, elsewhere)
    return Line(
        code=f"{group} · {pack}" if pack else group,
        label=national.groups[group],
        held=int(shelf.on_hand[rows].sum()),
        boxes=boxes(freed),
        boxes_low=boxes(0.0),
        boxes_high=boxes(elsewhere),
        euros=None if cost is None else euros(freed * cost),
        euros_low=None if cost is None else euros(0.0),
        euros_high=None if cost is None else euros(elsewhere * cost),
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


def _figure(lines: tuple[Line, ...]) -> Figure:
    value = sum((float(line.euros or 0) for line in lines), 0.0)
    most = sum((float(line.euros_high or 0) for line in lines), 0.0)
    return Figure("dispersion_euros", "euros", euros(value), euros(0.0), euros(most),
                  "dispersion", LEVEL if most else 100)  # fmt: skip


def _count(lines: tuple[Line, ...]) -> Figure:
    return exact("dispersion_groups", "lines", len(lines), method="count")
