"""The database refuses each promise that cannot be true, by the name of its wall."""

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from backofficine.promises.models import NameKey, Promise
from tests.promises.conftest import Promising


@pytest.mark.parametrize(
    ("words", "wall"),
    [
        ({"quantity": 0}, "a_promise_owes_something"),
        ({"collected_quantity": 3}, "no_more_is_collected_than_owed"),
        ({"status": "in_slot", "aside_quantity": 2, "collected_quantity": 1},
         "no_more_is_set_aside_than_owed"),
        ({"status": "told"}, "boxes_wait_only_in_a_slot_that_holds_them"),
        ({"aside_quantity": 1}, "boxes_wait_only_in_a_slot_that_holds_them"),
        ({"status": "cancelled"}, "a_promise_is_closed_if_it_has_an_end"),
        ({"closed_at": "now"}, "a_promise_is_closed_if_it_has_an_end"),
        ({"status": "in_slot", "aside_quantity": 1}, "a_promise_set_aside_has_a_slot"),
        ({"status": "collected", "closed_at": "now"}, "a_collected_promise_is_whole"),
        ({"status": "lost"}, "promise_status_is_known"),
    ],
)  # fmt: skip
def test_an_impossible_promise_cannot_be_stored(
    promising: Promising, slot: Any, now: datetime, words: dict[str, Any], wall: str
) -> None:
    promise = promising(quantity=2)
    words = {name: now if value == "now" else value for name, value in words.items()}
    if wall != "a_promise_set_aside_has_a_slot":
        words["slot"] = slot

    with pytest.raises(IntegrityError, match=wall), transaction.atomic():
        Promise.objects.filter(pk=promise.pk).update(**words)


def test_a_number_names_one_promise(promising: Promising) -> None:
    first, second = promising(), promising()

    with pytest.raises(IntegrityError), transaction.atomic():
        Promise.objects.filter(pk=second.pk).update(number=first.number)


def test_a_name_is_found_once_by_the_same_letters(promising: Promising) -> None:
    key = NameKey.objects.filter(identity=promising().identity).first()
    assert key is not None

    with pytest.raises(IntegrityError), transaction.atomic():
        NameKey.objects.create(identity=key.identity, name_hash=key.name_hash)
