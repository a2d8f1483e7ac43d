"""What to order, database to database: learning two years of days, then proposing a round.

It runs on a database of its own, grown from 1,000 to 20,000 invented references whose frequencies
spread as those of a pharmacy do (log-normal, 500 boxes a day for 15,000 references).
"""

import random
import resource
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
from django.core.management import call_command
from django.db import connection, transaction

from backofficine.catalog.models import Product
from backofficine.kernel.bulk import insert_rows
from backofficine.kernel.money import to_units
from backofficine.kernel.reading import one_reading
from backofficine.pharmacy.services import found_pharmacy
from backofficine.planning.models import ActivePolicy, Policy, Training
from backofficine.planning.services import propose_orders, train_forecasts
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing.models import OrderLine, Supplier, SupplySchedule
from backofficine.purchasing.services import generate_rounds
from backofficine.stock import queries as stock
from backofficine.stock.models import Balance, DemandLine, Location, Lot
from backofficine.team.services import system_actor
from bench.base import _Writer, say
from bench.measure import Line

AT = datetime(2026, 11, 24, 9, 18, tzinfo=UTC)
DAYS = 730
SIZES = (1_000, 5_000, 15_000, 20_000)
BOXES_A_DAY = 500 / 15_000
SPREAD = 1.8  # of the logarithm of the frequencies
RECEIVED_EVERY = 6  # days


def lines(*, quick: bool) -> Iterator[Line]:
    call_command("migrate", verbosity=0)
    _found()
    train_line = Line(
        "learn 2 years, 15,000 references", "s", goal=(("max", 90.0),),
        note="whole: read the demand and the moves, learn, write",
    )  # fmt: skip
    first = Line("propose a round, 15,000 references", "s", goal=(("max", 3.0),))
    again = Line("propose again, nothing else changed", "s", goal=(("max", 1.0),))
    memory = Line(
        "peak memory, 15,000 references", "MB", goal=(("max", 1_000.0),),
        note="of the process that also made the references",
    )  # fmt: skip
    told = []
    for size in SIZES[: 2 if quick else None]:
        _grow(size)
        began = time.perf_counter()
        train_forecasts(at=AT)
        learnt = time.perf_counter() - began
        proposed, repeated = _propose(), _propose(fresh=False)
        told.append((size, learnt, proposed, repeated))
        if size == 15_000 or quick:
            train_line.ours.append(learnt)
            first.ours.append(proposed)
            first.ours += [_propose() for _time in range(2)]
            again.ours.append(repeated)
            again.ours += [_propose(fresh=False) for _time in range(2)]
            memory.ours.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    first.note = f"{OrderLine.objects.count()} lines; " + " · ".join(
        f"{size}: learn {learnt:.1f} s, propose {proposed:.2f} s, again {repeated:.2f} s"
        for size, learnt, proposed, repeated in told
    )
    yield train_line
    yield first
    yield again
    yield memory
    Training.objects.all().delete()


def _propose(*, fresh: bool = True) -> float:
    """Seconds to propose the next round of the main supplier and write its draft."""
    if fresh:
        OrderLine.objects.all().delete()
    supplier = Supplier.objects.get(is_main=True)
    began = time.perf_counter()
    with one_reading():
        propose_orders(
            supplier=supplier,
            delivery_round=purchasing.next_round(supplier, at=AT),
            at=AT,
            actor=system_actor(),
        )
    return time.perf_counter() - began


def _found() -> None:
    found_pharmacy(name="Pharmacie du Banc d’Essai", at=AT)
    supplier = Supplier.objects.create(
        name="Répartition du Banc", kind=Supplier.Kind.WHOLESALER, is_main=True
    )
    SupplySchedule.objects.bulk_create(
        SupplySchedule(
            supplier=supplier, weekday=weekday, cut_off_time=cut_off, drop_time=drop,
            drop_day_offset=offset, valid_from=date(2020, 1, 1),
        )
        for weekday in range(6)
        for cut_off, drop, offset in (("11:45", "14:30", 0), ("19:00", "08:45", 1))
    )  # fmt: skip
    generate_rounds(at=AT)
    ActivePolicy.objects.create(
        policy=Policy.ENGINE, since=AT, actor=system_actor(), request_id=UUID(int=1)
    )


@transaction.atomic
def _grow(size: int) -> None:
    """Add invented references with their two years of demand, receipts and withdrawals."""
    already = Product.objects.count()
    say(f"{size} references")
    insert_rows(
        Product,
        ["name", "cip13", "is_followed", "is_invented", "unit_cost"],
        [[f"Banc {n}", "", True, True, Decimal(2 + n % 17)] for n in range(already, size)],
    )
    keys = list(Product.objects.order_by("pk").values_list("pk", flat=True))[already:]
    Lot.objects.bulk_create(
        [Lot(product_id=key, number="B1", expires_on=date(2028, 6, 30)) for key in keys]
    )
    lots = (
        {lot.product_id: lot for lot in Lot.objects.filter(product__in=keys)}
        if (len(keys) < 900)
        else {lot.product_id: lot for lot in Lot.objects.all()}
    )
    shelf = Location.objects.filter(kind=Location.Kind.SHELF).first() or Location.objects.create(
        kind=Location.Kind.SHELF, code="B-01", holds_stock=True
    )
    supplier = stock.virtual(Location.Kind.SUPPLIER)
    patient = stock.virtual(Location.Kind.PATIENT)
    rng = np.random.default_rng(size)
    rates = rng.lognormal(0.0, SPREAD, len(keys))
    rates *= BOXES_A_DAY * len(keys) / rates.sum()
    writer = _Writer(supplier, patient)
    writer.rng = random.Random(size)
    on_hand = np.ceil(rates * 14).astype(np.int64) + 1
    waiting = np.zeros(len(keys), dtype=np.int64)
    demand: list[list[object]] = []
    draw = random.Random(size)
    start = AT - timedelta(days=DAYS)
    writer.add(
        "receipt", start,
        [
            (lots[key], supplier, shelf, int(have), to_units(Decimal(2)))
            for key, have in zip(keys, on_hand.tolist(), strict=True)
        ],
    )  # fmt: skip
    for day in range(1, DAYS):
        at = start + timedelta(days=day)
        if at.weekday() == 6:
            continue
        asked = rng.poisson(rates * 7 / 6)
        for place in np.flatnonzero(asked).tolist():
            wanted, have = int(asked[place]), int(on_hand[place])
            served = min(wanted, have)
            if served:
                writer.add("withdrawal", at, [(lots[keys[place]], shelf, patient, served, 20_000)])
                demand.append(_asked(keys[place], "served", served, at, draw))
            if wanted > served:
                demand.append(_asked(keys[place], "missing", wanted - served, at, draw))
            on_hand[place] -= served
            waiting[place] += wanted
        if day % RECEIVED_EVERY == 0:
            got = np.flatnonzero(waiting)
            writer.add(
                "receipt", at,
                [
                    (lots[keys[place]], supplier, shelf, int(waiting[place]), 20_000)
                    for place in got.tolist()
                ],
            )  # fmt: skip
            on_hand += waiting
            waiting[:] = 0
    writer.flush()
    writer.end()
    insert_rows(
        DemandLine,
        ["product_id", "kind", "quantity", "occurred_at", "occurred_on", "request_id"],
        demand,
    )
    insert_rows(
        Balance,
        ["lot_id", "location_id", "on_hand"],
        [[lots[key].pk, shelf.pk, int(have)] for key, have in zip(keys, on_hand, strict=True)],
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in ("stock_posting", "stock_move"):
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                    f"(SELECT MAX(id) FROM {table}))"
                )
    sys.stderr.flush()


def _asked(key: int, kind: str, quantity: int, at: datetime, draw: random.Random) -> list[object]:
    return [key, kind, quantity, at, at.date(), UUID(int=draw.getrandbits(128))]
