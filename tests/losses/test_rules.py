"""Each rule: which facts make a loss, what it is worth, and what it leaves to another rule."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backofficine.catalog.models import Evidence, Product
from backofficine.losses import queries
from backofficine.losses.loss import FactKind, Loss, State, Step, Waste
from backofficine.promises.models import Cause
from backofficine.stock import services
from backofficine.stock.models import FoundExplained, Location, Move, Posting
from backofficine.team.models import Actor
from tests.factories import LotFactory, ProductFactory, shop_floor, stocked

pytestmark = pytest.mark.django_db
Act = Callable[..., Any]


def losses_of(day: date, rule: str = "") -> list[Loss]:
    return [one for one in queries.losses(day, day) if not rule or one.rule == rule]


# Expired and broken ------------------------------------------------------------------------------


def test_an_expired_box_costs_its_unit_cost_and_the_minutes_of_taking_it_out(
    product: Product, take_out: Act, today: date
) -> None:
    posting = take_out(product, quantity=2)

    (one,) = losses_of(today)
    assert one.key == f"expired:{posting.position}:0"
    assert (one.cash, one.minutes, one.quantity) == (Decimal("7.0"), Decimal(3), 2)
    assert one.time_cost == Decimal("1.25")
    assert one.waste == Waste.INVENTORY
    assert one.cause == Step.UNKNOWN


def test_the_line_names_its_facts_and_its_tariffs(
    product: Product, take_out: Act, today: date
) -> None:
    posting = take_out(product)

    (one,) = losses_of(today)
    (fact,) = one.proof
    assert (fact.kind, fact.number, fact.at) == (
        FactKind.MOVE,
        str(posting.position),
        posting.occurred_at,
    )
    assert (one.time_tariff.key, one.hour_tariff.key) == ("minutes_expired", "hourly_cost")
    assert one.time_tariff.source


def test_a_known_cost_is_proved_while_assumed_minutes_are_not(
    product: Product, take_out: Act, today: date
) -> None:
    take_out(product)

    (one,) = losses_of(today)
    assert (one.cash_state, one.time_state) == (State.PROVED, State.ASSUMED)
    assert one.state == State.ASSUMED


def test_an_assumed_cost_proves_nothing(take_out: Act, today: date) -> None:
    take_out(ProductFactory(cost_evidence=Evidence.ASSUMED))

    (one,) = losses_of(today)
    assert one.cash_state == State.ASSUMED


def test_an_emergency_box_that_expires_is_the_price_of_a_duty(take_out: Act, today: date) -> None:
    take_out(ProductFactory(is_emergency=True))

    (one,) = losses_of(today)
    assert one.state == State.CHOSEN


def test_a_broken_box_is_breakage_and_on_the_dock_receiving_broke_it(
    product: Product, take_out: Act, today: date
) -> None:
    floor = shop_floor()
    take_out(product, cause=Posting.Cause.BROKEN, lot=LotFactory(product=product))
    take_out(
        product, cause=Posting.Cause.BROKEN, lot=LotFactory(product=product), shelf=floor["dock"]
    )

    assert [one.rule for one in losses_of(today)] == ["breakage", "breakage"]
    assert [one.cause for one in losses_of(today)] == [Step.UNKNOWN, Step.RECEIVE]
    assert losses_of(today)[0].minutes == Decimal(5)


def test_a_box_returned_to_the_shelf_by_its_mirror_is_no_loss(
    product: Product, take_out: Act, today: date, actor: Actor, now: datetime
) -> None:
    posting = take_out(product)
    services.reverse(posting, occurred_at=now, recorded_at=now, actor=actor)

    assert losses_of(today) == []


def test_other_causes_are_not_told_by_these_rules(
    product: Product, take_out: Act, today: date
) -> None:
    take_out(product, cause=Posting.Cause.OTHER)

    assert losses_of(today) == []


def test_a_box_through_quarantine_is_lost_once_on_the_day_it_left_the_shelf(
    product: Product, take_out: Act, today: date, now: datetime
) -> None:
    lot = LotFactory(product=product, expired=True)
    shop_floor()
    take_out(product, lot=lot, quantity=3, to_quarantine=True)
    tomorrow = today + timedelta(days=1)
    take_out(product, lot=lot, quantity=3, stock=False, at=now + timedelta(days=1))

    assert [one.quantity for one in losses_of(today)] == [3]
    assert losses_of(tomorrow) == []


def test_a_box_that_the_record_did_not_know_is_told_once_by_its_cause(
    product: Product, take_out: Act, today: date
) -> None:
    take_out(product, stock=False)

    assert Move.objects.filter(is_found=True).exists()
    assert [one.rule for one in losses_of(today)] == ["expired"]


# Promises ----------------------------------------------------------------------------------------


def test_a_promise_costs_the_minutes_of_one_promise(
    product: Product, promise: Act, today: date
) -> None:
    promise(product, quantity=3)

    (one,) = losses_of(today)
    assert one.key == "promise:401"
    assert (one.minutes, one.cash) == (Decimal(8), Decimal(0))
    assert one.sufferer == Step.PROMISE
    assert one.proof[0].kind == FactKind.PROMISE


@pytest.mark.parametrize(
    "words",
    [{"is_chosen": True}, {"cause": "national_shortage"}, {"cause": "quota"}],
    ids=["chosen", "national shortage", "quota"],
)
def test_a_chosen_or_unavoidable_promise_stands_apart(
    product: Product, promise: Act, today: date, words: dict[str, Any]
) -> None:
    promise(product, **words)

    (one,) = losses_of(today)
    assert one.state == State.CHOSEN


def test_a_wrong_record_is_a_tag_of_the_promise_and_blames_no_step(
    product: Product, promise: Act, today: date
) -> None:
    promise(product, cause="wrong_stock")

    (one,) = losses_of(today)
    assert one.tags == (Cause.WRONG_STOCK.label,)
    assert one.cause == Step.UNKNOWN


def test_a_forgotten_order_was_born_at_ordering(
    product: Product, promise: Act, today: date
) -> None:
    promise(product, cause="order_forgotten")

    assert losses_of(today)[0].cause == Step.ORDER


def test_a_cancelled_promise_cost_no_second_visit(
    product: Product, promise: Act, today: date, now: datetime
) -> None:
    promise(product, status="cancelled", closed_at=now)

    assert losses_of(today) == []


# Not found and stock errors ----------------------------------------------------------------------


def test_a_product_not_found_costs_the_minutes_of_a_search(
    product: Product, not_found: Act, today: date, shelf: Location
) -> None:
    stocked(product, 4, location=shelf)
    report = not_found(product)

    (one,) = losses_of(today)
    assert one.key == f"not_found:{report.request_id}"
    assert (one.minutes, one.quantity, one.waste) == (Decimal(3), 4, Waste.MOTION)
    assert one.sufferer == Step.COUNTER


def test_boxes_found_are_a_provisional_stock_error(
    product: Product, withdraw_unknown: Act, today: date, shelf: Location
) -> None:
    withdraw_unknown(product)

    (one,) = losses_of(today)
    assert one.rule == "stock_error"
    assert one.key == f"stock_error:{product.public_id}:{today}"
    assert one.state == State.PROVISIONAL
    assert (one.minutes, one.cash) == (Decimal(10), Decimal(0))
    assert one.sufferer == Step.COUNTER


def test_a_count_makes_the_finding_final_without_a_second_line(
    product: Product,
    withdraw_unknown: Act,
    count: Act,
    today: date,
    now: datetime,
    shelf: Location,
) -> None:
    withdraw_unknown(product)
    count(product, counted=2, at=now + timedelta(days=1))

    (one,) = losses_of(today)
    assert one.state == State.ASSUMED
    assert [fact.kind for fact in one.proof] == [FactKind.MOVE, FactKind.COUNT]
    assert losses_of(today + timedelta(days=1)) == []


def test_a_late_receipt_explains_the_finding_away(
    product: Product, withdraw_unknown: Act, today: date, now: datetime, shelf: Location
) -> None:
    withdraw_unknown(product)
    services.explain_moves(
        Move.objects.filter(is_found=True), by=FoundExplained.By.RECEIPT, posting=None, at=now
    )

    assert losses_of(today) == []


def test_boxes_missing_at_a_count_cost_their_unit_cost(
    product: Product, count: Act, today: date, shelf: Location
) -> None:
    stocked(product, 5, location=shelf)
    count(product, counted=3)

    (one,) = losses_of(today)
    assert (one.rule, one.cash, one.quantity) == ("stock_error", Decimal(7), 2)
    assert one.cash_state == State.PROVED
    assert one.sufferer == Step.STOCK


def test_boxes_in_excess_cost_nothing_and_gain_nothing(
    product: Product, count: Act, today: date, shelf: Location
) -> None:
    stocked(product, 5, location=shelf)
    count(product, counted=9)

    (one,) = losses_of(today)
    assert (one.cash, one.minutes) == (Decimal(0), Decimal(10))


def test_an_exact_count_is_no_loss(
    product: Product, count: Act, today: date, shelf: Location
) -> None:
    stocked(product, 5, location=shelf)
    count(product, counted=5)

    assert losses_of(today) == []


def test_a_search_inside_a_stock_error_is_not_counted_again(
    product: Product, not_found: Act, count: Act, today: date, now: datetime, shelf: Location
) -> None:
    stocked(product, 5, location=shelf)
    not_found(product, at=now)
    not_found(product, at=now + timedelta(minutes=20))
    count(product, counted=0, at=now + timedelta(hours=1))

    (one,) = losses_of(today)
    assert one.rule == "stock_error"
    assert one.minutes == Decimal(10)
    kinds = [fact.kind for fact in one.proof]
    assert kinds == [FactKind.NOT_FOUND, FactKind.NOT_FOUND, FactKind.COUNT]


def test_a_count_of_the_next_day_belongs_to_the_search_that_asked_it(
    product: Product, not_found: Act, count: Act, today: date, now: datetime, shelf: Location
) -> None:
    stocked(product, 5, location=shelf)
    not_found(product, at=now)
    count(product, counted=0, at=now + timedelta(days=1))

    (one,) = losses_of(today)
    assert one.rule == "stock_error"
    assert losses_of(today + timedelta(days=1)) == []


def test_a_search_of_another_product_stays_a_line_of_its_own(
    product: Product, not_found: Act, count: Act, today: date, shelf: Location
) -> None:
    other = ProductFactory()
    stocked(product, 5, location=shelf)
    stocked(other, 5, location=shelf)
    not_found(other)
    count(product, counted=4)

    assert {one.rule for one in losses_of(today)} == {"not_found", "stock_error"}


# The story of one line ---------------------------------------------------------------------------


def test_each_key_opens_the_same_line_again(
    product: Product,
    take_out: Act,
    promise: Act,
    not_found: Act,
    count: Act,
    today: date,
    shelf: Location,
) -> None:
    take_out(product)
    take_out(product, cause=Posting.Cause.BROKEN, lot=LotFactory(product=product))
    promise(product)
    stocked(product, 5, location=shelf)
    not_found(ProductFactory())
    count(product, counted=0)

    lines = losses_of(today)
    assert {one.rule for one in lines} == {
        "expired", "breakage", "promise", "not_found", "stock_error",
    }  # fmt: skip
    for one in lines:
        assert queries.loss(one.key) == one
        assert queries.story(one)


@pytest.mark.parametrize(
    "key",
    ["", "expired", "expired:", "expired:1:0", "expired:x:y", "promise:9", "promise:²",
     "not_found:nothing", "stock_error:x:2026-11-24", "unheard:1"],
)  # fmt: skip
def test_a_key_without_a_fact_opens_nothing(key: str) -> None:
    assert queries.loss(key) is None


# Days --------------------------------------------------------------------------------------------


def test_a_day_of_twenty_five_hours_keeps_its_last_hour(product: Product, promise: Act) -> None:
    # Clocks go back on 25 October 2026: that day ends at 23:00 UTC after twenty-five hours.
    promise(product, at=datetime(2026, 10, 24, 22, 0, tzinfo=UTC))
    promise(product, at=datetime(2026, 10, 25, 22, 59, tzinfo=UTC))
    promise(product, at=datetime(2026, 10, 25, 23, 0, tzinfo=UTC))

    assert len(losses_of(date(2026, 10, 25))) == 2
    assert [one.key for one in losses_of(date(2026, 10, 26))] == ["promise:403"]


def test_the_day_is_the_pharmacy_s_own(product: Product, promise: Act, pharmacy: Any) -> None:
    pharmacy.time_zone = "Indian/Reunion"
    pharmacy.save()
    promise(product, at=datetime(2026, 11, 24, 20, 30, tzinfo=UTC))

    assert losses_of(date(2026, 11, 24)) == []
    assert losses_of(date(2026, 11, 25))[0].day == date(2026, 11, 25)
