"""A month is projected again as soon as one of its facts changes, and not before."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import translation

from backofficine.catalog.models import Product
from backofficine.losses import queries, services
from backofficine.losses.models import Contest
from backofficine.promises import services as promises
from backofficine.stock import services as stock
from backofficine.stock.models import Location, Posting
from backofficine.team.models import Actor
from tests.factories import ProductFactory, stocked

pytestmark = pytest.mark.django_db
Act = Callable[..., Any]


def assert_true(today: date) -> None:
    """What is remembered of the month is what the facts say now."""
    start, end = queries.first_of(today), queries.last_of(today)
    assert queries.statement(today) == queries.statement_of(
        queries.losses(start, end), start=start, end=end
    )


def test_the_same_facts_are_not_projected_twice(
    promise: Act, product: Product, today: date
) -> None:
    promise(product)

    assert queries.statement(today) is queries.statement(today)


def test_the_words_are_in_the_language_of_the_reader(
    promise: Act, product: Product, today: date
) -> None:
    promise(product)

    with translation.override("fr"):
        french = queries.statement(today)
    with translation.override("en"):
        assert queries.statement(today) is not french


def test_every_fact_that_a_rule_reads_changes_the_month(
    product: Product,
    take_out: Act,
    promise: Act,
    not_found: Act,
    count: Act,
    withdraw_unknown: Act,
    measured: Act,
    shelf: Location,
    today: date,
    now: datetime,
    actor: Actor,
) -> None:
    searched, found = ProductFactory(), ProductFactory()
    stocked(searched, 5, location=shelf)
    posting: list[Posting] = []

    def contest() -> Contest:
        (key, *_others) = [one.key for one in queries.statement(today).lines]
        return services.contest(
            key, reason=Contest.Reason.WRONG_FACT, at=now, actor=actor, request_id=uuid4()
        )

    acts: dict[str, Callable[[], object]] = {
        "a box taken out": lambda: posting.append(take_out(product)),
        "a breakage": lambda: take_out(ProductFactory(), cause=Posting.Cause.BROKEN),
        "that box put back": lambda: stock.reverse(
            posting[0], occurred_at=now, recorded_at=now, actor=actor
        ),
        "a promise": lambda: promise(product),
        "a search": lambda: not_found(searched),
        "a count that answers it": lambda: count(searched, counted=3),
        "a box found": lambda: withdraw_unknown(found),
        "a count that explains it": lambda: count(found, counted=2),
        "a tariff measured": lambda: measured("minutes_promise", "6"),
    }
    before = queries.statement(today)
    for name, act in acts.items():
        act()
        after = queries.statement(today)
        assert after is not before, name
        assert_true(today)
        before = after

    said = contest()
    assert queries.statement(today).contested.count == 1
    services.answer(said, stands=False, at=now, actor=actor)
    assert_true(today)
    assert queries.statement(today).states["withdrawn"].count == 1


def test_a_promise_cancelled_later_leaves_its_month(
    promise: Act, product: Product, today: date, now: datetime, actor: Actor
) -> None:
    made = promise(product)
    assert len(queries.statement(today).lines) == 1

    promises.cancel(made, at=now, actor=actor, request_id=uuid4())

    assert queries.statement(today).lines == []


@pytest.mark.usefixtures("shelf")
def test_what_happens_this_month_leaves_the_month_before_alone(
    promise: Act, not_found: Act, product: Product, today: date, now: datetime
) -> None:
    promise(product, at=now - timedelta(days=31))
    before = queries.statement(queries.month_before(today))

    promise(product)
    not_found(product)

    assert queries.statement(queries.month_before(today)) is before
