"""One small invented past, built once and shared: nobody here writes to it."""

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import transaction

from backofficine.stock.models import Move
from backofficine.twin.services.build_demo import Built, build_demo

LAST_DAY = date(2026, 11, 24)
DAYS, REFERENCES, SEED = 12, 300, 7


@pytest.fixture(scope="package")
def demo_built(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Built]:
    """The demo of 300 references and 12 days, in a transaction undone after the last test here.

    ``test_determinism`` comes first in the folder, before it is built: it needs an empty database.
    """
    keys = tmp_path_factory.mktemp("keys")
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        from django.conf import settings

        patch.setattr(settings, "KEYS_DIR", keys)
        with transaction.atomic():
            yield small_demo()
            transaction.set_rollback(True)


@pytest.fixture
def demo(demo_built: Built, db: None) -> Built:
    """The same, for one test: ``db`` undoes what it writes, inside the folder's transaction."""
    return demo_built


def small_demo(*, days: int = DAYS, seed: int = SEED) -> Built:
    """A demo of 300 references; PINs are hashed fast, for nobody types them here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backofficine.team.services.PIN_HASHER", "md5")
        return build_demo(last_day=LAST_DAY, days=days, references=REFERENCES, seed=seed)


def digest_of_facts() -> str:
    """A fingerprint of the whole ledger in the words of the shop: the hashes themselves name
    opaque numbers (actors, lots, places) that are drawn anew in each database."""
    sha = hashlib.sha256()
    moves = Move.objects.order_by("posting__position", "line").values_list(
        "posting__position", "posting__reason", "posting__cause", "posting__occurred_at",
        "posting__recorded_at", "posting__actor__user__username", "lot__product__cip13",
        "lot__number", "lot__expires_on", "source__code", "target__code", "quantity", "unit_cost",
        "is_found",
    )  # fmt: skip
    for move in moves.iterator(chunk_size=5_000):
        sha.update(repr(move).encode())
    return sha.hexdigest()
