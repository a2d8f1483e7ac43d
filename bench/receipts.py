"""Whole receipts: an order of many lines, scanned with lots, and validated once."""

import itertools
import random
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

from django.db.models import Max

from backofficine.catalog.models import Product
from backofficine.pharmacy.queries import local_day
from backofficine.purchasing.models import Order, OrderLine, Supplier
from backofficine.receiving import services
from backofficine.stock import services as stock
from backofficine.stock.models import Balance, Location, Posting
from backofficine.stock.queries.places import dock
from backofficine.team.services import system_actor
from bench.base import present
from bench.measure import Line, in_turns, took_ms
from bench.plain import Plain


def lines(*, quick: bool) -> Iterator[Line]:
    plain = Plain()
    try:
        for size, limit in ((200, 150.0), (1_000, 700.0)):
            yield validated(plain, size=size, limit=limit, quick=quick)
    finally:
        plain.close()
        clear_dock()


def clear_dock() -> None:
    """Put away what the bench received: a dock of ten thousand lines is no working day's."""
    place = dock()
    shelf = Location.objects.filter(kind=Location.Kind.RESERVE).order_by("pk").first()
    shelf = shelf or Location.objects.filter(kind=Location.Kind.SHELF).order_by("pk")[0]
    mine = Balance.objects.filter(location=place, on_hand__gt=0, lot__number__regex=r"^[RP]\d+-")
    rows = [
        (row.lot, place, shelf, row.on_hand)
        for row in mine.select_related("lot__product").order_by("pk")
    ]
    if rows:
        stock.transfer(
            rows, occurred_at=present(), recorded_at=present(), actor=system_actor(),
            request_id=uuid4(), reason=Posting.Reason.PUT_AWAY,
        )  # fmt: skip


def validated(plain: Plain, *, size: int, limit: float, quick: bool) -> Line:
    """Validation of a receipt of ``size`` lines; plain SQL writes its posting, no gap, no price."""
    rng = random.Random(size)
    actor, on = system_actor(), local_day(present())
    place = dock()
    expires_on = on + timedelta(days=600)
    products = list(
        Product.objects.filter(is_followed=True, legal_status="none").order_by("pk")[:3_000]
    )
    supplier = Supplier.objects.filter(is_active=True).order_by("-is_main", "pk")[0]
    turn = itertools.count()

    def ours() -> float:
        chosen = rng.sample(products, size)
        order = _order(supplier, chosen)
        receipt = services.start_receipt(
            supplier=supplier, orders=[order], at=present(), request_id=uuid4()
        )
        lot = f"R{size}-{next(turn)}"
        services.scan_many(
            receipt,
            [services.Boxes(product, 1, lot, expires_on) for product in chosen],
            at=present(), on=on, actor=actor, by_pharmacist=True, request_id=uuid4(),
        )  # fmt: skip
        return took_ms(
            lambda: services.validate(receipt, at=present(), on=on, actor=actor, request_id=uuid4())
        )

    def theirs() -> float:
        lot = f"P{size}-{next(turn)}-{uuid4().hex[:4]}"
        rows = [(product.pk, lot, str(expires_on)) for product in rng.sample(products, size)]
        return took_ms(
            lambda: plain.receive(
                rows, place=place.pk, cost=31_416, actor=(actor.pk, actor.number), at=present()
            )
        )

    ours(), theirs()
    line = Line(f"receipt of {size} lines, validated", "ms", goal=(("p50", limit),))
    return in_turns(line, ours=ours, plain=theirs, rounds=2 if quick else 7)


def _order(supplier: Supplier, products: list[Product]) -> Order:
    number = (Order.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    order = Order.objects.create(
        number=number, supplier=supplier, status=Order.Status.SENT, created_at=present(),
        sent_at=present(), channel=Order.Channel.FILE,
    )  # fmt: skip
    OrderLine.objects.bulk_create(
        [
            OrderLine(order=order, product=product, quantity=1, proposed_quantity=1)
            for product in products
        ]
    )
    return order
