"""What an opened line draws, and what an order does to the stock of the end of the month."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from backofficine.planning.queries.effect import month_end
from backofficine.planning.queries.outlook import WEEKS_AHEAD, fan, outlook
from backofficine.planning.services.train import train_forecasts
from backofficine.purchasing.models import Order
from backofficine.stock import services as stock
from backofficine.stock.models import DemandLine, Location, Posting
from backofficine.stock.services import MoveLine
from tests.factories import (
    LocationFactory,
    LotFactory,
    OrderFactory,
    OrderLineFactory,
    ProductFactory,
    stocked,
    virtual,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def product(pharmacy):
    return ProductFactory(unit_cost=Decimal("2.0000"))


@pytest.fixture
def draft(main, this_round):
    return OrderFactory(supplier=main, delivery_round=this_round)


@pytest.fixture
def shelf(pharmacy):
    return LocationFactory()


@pytest.fixture
def move(shelf, actor):
    """``move(lot, 3, at=…)``: three boxes come to the shelf; a negative number leaves it."""

    def moved(lot, quantity, *, at):
        came = quantity > 0
        stock.post(
            lines=[
                MoveLine(
                    lot=lot,
                    source=virtual(Location.Kind.SUPPLIER) if came else shelf,
                    target=shelf if came else virtual(Location.Kind.PATIENT),
                    quantity=abs(quantity),
                )
            ],
            reason=Posting.Reason.RECEIPT if came else Posting.Reason.WITHDRAWAL,
            occurred_at=at, recorded_at=at, actor=actor, request_id=uuid4(),
        )  # fmt: skip

    return moved


def test_before_any_training_nothing_is_foretold(product, ask, now):
    ask(product, 2)

    seen = outlook(product.pk, at=now)

    assert list(seen.ahead) == []
    assert len(seen.weeks) == 26
    assert sum(week.served for week in seen.weeks) == 2 * 180


def test_the_fan_covers_each_coming_week_and_widens_with_its_range(product, ask, now):
    ask(product, 2)
    ask(ProductFactory(), 1, every=9)
    train_forecasts(at=now)

    ahead = fan(product.pk, at=now)

    assert [one.starts_on for one in ahead] == [
        date(2026, 11, 25) + timedelta(days=7 * week) for week in range(WEEKS_AHEAD)
    ]
    for one in ahead:
        low, high = zip(*(one.ranges[level] for level in (50, 80, 95)), strict=True)
        assert sorted(low, reverse=True) == list(low)
        assert sorted(high) == list(high)
        assert low[0] <= one.expected <= high[0] + 1
    assert 8 < ahead[0].expected < 20, "two a day"


def test_a_product_that_was_never_learnt_has_no_fan(product, ask, now):
    ask(product, 1)
    train_forecasts(at=now)

    assert fan(ProductFactory().pk, at=now) == []


def test_a_late_delivery_is_awaited_today_and_a_refused_box_never(product, draft, now, today):
    for days, quantity, answered in [(-2, 6, None), (3, 4, 3), (4, 5, 0)]:
        OrderLineFactory(
            order=OrderFactory(
                supplier=draft.supplier, sent=True, expected_at=now + timedelta(days=days)
            ),
            product=product, quantity=quantity, answered_quantity=answered,
        )  # fmt: skip

    coming = outlook(product.pk, at=now).coming

    assert [(one.on, one.quantity) for one in coming] == [
        (today, 6), (today + timedelta(days=3), 3),
    ]  # fmt: skip


def test_weeks_without_a_box_say_that_there_was_none(product, move, ask, now, today):
    lot = LotFactory(product=product)
    move(lot, 3, at=now - timedelta(days=100))
    move(lot, -3, at=now - timedelta(days=60))
    ask(product, 1, every=3, until=today - timedelta(days=60), days=40)
    ask(product, 1, every=5, days=55, kind=DemandLine.Kind.MISSING)

    out = outlook(product.pk, at=now).out

    assert len(out) == 8
    assert min(out) > today - timedelta(days=61)


# ---------------------------------------------------------------- the end of the month


def test_an_order_of_what_does_not_sell_stays_whole_in_the_stock(product, draft, now):
    stocked(product, 5)
    OrderLineFactory(order=draft, product=product, quantity=10)

    seen = month_end(draft, at=now)

    assert seen.on == date(2026, 11, 30)
    assert (seen.now, seen.without, seen.with_order) == (10, 10, 30)
    assert seen.effect == 20


def test_what_sells_before_the_month_ends_adds_nothing(product, draft, now, ask):
    ask(product, 9)
    OrderLineFactory(order=draft, product=product, quantity=6)

    seen = month_end(draft, at=now)

    assert seen.with_order == seen.without == 0, "nine a day for six days: all six are sold"


def test_what_is_on_its_way_counts_in_both(product, draft, now):
    away = OrderFactory(supplier=draft.supplier, sent=True, status=Order.Status.SENT)
    OrderLineFactory(order=away, product=product, quantity=4)
    OrderLineFactory(order=draft, product=product, quantity=1)

    seen = month_end(draft, at=now)

    assert (seen.now, seen.without, seen.with_order) == (0, 8, 10)


def test_a_product_without_a_cost_counts_for_nothing(pharmacy, draft, now):
    OrderLineFactory(order=draft, product=ProductFactory(unit_cost=None), quantity=3)

    assert month_end(draft, at=now).effect == 0


def test_a_trained_forecast_tells_what_will_be_left(product, draft, now, ask):
    ask(product, 1)
    stocked(product, 20)
    OrderLineFactory(order=draft, product=product, quantity=10)
    train_forecasts(at=now)

    seen = month_end(draft, at=now)

    assert seen.now == 40
    assert 20 < seen.without < 40
    assert 15 <= seen.effect <= 20
