"""The ledger's lines: withdrawals, receipts, the stock of one product."""

import itertools
import random
import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

from django.db import connection, transaction

from backofficine.catalog.models import Product
from backofficine.kernel.money import to_units
from backofficine.pharmacy.queries import local_day
from backofficine.stock import queries, services
from backofficine.stock.models import Balance, Location, Posting
from backofficine.stock.services import MoveLine, Wanted
from backofficine.stock.services.ledger import lots_of
from backofficine.team.models import Actor
from backofficine.team.services import system_actor
from bench.base import present
from bench.measure import Line, in_turns, took_ms
from bench.plain import Plain

RATE_ROUNDS = 9
ACTS_PER_ROUND = 300


def lines(*, quick: bool) -> Iterator[Line]:
    """Every line of the ledger, in turns with plain SQL on a connection of its own."""
    plain = Plain()
    try:
        yield withdrawals(plain, quick=quick)
        yield stock_of_one_product(plain, quick=quick)
        yield lots_of_one_product(plain, quick=quick)
        for size, limit in ((200, 150.0), (1_000, 700.0)):
            yield posted_receipt(plain, size=size, limit=limit, quick=quick)
    finally:
        plain.close()


def stocked_products() -> list[Product]:
    """Products with enough boxes to serve the whole bench, and one lot at least."""
    rich = (
        Balance.objects.filter(
            on_hand__gte=4, location__kind__in=Location.SERVING, lot__expires_on__gte=_today()
        )
        .values_list("lot__product", flat=True)
        .distinct()
    )
    return list(Product.objects.filter(pk__in=list(rich)).order_by("pk"))


def _today() -> date:
    return local_day(present())


def _actor() -> Actor:
    return system_actor()


def fill_up(products: list[Product], *, boxes: int) -> None:
    """Enough boxes of every product, so that no withdrawal of the bench finds an empty shelf."""
    supplier = queries.virtual(Location.Kind.SUPPLIER)
    expires_on = _today() + timedelta(days=400)
    for start in range(0, len(products), 500):
        services.post(
            lines=[
                MoveLine(
                    services.lot_of(product, number="BANC", expires_on=expires_on),
                    supplier,
                    queries.place_of(product),
                    boxes,
                )
                for product in products[start : start + 500]
            ],
            reason=Posting.Reason.RECEIPT,
            occurred_at=present(),
            recorded_at=present(),
            actor=_actor(),
            request_id=uuid4(),
        )


def withdrawals(plain: Plain, *, quick: bool) -> Line:
    """One box of one product for a patient: as many as the database takes in a second."""
    rng = random.Random(1)
    products = stocked_products()[:1500]
    fill_up(products, boxes=50)
    actor, on = _actor(), _today()
    acts = 60 if quick else ACTS_PER_ROUND

    def ours() -> float:
        chosen = rng.choices(products, k=acts)
        began = time.perf_counter()
        for product in chosen:
            services.withdraw(
                [Wanted(product, 1)], on=on, occurred_at=present(), recorded_at=present(),
                actor=actor, request_id=uuid4(), by_pharmacist=True,
            )  # fmt: skip
        return acts / (time.perf_counter() - began)

    def theirs() -> float:
        chosen = rng.choices(products, k=acts)
        costs = {product.pk: to_units(product.unit_cost or Decimal(0)) for product in chosen}
        began = time.perf_counter()
        for product in chosen:
            plain.withdraw(
                product=product.pk, cost=costs[product.pk], actor=(actor.pk, actor.number),
                at=present(),
            )  # fmt: skip
        return acts / (time.perf_counter() - began)

    ours(), theirs()  # warm
    goal = (("p50", 1_500.0),) if connection.vendor == "sqlite" else ()
    line = Line("withdrawals, one box each", "/s", goal=goal, least_ratio=0.5)
    return in_turns(line, ours=ours, plain=theirs, rounds=3 if quick else RATE_ROUNDS)


def stock_of_one_product(plain: Plain, *, quick: bool) -> Line:
    """How many boxes of a product patients can be served from."""
    rng = random.Random(2)
    products = stocked_products()

    def ours() -> float:
        product = rng.choice(products)
        return took_ms(lambda: queries.on_hand(product))

    def theirs() -> float:
        product = rng.choice(products)
        return took_ms(lambda: plain.on_hand(product.pk))

    for _time in range(50):
        ours(), theirs()
    line = Line("stock of one product", "ms", goal=(("p99", 1.0),))
    return in_turns(line, ours=ours, plain=theirs, rounds=200 if quick else 3_000)


def lots_of_one_product(plain: Plain, *, quick: bool) -> Line:
    """Every lot in every place of one product, first to expire first, as objects."""
    rng = random.Random(3)
    products = stocked_products()

    def ours() -> float:
        product = rng.choice(products)
        return took_ms(lambda: list(queries.balances_of_product(product)))

    def theirs() -> float:
        product = rng.choice(products)
        return took_ms(lambda: plain.stock_of(product.pk))

    for _time in range(50):
        ours(), theirs()
    line = Line("its lots and places", "ms")
    return in_turns(line, ours=ours, plain=theirs, rounds=200 if quick else 1_000)


def posted_receipt(plain: Plain, *, size: int, limit: float, quick: bool) -> Line:
    """One posting of ``size`` lines, each with its lot; half of the lots are new."""
    rng = random.Random(size)
    products = stocked_products()
    # A shelf, not the dock: what waits on a dock is a working day's, for the pages.
    place = queries.place_of(products[0])
    actor, turn = _actor(), itertools.count()
    expires_on = _today() + timedelta(days=500)

    def chosen() -> list[tuple[Product, str]]:
        number = next(turn)
        return [
            (product, "CONNU" if rng.random() < 0.5 else f"N{size}-{number}-{uuid4().hex[:6]}")
            for product in (
                rng.sample(products, size)
                if len(products) >= size
                else rng.choices(products, k=size)
            )
        ]

    def ours() -> float:
        wanted = chosen()
        supplier = queries.virtual(Location.Kind.SUPPLIER)
        words = [(product, number, expires_on) for product, number in wanted]

        def receive() -> None:
            with transaction.atomic():
                lots = lots_of(words)
                services.post(
                    lines=[
                        MoveLine(lots[product.pk, number, on], supplier, place, 1)
                        for product, number, on in words
                    ],
                    reason=Posting.Reason.RECEIPT,
                    occurred_at=present(),
                    recorded_at=present(),
                    actor=actor,
                    request_id=uuid4(),
                )

        return took_ms(receive)

    def theirs() -> float:
        rows = [(product.pk, number, str(expires_on)) for product, number in chosen()]
        return took_ms(
            lambda: plain.receive(
                rows, place=place.pk, cost=31_416, actor=(actor.pk, actor.number), at=present()
            )
        )

    ours(), theirs()
    line = Line(f"posting of {size} lines with lots", "ms", goal=(("p50", limit),))
    return in_turns(line, ours=ours, plain=theirs, rounds=3 if quick else 9)
