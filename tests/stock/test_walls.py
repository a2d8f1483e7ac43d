"""The database refuses each impossible state, by the name of its constraint."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from backofficine.catalog.models import CatalogEdition
from backofficine.kernel import append_only
from backofficine.stock.models import (
    Address,
    Balance,
    ChainHead,
    CountLine,
    CountRequest,
    DemandLine,
    ExpiredSale,
    FoundExplained,
    ImportedFile,
    Location,
    Lot,
    LotHold,
    Move,
    NarcoticVisa,
    NotFound,
    Posting,
    StockRule,
)
from tests.factories import (
    ActorFactory,
    AddressFactory,
    LocationFactory,
    LotFactory,
    ProductFactory,
    stocked,
    virtual,
)
from tests.factories.base import NOW, TODAY

pytestmark = pytest.mark.django_db


def refused(wall: str, act) -> None:
    """``act`` is refused by the constraint ``wall`` and by no other."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        act()
    said = str(refusal.value)
    # SQLite names the columns of a broken uniqueness, not its constraint.
    constraint = _constraint(wall)
    if connection.vendor == "sqlite" and isinstance(constraint, models.UniqueConstraint):
        columns = ", ".join(
            f"{_table_of(wall)}.{_model_of(wall)._meta.get_field(field).column}"
            for field in constraint.fields
        )
        assert wall in said or columns in said, said
    else:
        assert wall in said, said


def _walls() -> dict[str, tuple[type[models.Model], models.BaseConstraint]]:
    return {
        constraint.name: (model, constraint)
        for model in apps.get_app_config("stock").get_models()
        for constraint in model._meta.constraints
    }


def _model_of(wall: str) -> type[models.Model]:
    return _walls()[wall][0]


def _table_of(wall: str) -> str:
    return _model_of(wall)._meta.db_table


def _constraint(wall: str) -> models.BaseConstraint:
    return _walls()[wall][1]


def posting(**changes) -> Posting:
    words = {
        "position": 900,
        "request_id": uuid4(),
        "reason": Posting.Reason.TRANSFER,
        "occurred_at": NOW,
        "recorded_at": NOW,
        "previous_hash": "0" * 64,
        "hash": "1" * 64,
        **changes,
    }
    return Posting.objects.create(actor=words.pop("actor", None) or ActorFactory(), **words)


def move(**changes) -> Move:
    words = {"line": 0, "quantity": 1, "unit_cost": Decimal(1), **changes}
    words.setdefault("posting", None)
    return Move.objects.create(
        posting=words.pop("posting") or posting(),
        lot=words.pop("lot", None) or LotFactory(),
        source=words.pop("source", None) or LocationFactory(),
        target=words.pop("target", None) or LocationFactory(),
        **words,
    )


def count_request(**changes) -> CountRequest:
    return CountRequest.objects.create(why=CountRequest.Why.FOUND, asked_at=NOW, **changes)


def demand(**changes) -> DemandLine:
    words = {"quantity": 1, "request_id": uuid4(), **changes}
    return DemandLine.objects.create(
        product=ProductFactory(), kind="served", occurred_at=NOW, occurred_on=TODAY, **words
    )


def imported_file(**changes) -> ImportedFile:
    words = {"digest": "d" * 64, **changes}
    return ImportedFile.objects.create(
        kind="stock", name="stock.csv", imported_at=NOW, report={}, **words
    )


def _address_twice() -> None:
    first = AddressFactory()
    Address.objects.create(product=first.product, location=first.location, is_main=False)


def _two_main_addresses() -> None:
    AddressFactory(product=AddressFactory().product)


def _lot_twice() -> None:
    first = LotFactory()
    LotFactory(product=first.product, number=first.number, expires_on=first.expires_on)


def _held_twice() -> None:
    lot, actor = LotFactory(), ActorFactory()
    for _time in range(2):
        LotHold.objects.create(lot=lot, kind="recalled", held_at=NOW, held_by=actor)


def _own_parent() -> None:
    place = LocationFactory()
    Location.objects.filter(pk=place.pk).update(parent=place.pk)


def _balance_twice() -> None:
    lot, place = LotFactory(), LocationFactory()
    for _time in range(2):
        Balance.objects.create(lot=lot, location=place)


def _line_twice() -> None:
    first = move()
    move(posting=first.posting, line=first.line)


def _to_itself() -> None:
    place = LocationFactory()
    move(source=place, target=place)


def _demand_twice() -> None:
    first = demand()
    demand(request_id=first.request_id)


def _count_asked_twice() -> None:
    product = ProductFactory()
    for _time in range(2):
        count_request(product=product)


def _file_twice() -> None:
    for _time in range(2):
        imported_file()


IMPOSSIBLE = {
    "only_a_physical_place_holds_stock": lambda: LocationFactory(zone=True, holds_stock=True),
    "location_is_not_its_own_parent": _own_parent,
    "each_virtual_end_is_one": lambda: LocationFactory(kind="patient", holds_stock=False),
    "lot_is_unique_per_product_number_and_date": _lot_twice,
    "a_lot_is_held_once_for_one_reason": _held_twice,
    "position_begins_at_one": lambda: posting(position=0),
    "only_a_reversal_reverses": lambda: posting(reason=Posting.Reason.REVERSAL),
    "only_a_box_taken_out_has_a_cause": lambda: posting(cause=Posting.Cause.BROKEN),
    "move_has_its_own_line": _line_twice,
    "a_move_moves_something": lambda: move(quantity=0),
    "a_move_goes_somewhere": _to_itself,
    "move_cost_is_never_negative": lambda: move(unit_cost=Decimal("-0.01")),
    "balance_is_unique_per_lot_and_location": _balance_twice,
    "balance_is_never_negative": lambda: Balance.objects.create(
        lot=LotFactory(), location=LocationFactory(), on_hand=-1
    ),
    "the_chain_has_one_head": lambda: ChainHead.objects.create(pk=2),
    "product_is_addressed_once_in_a_place": _address_twice,
    "product_has_one_main_address": _two_main_addresses,
    "maximum_is_not_below_minimum": lambda: StockRule.objects.create(
        product=ProductFactory(), minimum=5, maximum=4
    ),
    "demand_is_said_once": _demand_twice,
    "demand_asks_for_something": lambda: demand(quantity=0),
    "a_count_is_asked_once_for_one_reason": _count_asked_twice,
    "a_visa_is_given_by_someone": lambda: NarcoticVisa.objects.create(
        posting=posting(), asked_at=NOW, given_at=NOW
    ),
    "file_is_imported_once": _file_twice,
}


@pytest.mark.parametrize("wall", sorted(IMPOSSIBLE))
def test_an_impossible_state_is_refused(wall):
    refused(wall, IMPOSSIBLE[wall])


def test_every_wall_of_the_stock_was_tried():
    assert set(_walls()) == set(IMPOSSIBLE)


def test_history_never_cascades_away():
    lot = stocked(quantity=1)

    for subject in (lot.product, lot, Location.objects.get(kind="supplier")):
        with pytest.raises((models.ProtectedError, IntegrityError)), transaction.atomic():
            subject.delete()


# Append-only tables -----------------------------------------------------------------------------


def _rows() -> None:
    """At least one row in every append-only table of the stock, and in one of another app."""
    first = move(posting=posting(position=901))
    actor = first.posting.actor
    product = first.lot.product
    demand()
    imported_file()
    ExpiredSale.objects.create(move=first, noticed_at=NOW)
    FoundExplained.objects.create(move=first, by="count", explained_at=NOW)
    NotFound.objects.create(
        product=product, expected=1, reported_at=NOW, request_id=uuid4(), actor=actor
    )
    CountLine.objects.create(
        product=product, location=first.source, recorded=1, counted=1, counted_at=NOW,
        request_id=uuid4(), actor=actor,
    )  # fmt: skip
    CatalogEdition.objects.create(
        edition="2026-01-28", digest="e" * 64, imported_at=NOW, line_counts={}, report={}
    )


def _execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def _row_of(table: str) -> tuple[list[str], list[object]] | None:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}" LIMIT 1')
        row = cursor.fetchone()
        names = [column[0] for column in cursor.description]
    return (names, list(row)) if row else None


def _blank_row(table: str) -> None:
    """A row for the wall to defend, whatever it says: its other walls are lowered for the time."""
    model = next(model for model in apps.get_models() if model._meta.db_table == table)
    row = model(**{field.attname: _filler(field) for field in model._meta.concrete_fields})
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            try:
                row.save_base(raw=True, force_insert=True)
            finally:
                cursor.execute("PRAGMA ignore_check_constraints = OFF")
        else:
            # Rolled back with the rest.
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass",
                [table],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
            row.save_base(raw=True, force_insert=True)


def _filler(field: models.Field) -> object:
    if isinstance(field, models.AutoField):
        return 1
    if field.null:
        return None
    if field.has_default():
        return field.get_default()
    if field.choices:
        return field.choices[0][0]
    if field.is_relation:
        return 1
    samples: list[tuple[type[models.Field], object]] = [
        (models.UUIDField, uuid4()),
        (models.DateTimeField, NOW),
        (models.DateField, TODAY),
        (models.BooleanField, False),
        (models.JSONField, {}),
        (models.BinaryField, b"x"),
        (models.BigIntegerField, 1),
        (models.IntegerField, 1),
        (models.CharField, "x"),
        (models.TextField, "x"),
    ]
    return next(sample for kind, sample in samples if isinstance(field, kind))


@pytest.mark.parametrize("table", append_only.tables())
def test_a_fact_is_neither_changed_nor_removed_nor_replaced(table):
    """After all migrations, with the database's own words, so that no Python can help."""
    _defend(table)


def _defend(table: str) -> None:
    _rows()
    # A savepoint holds the blank row; dangling keys never reach the end of the transaction.
    with transaction.atomic():
        if _row_of(table) is None:
            _blank_row(table)
        found = _row_of(table)
        assert found is not None, "there is a row to defend"
        names, _values = found

        tries = [f'UPDATE "{table}" SET id = id', f'DELETE FROM "{table}"']
        columns = ", ".join(f'"{name}"' for name in names)
        if connection.vendor == "sqlite":
            tries += [
                f'INSERT OR REPLACE INTO "{table}" ({columns}) SELECT {columns} FROM "{table}"',
                f'REPLACE INTO "{table}" ({columns}) SELECT {columns} FROM "{table}"',
                f'UPDATE OR REPLACE "{table}" SET id = id',
            ]
        else:
            copy = f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM "{table}"'
            tries.append(f"{copy} ON CONFLICT (id) DO UPDATE SET id = excluded.id")
        if connection.vendor == "sqlite":
            # A blank row breaks other walls: this one must hold without their help.
            _execute("PRAGMA ignore_check_constraints = ON")
        try:
            for attempt in tries:
                with pytest.raises(DatabaseError, match="is append-only"):
                    _execute(attempt)
        finally:
            if connection.vendor == "sqlite":
                _execute("PRAGMA ignore_check_constraints = OFF")
        assert _row_of(table) == found
        transaction.set_rollback(True)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no TRUNCATE")
def test_a_table_of_facts_is_not_truncated():
    for table in append_only.tables():
        for attempt in (
            f'TRUNCATE "{table}" CASCADE',
            f'TRUNCATE "{table}" RESTART IDENTITY CASCADE',
        ):
            with pytest.raises(DatabaseError, match="is append-only"):
                _execute(attempt)


def test_every_table_of_facts_is_guarded():
    assert append_only.unguarded() == []
    assert {"stock_posting", "stock_move", "stock_demandline", "promises_promiseevent",
            "receiving_receiptscan", "purchasing_orderevent", "losses_contest",
            "team_nameopening", "catalog_catalogedition"} <= set(append_only.tables())  # fmt: skip


def test_facts_are_never_kept_by_a_model_that_forgot_to_say_so():
    """A model named by its past ("…Event", "…Line" of a fact) is easily declared a plain one."""
    named = [model for model in apps.get_models() if model.__name__.endswith(("Event", "Scan"))]

    assert [model for model in named if not issubclass(model, append_only.AppendOnly)] == []


def test_the_triggers_come_back_after_a_migration_that_rebuilds_the_table(committed_db):
    """SQLite drops them in silence when Django alters a field; the end of ``migrate`` does not."""
    old = Move._meta.get_field("is_found")
    new = models.BooleanField(default=True)
    new.set_attributes_from_name("is_found")
    new.model = Move
    with connection.schema_editor() as editor:
        editor.alter_field(Move, old, new, strict=True)
        editor.add_constraint(
            Move, models.CheckConstraint(condition=models.Q(line__lt=1_000_000), name="for_a_test")
        )
    if connection.vendor == "sqlite":
        # The hole this test is about; were it closed by Django, the signal could go.
        assert "stock_move" in append_only.unguarded()

    call_command("migrate", verbosity=0)

    try:
        assert append_only.unguarded() == []
        _defend("stock_move")
    finally:
        with connection.schema_editor() as editor:
            editor.remove_constraint(
                Move,
                models.CheckConstraint(condition=models.Q(line__lt=1_000_000), name="for_a_test"),
            )
            editor.alter_field(Move, new, old, strict=True)
        append_only.install()


def test_an_instant_is_kept_to_the_microsecond():
    """The seal names it: a database that rounded would break the chain."""
    at = datetime(2026, 11, 24, 9, 18, 0, 123_457, tzinfo=UTC)

    made = posting(occurred_at=at)

    made.refresh_from_db()
    assert made.occurred_at == at


def test_lots_of_one_product_differ_by_number_or_date():
    first = LotFactory()

    LotFactory(product=first.product, number=first.number, unknown=False, expires_on=TODAY)
    LotFactory(product=first.product, number="OTHER", expires_on=first.expires_on)

    assert Lot.objects.filter(product=first.product).count() == 3
    assert virtual("supplier").holds_stock is False
