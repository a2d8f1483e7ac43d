"""A past is a function of its seed and its last day."""

import pytest
from django.db import transaction

from tests.twin.conftest import digest_of_facts, small_demo


def _facts(*, seed: int) -> str:
    with transaction.atomic():
        small_demo(days=4, seed=seed)
        facts = digest_of_facts()
        transaction.set_rollback(True)
    return facts


@pytest.mark.django_db
def test_a_seed_lives_one_past_and_another_seed_another() -> None:
    first = _facts(seed=3)

    assert _facts(seed=3) == first
    assert _facts(seed=4) != first
