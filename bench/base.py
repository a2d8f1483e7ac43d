"""The database of the bench: the demo pharmacy, and five million moves of older history.

Made once per database and kept. The history is true: each lot comes in, goes out to patients, and
every posting is sealed, so that ``check-ledger`` passes on it.
"""

import hashlib
import random
import sys
import time
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Max

from backofficine.catalog.models import Product
from backofficine.cli import main as backofficine
from backofficine.kernel.money import to_units
from backofficine.stock import queries
from backofficine.stock.chain import SealedLine, seal
from backofficine.stock.models import Balance, ChainHead, Location, Lot, Move, Posting
from backofficine.team.services import system_actor

MOVES = 5_000_000
DAYS = 1_100
PRODUCTS_A_DAY = 700
LINES_PER_RECEIPT = 100


@cache
def present() -> datetime:
    """Where the shop's clock stopped; the bench acts at that instant."""
    last = Posting.objects.aggregate(last=Max("recorded_at"))["last"]
    return last or datetime(2026, 11, 24, 9, 18, tzinfo=UTC)


def is_built(moves: int) -> bool:
    """Whether this database already holds the demo and its long history."""
    if "stock_move" not in connection.introspection.table_names():
        return False
    return (Move.objects.aggregate(last=Max("pk"))["last"] or 0) >= moves


def build(*, moves: int = MOVES) -> None:
    """Make what is missing; doing it again changes nothing."""
    began = time.monotonic()
    call_command("migrate", verbosity=0)
    if not Product.objects.exists():
        say("the demo pharmacy")
        with redirect_stdout(sys.stderr):  # stdout is the report's alone
            status = backofficine(["build-demo", "--days", "60"])
        assert status == 0, "the demo is built"
    if not is_built(moves):
        lengthen(moves)
    say(f"database ready in {time.monotonic() - began:.0f} s")


def say(text: str) -> None:
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()


def lengthen(moves: int) -> None:
    """Append history until the ledger holds ``moves`` moves."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # For the building alone: the bench opens its own connections.
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA cache_size=-500000")
    with transaction.atomic():
        already = Move.objects.count()
        _write(moves - already)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            for table in ("stock_posting", "stock_move", "stock_lot", "stock_balance"):
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                    f"(SELECT MAX(id) FROM {table}))"
                )
            cursor.execute("VACUUM ANALYZE")
    connection.close()


def _write(wanted: int) -> None:
    rng = random.Random(7)
    products = list(Product.objects.filter(is_followed=True).order_by("pk"))[:6_000]
    places = {product.pk: queries.place_of(product) for product in products}
    supplier = queries.virtual(Location.Kind.SUPPLIER)
    patient = queries.virtual(Location.Kind.PATIENT)
    first = present() - timedelta(days=DAYS + 200)
    writer = _Writer(supplier, patient)
    say(f"{wanted:,} moves of older history".replace(",", " "))
    quarter, lots = -1, {}
    done = day = 0
    while done < wanted:
        if day // 91 != quarter:
            quarter = day // 91
            lots = _lots(products, places, quarter=quarter, first=first + timedelta(days=day))
        at = first + timedelta(days=day % DAYS)
        chosen = rng.sample(products, min(PRODUCTS_A_DAY, len(products)))
        boxes: list[tuple[Any, ...]] = []
        for start in range(0, len(chosen), LINES_PER_RECEIPT):
            lines = []
            for product in chosen[start : start + LINES_PER_RECEIPT]:
                lot, place = lots[product.pk], places[product.pk]
                quantity, cost = rng.randint(3, 8), to_units(product.unit_cost or 0)  # type: ignore[arg-type]
                lines.append((lot, supplier, place, quantity, cost))
                boxes += [(lot, place, patient, 1, cost)] * quantity
            writer.add("receipt", at, lines)
        rng.shuffle(boxes)
        start = 0
        while start < len(boxes):
            size = rng.choice((1, 1, 1, 2, 2, 3, 4))
            at += timedelta(seconds=19)
            writer.add("withdrawal", at, boxes[start : start + size])
            start += size
        done = writer.flush()
        day += 1
        if day % 50 == 0:
            say(f"{done * 100 // wanted} %")
    writer.end()


def _lots(
    products: list[Product], places: dict[int, Location], *, quarter: int, first: datetime
) -> dict[int, Lot]:
    Lot.objects.bulk_create(
        [
            Lot(
                product=product,
                number=f"H{quarter}",
                expires_on=(first + timedelta(days=900)).date(),
            )
            for product in products
        ]
    )
    made = {lot.product_id: lot for lot in Lot.objects.filter(number=f"H{quarter}")}
    Balance.objects.bulk_create(
        [
            Balance(lot=made[product.pk], location=places[product.pk], on_hand=0)
            for product in products
        ]
    )
    return made


class _Writer:
    """Appends sealed postings in bulk, with explicit keys."""

    def __init__(self, supplier: Location, patient: Location) -> None:
        head = ChainHead.objects.get()
        self.position, self.hash = head.position, head.hash
        self.actor = system_actor()
        self.posting = (Posting.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
        self.move = (Move.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
        self.rng = random.Random(11)
        self.postings: list[tuple[Any, ...]] = []
        self.moves: list[tuple[Any, ...]] = []
        self.written = 0
        self.is_sqlite = connection.vendor == "sqlite"

    def add(self, reason: str, at: datetime, lines: list[tuple[Any, ...]]) -> None:
        request_id = UUID(int=self.rng.getrandbits(128))
        self.position += 1
        previous, self.hash = self.hash, self._seal(reason, at, request_id, lines)
        when = at.strftime("%Y-%m-%d %H:%M:%S") if self.is_sqlite else at.isoformat()
        key = request_id.hex if self.is_sqlite else str(request_id)
        self.postings.append(
            (self.posting, self.position, key, reason, "", when, when, self.actor.pk, None, None,
             previous, self.hash)
        )  # fmt: skip
        for number, (lot, source, target, quantity, cost) in enumerate(lines):
            self.moves.append(
                (self.move, self.posting, number, lot.pk, source.pk, target.pk, quantity, cost,
                 reason == "withdrawal", False)
            )  # fmt: skip
            self.move += 1
        self.posting += 1

    def _seal(
        self, reason: str, at: datetime, request_id: UUID, lines: list[tuple[Any, ...]]
    ) -> str:
        """What ``chain.seal`` gives, written out: four times faster, checked on the first."""
        when = at.astimezone(UTC).isoformat(timespec="microseconds")
        told = ",".join(
            f'["{lot.public_id}","{source.public_id}","{target.public_id}",{quantity},{cost}]'
            for lot, source, target, quantity, cost in lines
        )
        text = (
            f'{{"actor":"{self.actor.number}","lines":[{told}],"occurred_at":"{when}",'
            f'"position":{self.position},"reason":"{reason}","recorded_at":"{when}",'
            f'"request_id":"{request_id}","reverses":null,"version":1,"workstation":null}}'
        )
        digest = hashlib.sha256(self.hash.encode("ascii") + text.encode()).hexdigest()
        if not self.written and not self.postings:
            named = [
                SealedLine(lot.public_id, source.public_id, target.public_id, quantity, cost)
                for lot, source, target, quantity, cost in lines
            ]
            assert digest == seal(
                self.hash, position=self.position, request_id=request_id, reason=reason, cause="",
                occurred_at=at, recorded_at=at, actor=self.actor.number, workstation=None,
                reverses=None, lines=named,
            )  # fmt: skip
        return digest

    def flush(self) -> int:
        """Write what waits; returns how many moves were written in all."""
        self.written += len(self.moves)
        insert = _insert if self.is_sqlite else _copy
        insert("stock_posting", POSTING_COLUMNS, self.postings)
        insert("stock_move", MOVE_COLUMNS, self.moves)
        self.postings, self.moves = [], []
        return self.written

    def end(self) -> None:
        ChainHead.objects.filter(pk=1).update(position=self.position, hash=self.hash)


POSTING_COLUMNS = (
    "id, position, request_id, reason, cause, occurred_at, recorded_at, actor_id, workstation_id, "
    "reverses_id, previous_hash, hash"
)
MOVE_COLUMNS = (
    "id, posting_id, line, lot_id, source_id, target_id, quantity, unit_cost, is_lot_assumed, "
    "is_found"
)


def _insert(table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    connection.ensure_connection()
    marks = ", ".join("?" for _column in columns.split(","))
    assert connection.connection is not None, "it is open"
    connection.connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def _copy(table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
