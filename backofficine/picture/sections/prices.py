"""Section 5: regulated prices that fell, or are about to, against the boxes held."""

from datetime import date, timedelta
from decimal import Decimal

from backofficine.catalog.margins import MarginTable
from backofficine.picture.report import Figure, Line, Section, euros
from backofficine.picture.sections.base import in_order_of_euros, line_of
from backofficine.picture.shelf import Item, Shelf

RECENT = timedelta(days=365)


def prices_section(shelf: Shelf, *, margins: MarginTable, editions: int) -> Section:
    """The last fall of each price, of the last year or to come."""
    if editions == 0:
        return Section("price_cuts", absent="no_catalogue")
    if editions == 1:
        return Section("price_cuts", absent="one_edition")
    lines = [
        line
        for item in shelf.items
        if item.held > 0 and (line := _line(item, shelf, margins=margins)) is not None
    ]
    kept = in_order_of_euros(lines)
    value, low, high = (
        sum((getattr(line, name) or Decimal(0) for line in kept), Decimal("0.00"))
        for name in ("euros", "euros_low", "euros_high")
    )
    method = "price_cuts"
    figure = Figure("price_cut_euros", "euros", value, low, high, method)
    return Section("price_cuts", (figure,), kept)


def _line(item: Item, shelf: Shelf, *, margins: MarginTable) -> Line | None:
    spans = item.national.prices if item.national else ()
    if len(spans) < 2:
        return None
    old, new = spans[-2], spans[-1]
    if new.amount >= old.amount or new.valid_from < shelf.as_of - RECENT:
        return None
    old_cost, new_cost = margins.purchase_cost(old.amount), margins.purchase_cost(new.amount)
    count, low, high = _old_boxes(item, shelf, since=new.valid_from)
    if high == 0:
        return None
    return line_of(
        item,
        count=count,
        low=low,
        high=high,
        price=float(old_cost - new_cost),
        reason="price_fell" if new.valid_from <= shelf.as_of else "price_will_fall",
        groups=("price_cut_euros",),
        numbers={
            "old_price": euros(old.amount), "new_price": euros(new.amount),
            "old_cost": euros(old_cost), "new_cost": euros(new_cost),
        },
        words={"since": new.valid_from.isoformat()},
    )  # fmt: skip


def _old_boxes(item: Item, shelf: Shelf, *, since: date) -> tuple[float, int, int]:
    """Boxes bought before the fall, oldest sold first: a guess, the least and the most.

    Exact when nothing came since, or when the purchases file covers the time since.
    """
    held = item.held
    if since > shelf.as_of:
        return held, held, held
    if shelf.bought is not None and shelf.bought[0] <= since:
        left = max(held - item.received_since(since), 0)
        return left, left, left
    if item.last_receipt_on is not None and item.last_receipt_on < since:
        return held, held, held
    return held / 2, 0, held
