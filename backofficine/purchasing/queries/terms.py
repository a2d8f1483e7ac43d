"""What is agreed with suppliers on a day: prices by quantity, what is left of each promise."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Case, F, IntegerField, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from backofficine.pharmacy import queries as pharmacy
from backofficine.pharmacy.queries import UnknownValue
from backofficine.purchasing.models import (
    Commitment,
    Order,
    OrderLine,
    Supplier,
    SupplierPrice,
    SupplierQuota,
    SupplierTier,
)
from backofficine.stock.models import Balance, Location

BUDGET = "order_budget_month"
"""Dated parameter: the most that may be ordered in a civil month, euros excl. VAT."""

LEFT = (Order.Status.SENT, Order.Status.ANSWERED, Order.Status.RECEIVED, Order.Status.CLOSED)


@dataclass(frozen=True, slots=True)
class Tier:
    """From so many boxes paid, the price of each, euros excl. VAT.

    ``free_units`` boxes come free for each ``from_quantity`` paid.
    """

    from_quantity: int
    unit_price: Decimal
    free_units: int = 0


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What one supplier asks for one product."""

    tiers: tuple[Tier, ...] = ()
    """Rising; the list price first, when it is known and no tier begins with one box."""
    quota_left: int | None = None
    """Boxes that may still be ordered this month; ``None``: as many as wanted."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A commitment and what was ordered towards it, in its own unit."""

    commitment: Commitment
    done: Decimal

    @property
    def left(self) -> Decimal:
        return max(self.commitment.target - self.done, Decimal(0))

    @property
    def is_reached(self) -> bool:
        return not self.left


@dataclass(frozen=True, slots=True)
class SupplierTerms:
    """All that bears on an order to one supplier, euros excl. VAT."""

    supplier: Supplier
    order_minimum: Decimal | None
    free_carriage_from: Decimal | None
    carriage_cost: Decimal | None
    offers: dict[int, OfferTerms] = field(default_factory=dict)
    """By product."""
    commitments: tuple[Committed, ...] = ()
    """Those to this supplier that run on the day."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be ordered in the civil month, and what was; euros excl. VAT."""

    amount: Decimal
    spent: Decimal

    @property
    def left(self) -> Decimal:
        return max(self.amount - self.spent, Decimal(0))


def terms_of(suppliers: Iterable[Supplier], *, on: date) -> dict[int, SupplierTerms]:
    """By supplier, every term that holds on a day; a bounded number of queries."""
    wanted = {supplier.pk: supplier for supplier in suppliers}
    tiers = _tiers(wanted, on=on)
    quotas = quotas_left(wanted, on=on)
    committed: dict[int, list[Committed]] = defaultdict(list)
    for one in commitments(on=on):
        if one.commitment.supplier_id in wanted:
            committed[one.commitment.supplier_id].append(one)
    found = {}
    for key, supplier in wanted.items():
        products = {product for owner, product in [*tiers, *quotas] if owner == key}
        found[key] = SupplierTerms(
            supplier=supplier,
            order_minimum=supplier.order_minimum,
            free_carriage_from=supplier.free_carriage_from,
            carriage_cost=supplier.carriage_cost,
            offers={
                product: OfferTerms(
                    tiers=tuple(tiers.get((key, product), ())),
                    quota_left=quotas.get((key, product)),
                )
                for product in products
            },
            commitments=tuple(committed[key]),
        )
    return found


def running(on: date) -> Q:
    """Rows whose dates hold a day."""
    return Q(valid_from__lte=on) & (Q(valid_until__isnull=True) | Q(valid_until__gte=on))


def _tiers(suppliers: Iterable[int], *, on: date) -> dict[tuple[int, int], list[Tier]]:
    by_offer: dict[tuple[int, int], dict[int, Tier]] = defaultdict(dict)
    listed = SupplierPrice.objects.filter(supplier__in=list(suppliers), valid_from__lte=on)
    # The newest price, and the newest tier of each quantity, come last and stay.
    for owner, product, price in listed.order_by("valid_from", "pk").values_list(
        "supplier", "product", "unit_price"
    ):
        by_offer[owner, product][1] = Tier(1, price)
    dated = SupplierTier.objects.filter(running(on), supplier__in=list(suppliers))
    for owner, product, start, price, free in dated.order_by("valid_from", "pk").values_list(
        "supplier", "product", "from_quantity", "unit_price", "free_units"
    ):
        by_offer[owner, product][start] = Tier(start, price, free)
    return {key: [tiers[start] for start in sorted(tiers)] for key, tiers in by_offer.items()}


def quotas_left(suppliers: Iterable[int], *, on: date) -> dict[tuple[int, int], int]:
    """(Supplier, product) → boxes still to be had in the civil month of ``on``; absent: no quota.

    Orders that left count for what was asked, then answered, then received.
    """
    rows = SupplierQuota.objects.filter(running(on), supplier__in=list(suppliers))
    quotas: dict[tuple[int, int], int] = {
        (owner, product): boxes
        for owner, product, boxes in rows.order_by("valid_from", "pk").values_list(
            "supplier", "product", "boxes_a_month"
        )
    }
    if not quotas:
        return {}
    taken = (
        _lines_that_left(first=on.replace(day=1), last=on)
        .filter(product__in=rows.values("product"), order__supplier__in=rows.values("supplier"))
        .values_list("order__supplier", "product")
        .annotate(boxes=Sum(_BOXES))
        .order_by()
    )
    for owner, product, boxes in taken:
        if (owner, product) in quotas:
            quotas[owner, product] = max(quotas[owner, product] - int(boxes), 0)
    return quotas


# What counts of a line, by how far its order is.
_BOXES = Case(
    When(
        order__status__in=[Order.Status.RECEIVED, Order.Status.CLOSED],
        then=F("received_quantity"),
    ),
    default=Coalesce(F("answered_quantity"), F("quantity")),
    output_field=IntegerField(),
)


def _lines_that_left(*, first: date, last: date) -> QuerySet[OrderLine]:
    """Lines of the orders sent on civil days of the pharmacy, both included."""
    return OrderLine.objects.filter(
        order__status__in=LEFT,
        order__sent_at__gte=pharmacy.day_bounds(first)[0],
        order__sent_at__lt=pharmacy.day_bounds(last)[1],
    )


def commitments(*, on: date) -> list[Committed]:
    """Commitments that run on a day, the first to end first, with what was ordered by that day."""
    rows = (
        Commitment.objects.filter(first_day__lte=on, last_day__gte=on)
        .select_related("supplier")
        .order_by("last_day", "pk")
    )
    return [Committed(row, _done(row, on=on)) for row in rows]


def _done(commitment: Commitment, *, on: date) -> Decimal:
    lines = _lines_that_left(first=commitment.first_day, last=min(on, commitment.last_day))
    if commitment.supplier_id is not None:
        lines = lines.filter(order__supplier=commitment.supplier_id)
    else:
        lines = lines.filter(product__manufacturer=commitment.laboratory)
    if commitment.unit == Commitment.Unit.BOXES:
        return Decimal(lines.aggregate(total=Coalesce(Sum(_BOXES), 0))["total"])
    return _euros(lines)


def _euros(lines: QuerySet[OrderLine]) -> Decimal:
    # Summed here: an amount keeps its exactness on every database.
    rows = lines.annotate(boxes=_BOXES).values_list("boxes", "unit_price")
    return sum((boxes * price for boxes, price in rows if price is not None), Decimal(0))


def budget(*, on: date) -> Budget | None:
    """The budget of the civil month with what was ordered up to a day; ``None`` without one."""
    try:
        amount = pharmacy.number(BUDGET, on=on)
    except UnknownValue:
        return None
    return Budget(amount, _euros(_lines_that_left(first=on.replace(day=1), last=on)))


def reserve_room() -> int | None:
    """Boxes that still fit in the reserve; ``None`` when nobody said how many do.

    Doses fill as many boxes as they came in.
    """
    places = Location.objects.filter(kind=Location.Kind.RESERVE, is_active=True, room__isnull=False)
    room = places.aggregate(total=Sum("room"))["total"]
    if room is None:
        return None
    held = (
        Balance.objects.filter(location__in=places, on_hand__gt=0)
        .values_list("lot__product__doses_per_box")
        .annotate(total=Sum("on_hand"))
        .order_by()
    )
    taken = sum(-(-int(total) // int(doses)) for doses, total in held)
    return max(int(room) - taken, 0)
