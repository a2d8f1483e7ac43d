"""The lines of a draft as a person reads them: which first, which only."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.db.models import F, Q, QuerySet

from backofficine.kernel.prepared import Prepared
from backofficine.purchasing.models import Order, OrderLine

_ASKS = Q(urgency__in=OrderLine.ASKS, is_checked=False)


class Show(StrEnum):
    """Which lines of a draft are shown; the word stands in the address."""

    ALL = "all"
    LOOK = "look"
    PROMISED = "promised"
    CHANGED = "changed"


# :func:`draft_figures` counts by the same rules.
FILTERS: dict[Show, Q] = {
    Show.ALL: Q(),
    Show.LOOK: _ASKS,
    Show.PROMISED: Q(promised_quantity__gt=0),
    Show.CHANGED: ~Q(quantity=F("proposed_quantity")),
}


@dataclass(frozen=True, slots=True)
class DraftFigures:
    """What a draft holds; ``by_show`` counts the lines behind each filter. Euros excl. VAT."""

    lines: int
    boxes: int
    amount: Decimal
    unpriced: int
    promised_boxes: int
    unchecked: int
    by_show: dict[Show, int]

    @property
    def to_look_at(self) -> int:
        return self.by_show[Show.LOOK]

    @property
    def is_empty(self) -> bool:
        return not self.boxes

    @property
    def in_sight(self) -> int:
        return self.by_show[Show.ALL]

    @property
    def plain(self) -> int:
        """Lines that need nobody's eye."""
        return self.in_sight - self.to_look_at


# A line whole; of its product, what its row and its panel print.
_READ = (
    *(one.name for one in OrderLine._meta.concrete_fields),
    "product__public_id", "product__name", "product__strength", "product__form", "product__pack",
    "product__cip13", "product__legal_status", "product__storage", "product__availability",
)  # fmt: skip


def lines_shown(order: Order, *, show: Show) -> QuerySet[OrderLine]:
    """The lines behind a filter: promised first, then out of stock, then those to decide."""
    return (
        order.lines.filter(FILTERS[show])
        .select_related("product")
        .only(*_READ)
        .order_by("urgency", "product__name", "pk")
    )


_FIGURES = Prepared(
    lambda order: OrderLine.objects.filter(order=order).values_list(
        "quantity", "proposed_quantity", "promised_quantity", "unit_price", "urgency", "is_checked"
    ),
    int,
)


def draft_figures(order: Order) -> DraftFigures:
    """Every figure of the page, in one plain reading: a draft holds hundreds of lines, no more."""
    lines = boxes = unpriced = promised_boxes = unchecked = 0
    amount = Decimal(0)
    by_show = dict.fromkeys(Show, 0)
    for quantity, proposed, promised, price, urgency, is_checked in _FIGURES.all(order.pk):
        to_look_at = urgency in OrderLine.ASKS and not is_checked
        boxes += quantity
        promised_boxes += promised
        by_show[Show.ALL] += 1
        by_show[Show.LOOK] += to_look_at
        by_show[Show.PROMISED] += promised > 0
        by_show[Show.CHANGED] += quantity != proposed
        if quantity:
            lines += 1
            unpriced += price is None
            unchecked += not is_checked and not to_look_at
            amount += quantity * (price or 0)
    return DraftFigures(
        lines=lines,
        boxes=boxes,
        amount=amount,
        unpriced=unpriced,
        promised_boxes=promised_boxes,
        unchecked=unchecked,
        by_show=by_show,
    )
