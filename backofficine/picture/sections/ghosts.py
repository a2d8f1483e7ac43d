"""Section 1: stock on record that is probably not there, and the twenty products to check first."""

from collections.abc import Mapping

import numpy as np

from backofficine.picture.report import Figure, Line, Section, boxes, euros, share
from backofficine.picture.sections.base import LEVEL, in_order_of_euros, iso, line_of
from backofficine.picture.shelf import Floats, Ints, Shelf
from backofficine.science.picture.ghosts import Ghosts, find_ghosts, hit_rate

TO_CHECK = 20
LEAST_TO_CHECK = 0.1  # below, a walk to the shelf is wasted nine times out of ten
LEAST_SHOWN = 0.05
_SIDE = 1.6449  # of a normal law, 5 % beyond


def weigh(shelf: Shelf, *, counts: Mapping[str, int] | None = None) -> Ghosts:
    """The chance of each item to be a ghost; ``counts``: code → boxes found."""
    rows = {item.code: row for row, item in enumerate(shelf.items)}
    return find_ghosts(
        shelf.sales,
        shelf.on_hand,
        period_days=shelf.period_days,
        available=shelf.available,
        months=shelf.months,
        groups=shelf.classes,
        counts={rows[code]: found for code, found in (counts or {}).items() if code in rows},
    )


def ghosts_section(
    shelf: Shelf, ghosts: Ghosts, *, counted: frozenset[str] = frozenset()
) -> Section:
    """Lines with one chance in twenty or more; those counted are known and leave the list."""
    if not shelf.on_hand.any():
        return Section("ghosts", absent="nothing_held")
    known = np.array([item.code in counted for item in shelf.items])
    chosen = to_check(shelf, ghosts, known=known)
    shown = np.flatnonzero((ghosts.probability >= LEAST_SHOWN) | (known & (ghosts.boxes > 0)))
    lines = [_line(shelf, ghosts, int(row), is_chosen=row in chosen) for row in shown]
    hits = hit_rate(ghosts, chosen)
    figures = [
        _sum("ghost_euros", "euros", shelf, ghosts, rows=shown, each=shelf.costs),
        _sum("ghost_boxes", "boxes", shelf, ghosts, rows=shown, each=np.ones(len(shelf.items))),
        Figure("count_list", "share", share(hits.value), share(hits.low), share(hits.high),
               "hit_rate", LEVEL),
        Figure("ghost_share", "share", share(ghosts.share.value), share(ghosts.share.low),
               share(ghosts.share.high), "ghosts", LEVEL),
    ]  # fmt: skip
    return Section("ghosts", tuple(figures), in_order_of_euros(lines))


def to_check(shelf: Shelf, ghosts: Ghosts, *, known: np.ndarray | None = None) -> Ints:
    """The twenty rows to check: by chance to the hundredth, then by euros, then by code."""
    value = ghosts.probability * shelf.on_hand * shelf.costs
    rows = np.flatnonzero(ghosts.probability >= LEAST_TO_CHECK)
    if known is not None:
        rows = rows[~known[rows]]
    ranked = sorted(
        rows,
        key=lambda row: (
            -round(float(ghosts.probability[row]), 2),
            -round(float(value[row]), 2),
            shelf.items[row].code,
        ),
    )
    return np.array(ranked[:TO_CHECK], dtype=np.int64)


def _line(shelf: Shelf, ghosts: Ghosts, row: int, *, is_chosen: bool) -> Line:
    item = shelf.items[row]
    groups = ("ghost_boxes", "ghost_euros")
    interval = ghosts.interval_days[row]
    numbers = {
        "silence_days": boxes(min(float(ghosts.silence_days[row]), shelf.days)),
        "expected_sales": boxes(ghosts.expected_sales[row]),
        "dead": share(ghosts.dead[row]),
        "probability_low": share(ghosts.low[row]),
        "probability_high": share(ghosts.high[row]),
    }
    if np.isfinite(interval):
        numbers["interval_days"] = boxes(interval)
    return line_of(
        item,
        count=float(ghosts.boxes[row]),
        low=float(ghosts.boxes_low[row]),
        high=float(ghosts.boxes_high[row]),
        probability=share(ghosts.probability[row]),
        reason="silent_too_long" if np.isfinite(interval) else "silent_and_rare",
        groups=("count_list", *groups) if is_chosen else groups,
        numbers=numbers,
        words={
            "last_sale_on": iso(item.last_sale_on),
            "last_receipt_on": iso(item.last_receipt_on),
        },
    )


def _sum(key: str, unit: str, shelf: Shelf, ghosts: Ghosts, *, rows: Ints, each: Floats) -> Figure:
    """The expected sum; its spread is that of each toss, and of what all share."""
    weight = (shelf.on_hand * each)[rows]
    chance = ghosts.probability[rows]
    value = float((ghosts.boxes * each)[rows].sum())
    tosses = float((chance * (1 - chance) * weight**2).sum())
    sums = ghosts.scenarios[:, rows] @ weight
    mean = float(ghosts.weights @ sums)
    common = float(ghosts.weights @ (sums - mean) ** 2)
    side = _SIDE * float(np.sqrt(tosses + common))
    rounded = euros if unit == "euros" else boxes
    least, most = max(value - side, 0.0), min(value + side, max(float(weight.sum()), value))
    return Figure(key, unit, rounded(value), rounded(least), rounded(most), "ghosts", LEVEL)
