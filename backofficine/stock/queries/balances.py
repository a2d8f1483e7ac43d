"""What is held, where, and until when."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Case, F, IntegerField, Q, QuerySet, Sum, When

from backofficine.catalog.models import Product
from backofficine.kernel.prepared import Prepared
from backofficine.stock.models import Balance, Location, Lot, LotHold, Move

_HELD = Balance.objects.filter(on_hand__gt=0).select_related("lot__product", "location")


def balances_of_product(product: Product) -> QuerySet[Balance]:
    """Every lot in every place, the first to expire first."""
    return _HELD.filter(lot__product=product).order_by(
        "lot__expires_on", "location__walk_order", "pk"
    )


def balances_of_lot(lot: Lot) -> QuerySet[Balance]:
    """Where a lot is: serving places first, then quarantine, never a promise slot."""
    quarantine_last = Case(
        When(location__kind=Location.Kind.QUARANTINE, then=1),
        default=0,
        output_field=IntegerField(),
    )
    return (
        _HELD.filter(lot=lot)
        .exclude(location__kind=Location.Kind.PROMISE_SLOT)
        .order_by(quarantine_last, "location__walk_order", "pk")
    )


def _at(product: Any, location: Any) -> QuerySet[Balance]:
    return _HELD.filter(lot__product=product, location=location).order_by("lot__expires_on", "pk")


_AT = Prepared(_at, int, int)


def balances_at(product: Product, location: Location) -> QuerySet[Balance]:
    """A product's lots in one place, the first to expire first."""
    return _at(product, location)


def lots_at(product: Product, location: Location) -> list[Balance]:
    """The same, read at once: what commands ask all day."""
    return _AT.all(product.pk, location.pk)


def held_lot_ids() -> QuerySet[LotHold, int]:
    """Lots that may not reach a patient now."""
    return LotHold.objects.filter(lifted_at__isnull=True).values_list("lot_id", flat=True)


def servable(product: Product, *, on: date) -> QuerySet[Balance]:
    """Balances a patient may be served from on a civil day, in FEFO order.

    Expired, recalled and quarantined lots are left out, and so are promise slots: what is set aside
    is somebody's.
    """
    return (
        _HELD.filter(
            lot__product=product, location__kind__in=Location.SERVING, lot__expires_on__gte=on
        )
        .exclude(lot_id__in=held_lot_ids())
        .order_by("lot__expires_on", "location__walk_order", "pk")
    )


_SERVING = Prepared(
    lambda product: Balance.objects.filter(
        lot__product=product, on_hand__gt=0, location__kind__in=Location.SERVING
    ).values_list("on_hand"),
    int,
)


def on_hand(product: Product) -> int:
    """Stock units in the places patients are served from, whatever their date."""
    return sum(boxes for (boxes,) in _SERVING.all(product.pk))


def on_hand_by_product(products: Iterable[int] | None = None, *, on: date) -> dict[int, int]:
    """Servable stock units of many products at once, by primary key; absent means none.

    ``None`` asks for every product.
    """
    balances = Balance.objects.filter(
        on_hand__gt=0, location__kind__in=Location.SERVING, lot__expires_on__gte=on
    )
    if products is not None:
        balances = balances.filter(lot__product__in=list(products))
    rows = (
        balances.exclude(lot_id__in=held_lot_ids())
        .values_list("lot__product")
        .annotate(total=Sum("on_hand"))
        .order_by()
    )
    return {int(product): int(total) for product, total in rows}


def latest_lot(product: Product) -> Lot | None:
    """The lot that moved last, the best guess when a box is found without being scanned."""
    return _latest(Move.objects.filter(lot__product=product))


def latest_servable_lot(product: Product, *, on: date) -> Lot | None:
    """The same among the lots that may reach a patient on a civil day."""
    moves = Move.objects.filter(lot__product=product, lot__expires_on__gte=on)
    return _latest(moves.exclude(lot__in=held_lot_ids()))


def _latest(moves: QuerySet[Move]) -> Lot | None:
    move = moves.select_related("lot").order_by("-posting", "-pk").first()
    return move.lot if move else None


def expiring_before(day: date) -> QuerySet[Balance]:
    """Balances whose date is known and before ``day``, quarantine included, soonest first."""
    return _HELD.filter(lot__expires_on__lt=day).order_by("lot__expires_on", "pk")


def stock_as_of(
    product: Product, *, at: datetime, known_at: datetime | None = None
) -> dict[tuple[int, int], int]:
    """Stock units by (lot, location) *as it was* at an instant, replayed from the facts.

    With ``known_at``, *as we knew it* then: only facts recorded by that instant are read.
    """
    moves = Move.objects.filter(lot__product=product, posting__occurred_at__lte=at)
    if known_at is not None:
        moves = moves.filter(posting__recorded_at__lte=known_at)
    totals: dict[tuple[int, int], int] = {}
    for end, sign in (("target", 1), ("source", -1)):
        rows = (
            moves.filter(Q(**{f"{end}__holds_stock": True}))
            .values_list("lot", F(end))
            .annotate(total=Sum("quantity"))
            .order_by()
        )
        for lot, location, total in rows:
            key = (int(lot), int(location))
            totals[key] = totals.get(key, 0) + sign * int(total)
    return {key: total for key, total in totals.items() if total}
