"""Tables of facts are closed by the database, and opened only for the tests' own flush."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from backofficine.kernel import append_only
from backofficine.stock.models import Posting
from tests.factories import stocked

pytestmark = pytest.mark.django_db


def _delete() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM stock_move")


def test_lifted_opens_and_closes_again():
    stocked()

    with append_only.lifted():
        assert set(append_only.unguarded()) == set(append_only.tables())
        _delete()

    assert append_only.unguarded() == []
    stocked()
    with pytest.raises(DatabaseError, match="append-only"):
        _delete()


def test_an_error_inside_closes_them_too():
    with pytest.raises(ZeroDivisionError), append_only.lifted():
        raise ZeroDivisionError

    assert append_only.unguarded() == []


def test_installing_twice_changes_nothing():
    append_only.install()
    append_only.install()

    assert append_only.unguarded() == []


def test_a_missing_trigger_is_named():
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER stock_move_no_update")
        else:
            cursor.execute("DROP TRIGGER stock_move_append_only ON stock_move")

    assert append_only.unguarded() == ["stock_move"]

    append_only.install()
    assert append_only.unguarded() == []


def test_every_migrate_ends_by_closing_them():
    """The signal is sent for ``kernel``: it was not while that app had no models module."""
    with connection.cursor() as cursor:
        for statement in append_only._drop(connection, "stock_move"):
            cursor.execute(statement)

    call_command("migrate", verbosity=0)

    assert append_only.unguarded() == []


def test_a_queryset_is_refused_like_anyone_else():
    stocked()

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Posting.objects.update(reason="sync")
