"""Section 6: presentations nobody makes any more, still held or still ordered."""

from datetime import timedelta

from backofficine.picture.national import National, NationalProduct
from backofficine.picture.report import Line, Section
from backofficine.picture.sections.base import euros_of, exact, in_order_of_euros, iso, line_of
from backofficine.picture.shelf import Item, Shelf

LATELY = timedelta(days=90)


def dead_codes_section(shelf: Shelf, *, national: National) -> Section:
    """Codes stopped, withdrawn, suspended or gone from the national files."""
    if not national.products:
        return Section("dead_codes", absent="no_catalogue")
    lines = []
    for item in shelf.items:
        product = item.national
        if product is None or product.is_sold:
            continue
        ordered = item.received_since(shelf.as_of - LATELY)
        if item.held > 0 or ordered > 0:
            lines.append(_line(item, product, ordered=ordered, national=national))
    kept = in_order_of_euros(lines)
    held = [line for line in kept if "dead_boxes" in line.groups]
    count = sum("dead_ordered" in line.groups for line in kept)
    figures = [
        exact("dead_euros", "euros", euros_of(held), method="dead_codes"),
        exact("dead_boxes", "boxes", sum(line.held for line in held), method="dead_codes"),
    ]
    if shelf.bought is not None:
        figures.append(exact("dead_ordered", "lines", count, method="dead_ordered"))
    return Section("dead_codes", tuple(figures), kept)


def _line(item: Item, product: NationalProduct, *, ordered: int, national: National) -> Line:
    reason = product.state
    if product.absent_since:
        reason = "left_catalogue"
    elif reason == "marketed":
        reason = "stopped"  # the availability file says so before the other
    heir = national.successor(product)
    groups = ("dead_boxes", "dead_euros") if item.held > 0 else ()
    words = {
        "successor": heir.cip13 if heir else "",
        "successor_label": heir.label if heir else "",
        "last_ordered_on": iso(item.received[-1][0] if ordered > 0 else None),
    }
    return line_of(
        item,
        count=max(item.held, 0),
        reason=reason,
        groups=(*groups, "dead_ordered") if ordered > 0 else groups,
        numbers={"ordered_boxes": ordered} if ordered > 0 else {},
        words=words,
    )
