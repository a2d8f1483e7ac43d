"""Several people at once: no number twice, no bag handed over twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from backofficine.promises import services
from backofficine.promises.models import Promise, Status
from backofficine.stock import queries as stock
from tests.factories import ActorFactory, ProductFactory, shop_floor, stocked


def together(count: int, act: Callable[[int], object]) -> list[object]:
    """Run ``act`` in as many threads, started at the same instant; refusals are results too."""
    start = Barrier(count)

    def run(number: int) -> object:
        try:
            start.wait()
            return act(number)
        except services.NothingInSlot as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.fixture
def promise(committed_db: None, now: datetime) -> Promise:
    floor = shop_floor()
    product, actor = ProductFactory(), ActorFactory()
    made = services.promise(
        product, quantity=1, name="MARTIN", cause="other", is_chosen=False, at=now, actor=actor,
        request_id=uuid4(),
    )  # fmt: skip
    services.set_aside(
        made, lot=stocked(product, 3, location=floor["dock"]), source=floor["dock"], quantity=1,
        at=now, actor=actor, request_id=uuid4(),
    )  # fmt: skip
    return made


def test_each_promise_made_at_the_same_instant_has_its_number(
    promise: Promise, now: datetime
) -> None:
    product, actor = promise.product, promise.created_by

    together(
        5,
        lambda number: services.promise(
            product, quantity=1, name=f"PATIENT{number}", cause="other", is_chosen=False, at=now,
            actor=actor, request_id=uuid4(),
        ),
    )  # fmt: skip

    assert sorted(Promise.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_the_same_form_sent_by_two_wires_promises_once(promise: Promise, now: datetime) -> None:
    form, product, actor = uuid4(), promise.product, promise.created_by

    made = together(
        4,
        lambda _number: services.promise(
            product, quantity=1, name="PETIT", cause="other", is_chosen=False, at=now, actor=actor,
            request_id=form,
        ),
    )  # fmt: skip

    assert len(set(made)) == 1
    assert Promise.objects.count() == 2


@pytest.mark.parametrize("same_form", [True, False])
def test_a_bag_is_handed_over_once(promise: Promise, now: datetime, same_form: bool) -> None:
    form = uuid4()
    actor = promise.created_by

    results = together(
        4,
        lambda _number: services.hand_over(
            Promise.objects.get(pk=promise.pk), at=now, actor=actor,
            request_id=form if same_form else uuid4(),
        ),
    )  # fmt: skip

    given = {result for result in results if not isinstance(result, services.NothingInSlot)}
    assert len(given) == 1
    promise.refresh_from_db()
    assert (promise.status, promise.collected_quantity) == (Status.COLLECTED, 1)
    assert stock.audit().is_sound


def test_two_bags_are_not_given_one_slot_while_another_is_free(
    promise: Promise, now: datetime
) -> None:
    from tests.factories import LocationFactory

    for _ in range(3):
        LocationFactory(promise_slot=True)
    others = [
        services.promise(
            promise.product, quantity=1, name="DURAND", cause="other", is_chosen=False, at=now,
            actor=promise.created_by, request_id=uuid4(),
        )
        for _ in range(3)
    ]  # fmt: skip

    together(3, lambda number: services.reserve_slot(others[number]))

    slots = Promise.objects.values_list("slot", flat=True)
    assert len(set(slots)) == 4
