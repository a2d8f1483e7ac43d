"""The whole ledger: states, totals that add up, contests, tariffs that change, and its speed."""

import json
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test.utils import CaptureQueriesContext

from backofficine.catalog.models import Product
from backofficine.cli.program import run
from backofficine.losses import queries, services
from backofficine.losses.loss import State
from backofficine.losses.models import Contest
from backofficine.pharmacy import queries as pharmacy_queries
from backofficine.pharmacy import services as pharmacy_services
from backofficine.stock.models import Location, Posting
from backofficine.team.models import Actor
from tests.factories import LotFactory, ProductFactory, stocked

pytestmark = pytest.mark.django_db
Act = Callable[..., Any]


@pytest.fixture
def busy_day(
    product: Product,
    take_out: Act,
    promise: Act,
    not_found: Act,
    count: Act,
    withdraw_unknown: Act,
    shelf: Location,
) -> None:
    """One of everything."""
    take_out(product)
    take_out(ProductFactory(), cause=Posting.Cause.BROKEN)
    promise(product)
    promise(product, is_chosen=True)
    not_found(ProductFactory())
    withdraw_unknown(ProductFactory())
    stocked(product, 5, location=shelf)
    count(product, counted=3)


def contest(key: str, *, actor: Actor, at: datetime) -> Contest:
    return services.contest(
        key, reason=Contest.Reason.WRONG_FACT, at=at, actor=actor, request_id=uuid4()
    )


@pytest.mark.usefixtures("busy_day")
def test_totals_add_up_whichever_way_they_are_grouped(today: date) -> None:
    statement = queries.statement(today)

    for amount in ("minutes", "cash", "time_cost"):
        lines = sum(getattr(one, amount) for one in statement.lines)
        by_state = sum(getattr(group, amount) for group in statement.states.values())
        counted = [one for one in statement.lines if not one.apart]
        inside = sum(getattr(one, amount) for one in counted)
        by_cause = sum(
            getattr(cause.proved, amount) + getattr(cause.assumed, amount)
            for cause in statement.causes
        )
        born = sum(getattr(link.born, amount) for link in statement.links)
        suffered = sum(getattr(link.suffered, amount) for link in statement.links)
        by_day = sum(getattr(group, amount) for group in statement.days.values())
        assert lines == by_state
        assert inside == by_cause == born == suffered == by_day
    assert statement.proved.cash == sum(cause.proved.cash for cause in statement.causes)


@pytest.mark.usefixtures("busy_day")
def test_the_headline_adds_proved_amounts_only(today: date, measured: Act) -> None:
    before = queries.statement(today)
    assert (before.proved.minutes, before.proved.cash) == (Decimal(0), Decimal(14))

    measured("minutes_promise", "6")

    after = queries.statement(today)
    assert (after.proved.minutes, after.proved.cash) == (Decimal(6), Decimal(14))
    assert after.chosen.minutes == Decimal(6)
    assert after.provisional.minutes == Decimal(10)


@pytest.mark.usefixtures("busy_day")
def test_an_assumed_amount_is_shown_with_its_range(today: date) -> None:
    assumed = queries.statement(today).assumed

    # Expired 3 (1 to 8), breakage 5 (2 to 15), promise 8 (4 to 20), not found 3 (1 to 10),
    # stock error 10 (3 to 20).
    assert (assumed.low_minutes, assumed.minutes, assumed.high_minutes) == (11, 29, 73)


@pytest.mark.usefixtures("busy_day")
def test_rebuilding_the_ledger_changes_nothing(today: date) -> None:
    assert queries.losses(today, today) == queries.losses(today, today)


@pytest.mark.usefixtures("busy_day")
def test_two_halves_of_a_period_make_the_whole(today: date, promise: Act, now: datetime) -> None:
    promise(ProductFactory(), at=now - timedelta(days=20))
    start, middle = today - timedelta(days=30), today - timedelta(days=10)

    halves = queries.losses(start, middle) + queries.losses(middle + timedelta(days=1), today)

    assert halves == queries.losses(start, today)


def test_a_new_tariff_restates_the_days_it_is_valid_on_and_no_other(
    product: Product, promise: Act, now: datetime, today: date, measured: Act
) -> None:
    promise(product, at=now - timedelta(days=3))
    promise(product, at=now)
    start = today - timedelta(days=10)

    measured("minutes_promise", "12", since=today - timedelta(days=1))

    old, new = queries.losses(start, today)
    assert (old.minutes, old.time_state) == (Decimal(8), State.ASSUMED)
    assert (new.minutes, new.time_state) == (Decimal(12), State.PROVED)
    assert old.time_tariff.valid_until == today - timedelta(days=2)


def test_a_signed_hourly_cost_reprices_the_minutes(
    product: Product, promise: Act, now: datetime, today: date, actor: Actor
) -> None:
    promise(product)

    pharmacy_services.set_tariff(
        "hourly_cost", amount=Decimal(30), valid_from=today, source="paie d’octobre",
        signed_by=actor, at=now,
    )  # fmt: skip

    (one,) = queries.losses(today, today)
    assert one.time_cost == Decimal(4)
    assert one.hour_tariff.is_proved


def test_a_day_without_any_tariff_is_told_by_its_key(promise: Act, product: Product) -> None:
    promise(product, at=datetime.fromisoformat("2012-05-05T10:00:00+00:00"))

    with pytest.raises(pharmacy_queries.UnknownValue, match="minutes_promise"):
        queries.losses(date(2012, 5, 5), date(2012, 5, 5))


# Contests ----------------------------------------------------------------------------------------


def test_a_contested_line_leaves_the_total_until_it_is_answered(
    product: Product, take_out: Act, today: date, now: datetime, actor: Actor
) -> None:
    take_out(product)
    (one,) = queries.losses(today, today)

    said = contest(one.key, actor=actor, at=now)
    assert queries.statement(today).proved.cash == 0
    assert queries.statement(today).contested.cash == Decimal(7)

    services.answer(said, stands=True, at=now, actor=actor)
    assert queries.statement(today).proved.cash == Decimal(7)


def test_a_line_withdrawn_by_the_owner_never_counts_again(
    product: Product, take_out: Act, today: date, now: datetime, actor: Actor
) -> None:
    take_out(product)
    (one,) = queries.losses(today, today)
    services.answer(contest(one.key, actor=actor, at=now), stands=False, at=now, actor=actor)

    statement = queries.statement(today)
    assert (statement.proved.cash, statement.contested.cash) == (0, 0)
    assert statement.lines[0].state == State.WITHDRAWN


def test_a_line_is_contested_once_at_a_time(
    product: Product, take_out: Act, today: date, now: datetime, actor: Actor
) -> None:
    take_out(product)
    (one,) = queries.losses(today, today)
    first = contest(one.key, actor=actor, at=now)

    again = services.contest(
        one.key, reason=Contest.Reason.OTHER, at=now, actor=actor, request_id=first.request_id
    )
    assert again == first
    with pytest.raises(services.AlreadyContested):
        contest(one.key, actor=actor, at=now)


def test_an_answer_stays(
    product: Product, take_out: Act, today: date, now: datetime, actor: Actor
) -> None:
    take_out(product)
    (one,) = queries.losses(today, today)
    said = contest(one.key, actor=actor, at=now)
    services.answer(said, stands=True, at=now, actor=actor)

    with pytest.raises(services.AlreadyAnswered):
        services.answer(said, stands=False, at=now, actor=actor)


def test_nobody_contests_a_line_without_a_fact(now: datetime, actor: Actor) -> None:
    with pytest.raises(services.UnknownLoss):
        contest("expired:77:0", actor=actor, at=now)


# The command, and speed --------------------------------------------------------------------------


@pytest.mark.usefixtures("busy_day")
def test_the_command_tells_the_same_lines(capsys: Any, today: date) -> None:
    assert run(["losses", "--from", str(today), "--to", str(today), "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert [line["key"] for line in told["lines"]] == [
        one.key for one in queries.losses(today, today)
    ]
    assert told["proved"]["cash"] == "14.00"
    assert sum(group["minutes"] for group in told["groups"]) == sum(
        line["minutes"] for line in told["lines"]
    )


@pytest.mark.usefixtures("busy_day")
def test_the_command_reads_as_a_page(capsys: Any, today: date) -> None:
    assert run(["losses", "--from", str(today), "--to", str(today)]) == 0

    told = capsys.readouterr().out
    assert "14,00" in told or "14.00" in told


@pytest.mark.usefixtures("busy_day")
def test_a_period_costs_the_same_queries_whatever_it_holds(
    today: date, promise: Act, not_found: Act, take_out: Act, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection

    with CaptureQueriesContext(connection) as few:
        queries.losses(today, today)
    for _each in range(12):
        promise(ProductFactory())
        not_found(ProductFactory())
        take_out(ProductFactory())
    with CaptureQueriesContext(connection) as many:
        queries.losses(today, today)

    assert len(many) == len(few) <= 20


def test_a_month_of_a_thousand_lines_is_built_while_a_page_loads(
    product: Product, promise: Act, today: date, now: datetime, actor: Actor
) -> None:
    from backofficine.promises.models import Promise

    Promise.objects.bulk_create(
        Promise(
            number=1000 + number, product=product, quantity=1, cause="not_stocked",
            is_chosen=False, created_at=now - timedelta(minutes=number), request_id=uuid4(),
            created_by=actor,
        )
        for number in range(1000)
    )  # fmt: skip
    LotFactory(product=product)

    began = time.perf_counter()
    statement = queries.statement(today)

    assert len(statement.lines) == 1000
    # Ten times what it takes on a small machine: a query for each line would take far longer.
    assert time.perf_counter() - began < 1.5
