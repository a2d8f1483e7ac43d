"""Boxes about to be ordered twice: what is there, what is on its way, who waits for it.

A message is lost, an answer is not read, a call is not passed on: the same cold boxes are ordered
again, and nobody takes them back. Each order of such a product is compared with what the house
already has coming.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import F, Sum

from backofficine.catalog.models import Product
from backofficine.pharmacy import queries as pharmacy
from backofficine.pharmacy.queries import UnknownValue
from backofficine.planning.guards import guard_of_product
from backofficine.planning.models import DoubleAllowed
from backofficine.planning.why import Guard
from backofficine.promises import queries as promises
from backofficine.purchasing.models import Order, OrderLine
from backofficine.purchasing.queries.orders import AWAITED
from backofficine.stock import queries as stock
from backofficine.stock.models import Balance, Location, StockRule

# Until the pharmacy sets its own, dated, under Settings: as for proposals.
EXPENSIVE_FROM = Decimal(100)  # euros excl. VAT, one box


@dataclass(frozen=True, slots=True)
class Coming:
    """Stock units of one order that are still awaited."""

    order: Order
    units: int

    @property
    def is_uncertain(self) -> bool:
        """Nobody knows yet whether the supplier has it."""
        return self.order.status == Order.Status.SENT


@dataclass(frozen=True, slots=True)
class Double:
    """A product asked for beyond what is needed, while some is there or coming. Stock units."""

    product: Product
    guard: Guard
    boxes: int
    """Asked for in this order."""
    shelves: Mapping[Location.Kind, int]
    """What may be served, by kind of place."""
    coming: list[Coming] = field(default_factory=list)
    waited: int = 0
    """Patients wait for so many, not yet set aside."""
    level: int = 0
    """What this pharmacy keeps of it: the target proposed, or the minimum it set."""

    @property
    def on_hand(self) -> int:
        return sum(self.shelves.values())

    @property
    def on_order(self) -> int:
        return sum(one.units for one in self.coming)

    @property
    def already(self) -> int:
        return self.on_hand + self.on_order

    @property
    def needed(self) -> int:
        """Boxes that may be ordered without a question."""
        units = max(self.level + self.waited - self.already, 0)
        return -(-units // self.case_units) * self.product.case_size

    @property
    def case_units(self) -> int:
        return self.product.case_size * self.product.doses_per_box

    @property
    def is_double(self) -> bool:
        return self.already > 0 and self.boxes > self.needed


def doubles_of(order: Order, *, on: date) -> list[Double]:
    """Lines of an order that would order twice what is guarded, by name; allowed ones left out.

    The order itself does not count as coming. Reads the lines, and five tables more when some
    product is cold, narcotic or expensive.
    """
    lines = order.lines.filter(quantity__gt=0).select_related("product").order_by("product__name")
    return doubles_among(
        order,
        [(line.product, line.quantity, int(line.why.get("target", 0))) for line in lines],
        on=on,
    )


def doubles_among(
    order: Order, asked: Iterable[tuple[Product, int, int]], *, on: date
) -> list[Double]:
    """The same for some products of an order: each with its boxes and its target in stock units."""
    dear = _dear(on)
    watched = [
        (product, boxes, target, guard)
        for product, boxes, target in asked
        if (guard := guard_of_product(product, dear=dear))
    ]
    if not watched:
        return []
    keys = [product.pk for product, _boxes, _target, _guard in watched]
    shelves, coming = _shelves(keys, on=on), _coming(keys, besides=order)
    waited = promises.promised_by_product(keys)
    minimums = dict(
        StockRule.objects.filter(product__in=keys, minimum__gt=0).values_list("product", "minimum")
    )
    allowed = {
        row.product_id: row
        for row in DoubleAllowed.objects.filter(order=order, product__in=keys).order_by("pk")
    }
    found = [
        Double(
            product=product,
            guard=guard,
            boxes=boxes,
            shelves=shelves.get(product.pk, {}),
            coming=coming.get(product.pk, []),
            waited=waited.get(product.pk, 0),
            level=max(target, minimums.get(product.pk) or 0),
        )
        for product, boxes, target, guard in watched
    ]
    return [
        one for one in found if one.is_double and not _is_allowed(one, allowed.get(one.product.pk))
    ]


def _is_allowed(double: Double, word: DoubleAllowed | None) -> bool:
    """A word holds for the boxes it was given for, and only while nothing more has come."""
    return word is not None and double.boxes <= word.boxes and double.already <= word.already


def _dear(on: date) -> Decimal:
    try:
        return pharmacy.number("expensive_from", on=on)
    except UnknownValue:
        return EXPENSIVE_FROM


def _shelves(products: list[int], *, on: date) -> dict[int, dict[Location.Kind, int]]:
    rows = (
        Balance.objects.filter(
            on_hand__gt=0,
            lot__product__in=products,
            lot__expires_on__gte=on,
            location__kind__in=Location.SERVING,
        )
        .exclude(lot_id__in=stock.held_lot_ids())
        .values_list("lot__product", "location__kind")
        .annotate(total=Sum("on_hand"))
        .order_by("lot__product", "location__kind")
    )
    found: dict[int, dict[Location.Kind, int]] = defaultdict(dict)
    for product, kind, total in rows:
        found[product][Location.Kind(kind)] = int(total)
    return found


def _coming(products: list[int], *, besides: Order) -> dict[int, list[Coming]]:
    lines = (
        OrderLine.objects.filter(product__in=products, order__status__in=AWAITED)
        .exclude(order=besides)
        .filter(quantity__gt=F("received_quantity"))
        .select_related("order__supplier", "product")
        .order_by("order__number")
    )
    found: dict[int, list[Coming]] = defaultdict(list)
    for line in lines:
        boxes = line.expected_quantity - line.received_quantity
        if boxes > 0:
            units = boxes * line.product.doses_per_box
            found[line.product_id].append(Coming(line.order, units))
    return found
