"""Before promising: is it there, is it coming, does this patient already wait for it?"""

from dataclasses import dataclass
from datetime import date, datetime

from backofficine.catalog.models import Product
from backofficine.kernel import vault
from backofficine.pharmacy.queries import local_day
from backofficine.promises import identity
from backofficine.promises.models import Promise
from backofficine.promises.queries.waiting import promised_by_product
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing.models import Order, OrderLine
from backofficine.stock import queries as stock
from backofficine.stock.models import Location

_PLACES = 5


@dataclass(frozen=True, slots=True)
class FreeBoxes:
    """Stock units that a patient could be served from now, in one place."""

    location: Location
    quantity: int
    expires_on: date
    has_known_date: bool


@dataclass(frozen=True, slots=True)
class Guard:
    """What to know before promising; quantities in stock units."""

    product: Product
    available: int
    places: tuple[FreeBoxes, ...]
    on_order: int
    free_on_order: int
    due_at: datetime | None  # when the first open order of it is due
    sent_at: datetime | None
    promised: int
    same_patient: tuple[Promise, ...]

    @property
    def is_clear(self) -> bool:
        """Nothing stands in the way of promising."""
        return not (self.available or self.free_on_order or self.same_patient)


def guard(
    product: Product, *, at: datetime, name: str = "", phone: str = "", patient_key: str = ""
) -> Guard:
    """Boxes there now and where, boxes on order that nobody waits for, open promises of the same
    product to the same patient (by the given key, the whole name, or the end of the phone)."""
    balances = list(stock.servable(product, on=local_day(at)))
    places: dict[int, FreeBoxes] = {}
    for balance in balances:
        before = places.get(balance.location_id)
        places[balance.location_id] = FreeBoxes(
            balance.location,
            balance.on_hand + (before.quantity if before else 0),
            before.expires_on if before else balance.lot.expires_on,
            before.has_known_date if before else balance.lot.has_known_date,
        )
    on_order = purchasing.on_order_by_product([product.pk]).get(product.pk, 0)
    promised = promised_by_product([product.pk]).get(product.pk, 0)
    line = _next_line(product) if on_order else None
    return Guard(
        product=product,
        available=sum(balance.on_hand for balance in balances),
        places=tuple(places.values())[:_PLACES],
        on_order=on_order,
        free_on_order=max(on_order - promised, 0),
        due_at=due_at(line.order) if line else None,
        sent_at=line.order.sent_at if line else None,
        promised=promised,
        same_patient=tuple(_same_patient(product, name, phone, patient_key)),
    )


def due_at(order: Order) -> datetime | None:
    """When an order is expected at the door."""
    return order.delivery_round.due_at if order.delivery_round else order.expected_at


def _next_line(product: Product) -> OrderLine | None:
    return (
        OrderLine.objects.filter(
            product=product,
            quantity__gte=1,
            order__status__in=[Order.Status.SENT, Order.Status.ANSWERED],
        )
        .select_related("order__delivery_round")
        .order_by("order__delivery_round__due_at", "order__expected_at", "pk")
        .first()
    )


def _same_patient(product: Product, name: str, phone: str, key: str) -> list[Promise]:
    if not identity.words_of(name):
        return []
    waiting = (
        Promise.objects.filter(product=product, closed_at=None, identity__isnull=False)
        .select_related("product", "slot", "identity")
        .order_by("number")
    )
    hashes = [identity.patient_hash(name)]
    if key:
        hashes.append(identity.patient_hash(name, key=key))
    by_key = waiting.filter(identity__patient_hash__in=hashes)
    digits = identity.phone_hash(phone)
    by_phone = list(waiting.filter(identity__phone_hash=digits)) if digits else []
    same = {promise.pk: promise for promise in by_key}
    for promise in by_phone:
        if _shares_a_word(promise, name):
            same.setdefault(promise.pk, promise)
    return list(same.values())[:_PLACES]


def _shares_a_word(promise: Promise, name: str) -> bool:
    try:
        theirs = set(map(identity.fold, identity.words_of(identity.name_of(promise.identity))))
    except vault.Erased:
        return False
    return bool(theirs & set(map(identity.fold, identity.words_of(name))))
