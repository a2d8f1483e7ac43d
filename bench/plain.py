"""The same work in plain SQL: the database's own driver, no ORM, no house.

Each function does what the command does, no more and no less: it locks the head, reads, seals,
writes every row and commits. Statements are written with ``?`` and adapted to the database.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection

SERVING = "'shelf','drawer','reserve','fridge','safe','robot','dock','opened_box'"


class Plain:
    """One plain connection to the same database, with the same promise to the disk."""

    def __init__(self) -> None:
        self.is_sqlite = connection.vendor == "sqlite"
        if self.is_sqlite:
            self.raw: Any = sqlite3.connect(
                connection.settings_dict["NAME"], isolation_level=None, timeout=20
            )
            for pragma in settings.SQLITE_OPTIONS["init_command"].split(";"):
                self.raw.execute(pragma)
        else:
            import psycopg

            words = dict(connection.get_connection_params())
            for ours in ("cursor_factory", "context", "prepare_threshold"):
                words.pop(ours, None)
            self.raw = psycopg.connect(**words, autocommit=True)

    def close(self) -> None:
        self.raw.close()

    def sql(self, statement: str) -> str:
        return statement if self.is_sqlite else statement.replace("?", "%s")

    def uuid(self, value: UUID) -> Any:
        return value.hex if self.is_sqlite else value

    def at(self, value: datetime) -> Any:
        return value.strftime("%Y-%m-%d %H:%M:%S") if self.is_sqlite else value

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        cursor = self.raw.cursor()
        cursor.execute("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
        try:
            yield cursor
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")

    def _head(self, cursor: Any) -> tuple[int, str]:
        lock = "" if self.is_sqlite else " FOR UPDATE"
        cursor.execute(f"SELECT position, hash FROM stock_chainhead WHERE id = 1{lock}")
        position, sealed = cursor.fetchone()
        return position, sealed

    def withdraw(self, *, product: int, cost: int, actor: tuple[int, UUID], at: datetime) -> None:
        """One box of one product, first expired first out."""
        request_id = uuid4()
        day = str(at.date()) if self.is_sqlite else at.date()
        with self.transaction() as cursor:
            position, previous = self._head(cursor)
            cursor.execute(
                self.sql("SELECT id FROM stock_posting WHERE request_id = ?"),
                [self.uuid(request_id)],
            )
            assert cursor.fetchone() is None
            cursor.execute(
                "SELECT id, public_id FROM stock_location WHERE kind = 'patient'",
            )
            patient, patient_public = cursor.fetchone()
            cursor.execute(
                self.sql(
                    f"""SELECT lot.id, lot.public_id, place.id, place.public_id
                        FROM stock_lot lot
                        JOIN stock_balance balance ON balance.lot_id = lot.id
                        JOIN stock_location place ON place.id = balance.location_id
                        WHERE lot.product_id = ? AND balance.on_hand > 0
                          AND place.kind IN ({SERVING}) AND lot.expires_on >= ?
                          AND NOT EXISTS (SELECT 1 FROM stock_lothold hold
                                          WHERE hold.lot_id = lot.id AND hold.lifted_at IS NULL)
                        ORDER BY lot.expires_on, place.walk_order, balance.id LIMIT 1"""
                ),
                [product, day],
            )
            lot, lot_public, place, place_public = cursor.fetchone()
            lines = [[str(lot_public), str(place_public), str(patient_public), 1, cost]]
            sealed = _seal(previous, position + 1, request_id, "withdrawal", at, actor[1], lines)
            posting = self._posting(
                cursor, position + 1, request_id, "withdrawal", at, actor[0], previous, sealed
            )
            cursor.execute(self.sql(MOVE), [posting, 0, lot, place, patient, 1, cost, True, False])
            cursor.execute(
                self.sql(
                    "UPDATE stock_balance SET on_hand = on_hand - 1 "
                    "WHERE lot_id = ? AND location_id = ? AND on_hand >= 1"
                ),
                [lot, place],
            )
            assert cursor.rowcount == 1
            cursor.execute(
                self.sql(
                    "INSERT INTO stock_demandline (product_id, kind, quantity, occurred_at, "
                    "occurred_on, request_id, line, source) VALUES (?, 'served', 1, ?, ?, ?, 0, '')"
                ),
                [product, self.at(at), day, self.uuid(request_id)],
            )
            self._move_head(cursor, position + 1, sealed)

    def _posting(
        self, cursor: Any, position: int, request_id: UUID, reason: str, at: datetime, actor: int,
        previous: str, sealed: str,
    ) -> int:  # fmt: skip
        cursor.execute(
            self.sql(
                "INSERT INTO stock_posting (position, request_id, reason, cause, occurred_at, "
                "recorded_at, actor_id, workstation_id, reverses_id, previous_hash, hash) "
                "VALUES (?, ?, ?, '', ?, ?, ?, NULL, NULL, ?, ?) RETURNING id"
            ),
            [
                position, self.uuid(request_id), reason, self.at(at), self.at(at), actor, previous,
                sealed,
            ],
        )  # fmt: skip
        return int(cursor.fetchone()[0])

    def _move_head(self, cursor: Any, position: int, sealed: str) -> None:
        cursor.execute(
            self.sql("UPDATE stock_chainhead SET position = ?, hash = ? WHERE id = 1"),
            [position, sealed],
        )

    def receive(
        self,
        lots: Sequence[tuple[int, str, str]],
        *,
        place: int,
        cost: int,
        actor: tuple[int, UUID],
        at: datetime,
    ) -> None:
        """One posting of many lines, each of a lot that may be new: (product, number, date)."""
        request_id = uuid4()
        with self.transaction() as cursor:
            position, previous = self._head(cursor)
            cursor.execute("SELECT id, public_id FROM stock_location WHERE kind = 'supplier'")
            supplier, supplier_public = cursor.fetchone()
            cursor.execute(self.sql("SELECT public_id FROM stock_location WHERE id = ?"), [place])
            place_public = cursor.fetchone()[0]
            cursor.executemany(
                self.sql(
                    "INSERT INTO stock_lot (public_id, product_id, number, expires_on) "
                    "VALUES (?, ?, ?, ?) ON CONFLICT (product_id, number, expires_on) DO NOTHING"
                ),
                [(self.uuid(uuid4()), *lot) for lot in lots],
            )
            known = {}
            for start in range(0, len(lots), 400):
                some = lots[start : start + 400]
                marks = ",".join(["(?,?,?)"] * len(some))
                words = [word for lot in some for word in lot]
                cursor.execute(
                    self.sql(
                        "SELECT product_id, number, expires_on, id, public_id FROM stock_lot "
                        f"WHERE (product_id, number, expires_on) IN (VALUES {marks})"
                        if self.is_sqlite
                        else "SELECT product_id, number, expires_on::text, id, public_id "
                        "FROM stock_lot WHERE (product_id, number, expires_on::text) "
                        f"IN (VALUES {marks})"
                    ),
                    words,
                )
                known.update({row[:3]: row[3:] for row in cursor.fetchall()})
            found = [known[lot] for lot in lots]
            lines = [
                [str(public), str(supplier_public), str(place_public), 1, cost]
                for _lot, public in found
            ]
            sealed = _seal(previous, position + 1, request_id, "receipt", at, actor[1], lines)
            posting = self._posting(
                cursor, position + 1, request_id, "receipt", at, actor[0], previous, sealed
            )
            cursor.executemany(
                self.sql(MOVE),
                [
                    (posting, number, lot, supplier, place, 1, cost, False, False)
                    for number, (lot, _public) in enumerate(found)
                ],
            )
            cursor.executemany(
                self.sql(
                    "INSERT INTO stock_balance (lot_id, location_id, on_hand) VALUES (?, ?, 1) "
                    "ON CONFLICT (lot_id, location_id) "
                    "DO UPDATE SET on_hand = stock_balance.on_hand + excluded.on_hand"
                ),
                [(lot, place) for lot, _public in found],
            )
            self._move_head(cursor, position + 1, sealed)

    def on_hand(self, product: int) -> int:
        """Units of a product in the places patients are served from."""
        cursor = self.raw.cursor()
        cursor.execute(
            self.sql(
                "SELECT COALESCE(SUM(balance.on_hand), 0) FROM stock_balance balance "
                "JOIN stock_lot lot ON lot.id = balance.lot_id "
                "JOIN stock_location place ON place.id = balance.location_id "
                f"WHERE lot.product_id = ? AND place.kind IN ({SERVING})"
            ),
            [product],
        )
        return int(cursor.fetchone()[0])

    def stock_of(self, product: int) -> list[Any]:
        """Every lot of a product in every place, with its words."""
        cursor = self.raw.cursor()
        cursor.execute(
            self.sql(
                "SELECT lot.number, lot.expires_on, place.code, balance.on_hand "
                "FROM stock_balance balance JOIN stock_lot lot ON lot.id = balance.lot_id "
                "JOIN stock_location place ON place.id = balance.location_id "
                "WHERE lot.product_id = ? AND balance.on_hand > 0 "
                "ORDER BY lot.expires_on, place.walk_order, balance.id"
            ),
            [product],
        )
        return list(cursor.fetchall())


MOVE = (
    "INSERT INTO stock_move (posting_id, line, lot_id, source_id, target_id, quantity, unit_cost, "
    "is_lot_assumed, is_found) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _seal(
    previous: str, position: int, request_id: UUID, reason: str, at: datetime, actor: UUID,
    lines: list[list[Any]],
) -> str:  # fmt: skip
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    body = {
        "actor": str(actor),
        "lines": [[str(UUID(str(each))) for each in line[:3]] + line[3:] for line in lines],
        "occurred_at": instant,
        "position": position,
        "reason": reason,
        "recorded_at": instant,
        "request_id": str(request_id),
        "reverses": None,
        "version": 1,
        "workstation": None,
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(previous.encode("ascii") + text.encode()).hexdigest()
