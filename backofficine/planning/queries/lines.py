"""The lines of a draft as a person reads them: which first, which only."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.db.models import BigIntegerField, Count, F, Q, QuerySet, Sum

from backofficine.kernel.money import from_units
from backofficine.purchasing.models import Order, OrderLine

_ASKS = Q(urgency__in=OrderLine.ASKS, is_checked=False)


class Show(StrEnum):
    """Which lines of a draft are shown; the word stands in the address."""

    ALL = "all"
    LOOK = "look"
    PROMISED = "promised"
    CHANGED = "changed"


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


def lines_shown(order: Order, *, show: Show) -> QuerySet[OrderLine]:
    """The lines behind a filter: promised first, then out of stock, then those to decide."""
    return (
        order.lines.filter(FILTERS[show])
        .select_related("product")
        .order_by("urgency", "product__name", "pk")
    )


def draft_figures(order: Order) -> DraftFigures:
    """Every figure of the page, in one query; euros are summed as whole units, hence exactly."""
    asked = Q(quantity__gt=0)
    found = order.lines.aggregate(
        lines=Count("pk", filter=asked),
        boxes=Sum("quantity"),
        units=Sum(F("quantity") * F("unit_price"), output_field=BigIntegerField()),
        unpriced=Count("pk", filter=asked & Q(unit_price=None)),
        promised=Sum("promised_quantity"),
        unchecked=Count("pk", filter=asked & Q(is_checked=False) & ~_ASKS),
        **{f"show_{show}": Count("pk", filter=condition) for show, condition in FILTERS.items()},
    )
    return DraftFigures(
        lines=found["lines"],
        boxes=found["boxes"] or 0,
        amount=from_units(int(found["units"] or 0)),
        unpriced=found["unpriced"],
        promised_boxes=found["promised"] or 0,
        unchecked=found["unchecked"],
        by_show={show: found[f"show_{show}"] for show in Show},
    )
