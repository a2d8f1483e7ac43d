"""What every test may ask for: a fixed instant, a person, a pharmacy, a database that commits."""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from django.core.management.color import no_style
from django.db import connection, transaction
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from backofficine.kernel import append_only
from backofficine.losses import queries as losses
from backofficine.pharmacy.models import OpeningHours, Pharmacy
from backofficine.team.models import Actor, Workstation

ROOT = Path(__file__).resolve().parent.parent

# Deadlines measure the machine, not the code. `ci` repeats the same examples on every run;
# `deep` is for a night's search: HYPOTHESIS_PROFILE=deep make test ARGS="-k laws".
_QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}
hypothesis_settings.register_profile("dev", max_examples=30, print_blob=True, **_QUIET)
hypothesis_settings.register_profile(
    "ci", max_examples=60, derandomize=True, database=None, **_QUIET
)
hypothesis_settings.register_profile("deep", max_examples=2000, print_blob=True, **_QUIET)
hypothesis_settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
)


# Time, people, the shop -------------------------------------------------------------------------


@pytest.fixture
def now() -> datetime:
    """A Tuesday, 10 h 18 in Paris: the shop is open and the morning's round is on the floor."""
    return datetime(2026, 11, 24, 9, 18, tzinfo=UTC)


@pytest.fixture
def today() -> date:
    """The pharmacy's civil day of ``now``."""
    return date(2026, 11, 24)


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, settings: Any) -> Path:
    """A folder of keys for this test alone: no secret outlives it."""
    settings.KEYS_DIR = tmp_path / "keys"
    return tmp_path / "keys"


@pytest.fixture(autouse=True)
def _no_memory_of_another_test() -> None:
    """A test takes back what it wrote, so the same numbers come again for other facts."""
    losses.forget()


@pytest.fixture
def actor(db: None) -> Actor:
    """Someone's opaque number, with nobody behind it."""
    from tests.factories import ActorFactory

    return ActorFactory()


@pytest.fixture
def workstation(db: None) -> Workstation:
    """The first counter's computer."""
    from tests.factories import WorkstationFactory

    return WorkstationFactory()


@pytest.fixture
def pharmacy(db: None) -> Pharmacy:
    """The shop: 8 h 30–12 h 30 and 14 h–19 h 30 on weekdays, Saturday morning, in Paris."""
    shop, _created = Pharmacy.objects.get_or_create(
        pk=1, defaults={"name": "Pharmacie des Tilleuls", "address": "2 rue des Tilleuls"}
    )
    if not OpeningHours.objects.exists():
        mornings = [OpeningHours(weekday=day, opens_at=time(8, 30), closes_at=time(12, 30))
                    for day in range(6)]  # fmt: skip
        afternoons = [OpeningHours(weekday=day, opens_at=time(14), closes_at=time(19, 30))
                      for day in range(5)]  # fmt: skip
        OpeningHours.objects.bulk_create(mornings + afternoons)
    return shop


# Real data --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data, never part of the repository; without it these tests skip."""
    folder = Path(os.environ.get("BACKOFFICINE_TEST_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("real data absent: set BACKOFFICINE_TEST_DATA")
    return folder


# Tests that commit ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database, and a flush that its append-only tables let through.

    After a test that commits (``committed_db``, ``live_server``, ``django_db(transaction=True)``),
    the triggers are lifted while every table is emptied, then put back; and so are the first rows
    that migrations made: chain head, virtual ends, groups and rights, catalogue version.
    """
    with django_db_blocker.unblock():
        rows = connection.creation.serialize_db_to_string()

    def flush(case: TransactionTestCase) -> None:
        with append_only.lifted():
            _empty_every_table()
            _restore(rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush)
        yield


def _empty_every_table() -> None:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    statements = connection.ops.sql_flush(no_style(), tables, reset_sequences=True)
    connection.ops.execute_sql_flush(statements)


def _restore(rows: str) -> None:
    with transaction.atomic(), connection.constraint_checks_disabled():
        restored = list(serializers.deserialize("json", rows))
        for row in restored:
            row.save()
    models = list({type(row.object) for row in restored})
    # Rows came back with their keys; PostgreSQL's sequences must be told.
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


@pytest.fixture
def committed_db(transactional_db: None) -> None:
    """A database on which commits are real, for threads, processes and browsers.

    Slower than ``db``: every table is emptied afterwards.
    """


# What was skipped, and why ----------------------------------------------------------------------


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(_reason(report) for report in skipped)
    # Written after the list of skips that `-ra` prints, just above pytest's own closing line.
    terminalreporter.section(f"skipped in all: {len(skipped)}", sep="-")
    for reason, number in sorted(reasons.items()):
        terminalreporter.line(f"SKIPS {number:4d}  {reason}")


def _reason(report: Any) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(report.longrepr)
