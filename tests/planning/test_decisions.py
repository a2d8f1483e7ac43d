"""Decisions that stand: the last word holds, an end is final, and the database guards both."""

import secrets
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse

from backofficine.catalog.models import CatalogVersion
from backofficine.kernel import clock
from backofficine.planning import queries, services
from backofficine.planning.models import Decision, DecisionEnd
from backofficine.stock.models import StockRule
from tests.factories import PersonFactory, ProductFactory, signed_in

Kind, Reason = Decision.Kind, Decision.Reason
HTMX = {"HX-Request": "true"}
PAGE = reverse("planning:decisions")

pytestmark = pytest.mark.usefixtures("pharmacy")


@pytest.fixture
def product(pharmacy):
    return ProductFactory(name="Furosémane")


@pytest.fixture
def decide(product, now, actor):
    """``decide("snoozed", last_day=…)``: a decision on the product, taken now."""

    def decided(kind, *, reason=Reason.SLOW, request_id=None, of=None, **words):
        return services.decide(
            of or product, kind=kind, reason=reason, at=now, actor=actor,
            request_id=request_id or uuid4(), **words,
        )  # fmt: skip

    return decided


@pytest.fixture
def end(now, actor):
    def ended(decision, *, request_id=None):
        services.end_decision(
            decision, at=now, actor=actor, request_id=request_id or uuid4()
        )  # fmt: skip

    return ended


# What stands --------------------------------------------------------------------------------------


def test_a_pause_stands_up_to_its_last_day(decide, product, today):
    last = today + timedelta(days=9)
    decide(Kind.SNOOZED, last_day=last)

    assert queries.standing_decisions(today)[product.pk].snoozed_until == last
    assert queries.standing_decisions(last)[product.pk].snoozed_until == last
    assert queries.standing_decisions(last + timedelta(days=1)) == {}


def test_the_last_word_of_a_kind_holds_and_ending_it_wakes_no_older_one(
    decide, end, product, today
):
    decide(Kind.SNOOZED, last_day=today + timedelta(days=30))
    newer = decide(Kind.SNOOZED, last_day=today + timedelta(days=3))

    assert queries.standing_decisions(today)[product.pk].snoozed_until == newer.last_day
    end(newer)
    assert queries.standing_decisions(today) == {}


def test_for_promises_only_stands_until_someone_ends_it(decide, end, product, today):
    decision = decide(Kind.ON_PROMISE)

    assert queries.standing_decisions(today + timedelta(days=900))[product.pk].is_on_promise
    end(decision)
    assert queries.standing_decisions(today) == {}


def test_never_in_stock_has_one_truth(decide, end, product, today):
    decision = decide(Kind.NEVER)

    assert StockRule.objects.get(product=product).never_stock
    assert queries.standing_decisions(today)[product.pk].is_never
    end(decision)
    assert not StockRule.objects.get(product=product).never_stock
    assert queries.standing_decisions(today) == {}


def test_a_rule_set_before_decisions_is_listed_and_can_be_lifted(product, today, now, actor):
    StockRule.objects.create(product=product, never_stock=True, minimum=2)

    (listed,) = queries.decisions_listed(today)
    services.keep_again(product, at=now, actor=actor, request_id=uuid4())

    assert (listed.product, listed.kind, listed.decision) == (product, Kind.NEVER, None)
    assert queries.decisions_listed(today) == []
    assert StockRule.objects.get(product=product).minimum == 2


def test_a_product_kept_again_by_rule_ends_the_fact_too(decide, product, now, actor):
    decision = decide(Kind.NEVER)

    services.keep_again(product, at=now, actor=actor, request_id=uuid4())

    assert DecisionEnd.objects.get().decision == decision


def test_a_season_counts_for_the_days_it_covers(decide, product, today):
    decide(
        Kind.SEASONAL, reason=Reason.SEASON, first_day=today + timedelta(days=5),
        last_day=today + timedelta(days=60), percent=200, minimum=12,
    )  # fmt: skip

    assert queries.standing_decisions(today) == {}
    ahead = queries.standing_decisions(today, until=today + timedelta(days=9))[product.pk]
    assert ahead.demand_factor == pytest.approx(1.5), "five days of ten are doubled"
    assert ahead.minimum == 12
    inside = queries.standing_decisions(today + timedelta(days=20))[product.pk]
    assert inside.demand_factor == 2


def test_the_newest_of_two_seasons_holds_where_they_meet(decide, product, today):
    decide(Kind.SEASONAL, last_day=today + timedelta(days=60), percent=200)
    decide(Kind.SEASONAL, last_day=today + timedelta(days=1), percent=50)

    factor = queries.standing_decisions(today, until=today + timedelta(days=3))[product.pk]

    assert factor.demand_factor == pytest.approx((0.5 + 0.5 + 2 + 2) / 4)


def test_several_decisions_on_one_product_stand_together(decide, product, today):
    decide(Kind.ON_PROMISE)
    decide(Kind.SEASONAL, last_day=today, percent=0)

    found = queries.standing_decisions(today)[product.pk]

    assert (found.is_on_promise, found.demand_factor, found.is_never) == (True, 0, False)


def test_reading_a_thousand_decisions_takes_no_more_questions(
    decide, today, django_assert_num_queries
):
    for _each in range(12):
        decide(Kind.SNOOZED, last_day=today, of=ProductFactory())

    with django_assert_num_queries(2):
        assert len(queries.standing_decisions(today)) == 12


# Refusals -----------------------------------------------------------------------------------------


def test_a_double_click_decides_once(decide, today):
    click = uuid4()

    first = decide(Kind.SNOOZED, last_day=today, request_id=click)

    assert decide(Kind.SNOOZED, last_day=today, request_id=click) == first
    assert Decision.objects.count() == 1


def test_a_double_click_ends_once_and_another_click_is_told(decide, end):
    decision, click = decide(Kind.NEVER), uuid4()

    end(decision, request_id=click)
    end(decision, request_id=click)

    with pytest.raises(services.NothingStands):
        end(decision)


def test_an_end_is_written_once(decide, end, today):
    decision = decide(Kind.ON_PROMISE)
    end(decision)

    with pytest.raises(services.NothingStands):
        end(decision)


@pytest.mark.parametrize("kind", [Kind.SNOOZED, Kind.SEASONAL])
def test_a_pause_or_a_season_without_an_end_is_refused(decide, kind):
    with pytest.raises(services.DayMissing):
        decide(kind, percent=100)


def test_a_day_that_is_past_is_refused(decide, today):
    with pytest.raises(services.DaysWrong):
        decide(Kind.SNOOZED, last_day=today - timedelta(days=1))
    with pytest.raises(services.DaysWrong):
        decide(
            Kind.SEASONAL, percent=50, first_day=today + timedelta(days=9),
            last_day=today + timedelta(days=8),
        )  # fmt: skip


def test_a_pause_of_years_is_refused(decide):
    with pytest.raises(services.PauseTooLong):
        decide(Kind.SNOOZED, last_day=date(2029, 1, 1))


@pytest.mark.parametrize("much", [{}, {"percent": 1001}])
def test_a_season_says_how_much(decide, today, much):
    with pytest.raises(services.PlanEmpty):
        decide(Kind.SEASONAL, last_day=today, **much)


@pytest.mark.parametrize("kind", [Kind.SNOOZED, Kind.NEVER, Kind.ON_PROMISE])
def test_what_is_kept_for_emergencies_is_never_cut(decide, today, kind):
    kept = ProductFactory(is_emergency=True)

    with pytest.raises(services.EmergencyKept):
        decide(kind, last_day=today, of=kept)
    assert not StockRule.objects.exists()


# Walls --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "wall"),
    [
        ({"kind": "snoozed", "last_day": None}, "a_pause_and_a_season_have_a_last_day"),
        ({"kind": "seasonal"}, "a_seasonal_plan_alone_says_how_much"),
        ({"percent": 50}, "a_seasonal_plan_alone_says_how_much"),
        ({"kind": "seasonal", "percent": 1001}, "a_seasonal_plan_is_at_most_ten_times"),
        ({"kind": "perhaps"}, "decision_kind_is_known"),
        ({"reason": ""}, "a_decision_says_why"),
        ({"last_day": date(2020, 1, 1)}, "a_decision_ends_after_it_begins"),
    ],
)
def test_the_database_refuses(product, today, now, actor, wrong, wall):
    words = {
        "product": product, "kind": "on_promise", "reason": "slow", "first_day": today,
        "last_day": today, "decided_at": now, "actor": actor, "request_id": uuid4(),
    }  # fmt: skip

    with pytest.raises(IntegrityError, match=wall), transaction.atomic():
        Decision.objects.create(**(words | wrong))


def test_decisions_and_their_ends_are_facts(decide, end):
    decision = decide(Kind.ON_PROMISE)
    end(decision)

    for fact in (decision, DecisionEnd.objects.get()):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            type(fact).objects.filter(pk=fact.pk).update(request_id=uuid4())


# Pages --------------------------------------------------------------------------------------------


@pytest.fixture
def client(now):
    clock.fix(now)
    yield signed_in(PersonFactory(technician=True))
    clock.fix(None)


def words(response):
    return response.content.decode().replace("\u202f", " ").replace("\u00a0", " ")


def typed(product, **more):
    return {
        "product": product.public_id, "request_id": uuid4(), "reason": "slow", "kind": "snoozed",
    } | more  # fmt: skip


def test_a_stock_clerk_does_not_decide(product):
    clerk = signed_in(PersonFactory(stock_clerk=True))

    assert clerk.get(PAGE).status_code == 403
    assert clerk.post(reverse("planning:decide"), typed(product)).status_code == 403
    assert clerk.post(reverse("planning:end_decision"), {}).status_code == 403


def test_without_a_decision_the_page_says_what_one_is(client):
    assert "Aucune décision en cours" in words(client.get(PAGE))


def test_a_product_found_by_name_can_be_decided_on(client, product):
    # The names are indexed once per version of the catalogue, and factories do not raise it.
    CatalogVersion.objects.filter(pk=1).update(number=F("number") + 1 + secrets.randbelow(2**30))
    page = words(client.get(PAGE, {"q": "furosémane"}))

    assert str(product.public_id) in page
    assert "Jusqu’au" in page


def test_a_name_that_nothing_has_says_so(client, product):
    assert "Aucun produit n’a ce code" in words(client.get(PAGE, {"q": "zzzzzz"}))


def test_a_panel_opens_in_its_place(client, product):
    part = words(client.get(PAGE, {"product": product.public_id, "back": "/x"}, headers=HTMX))

    assert "<html" not in part
    assert 'value="/x"' in part


def test_a_pause_is_written_and_one_goes_back_to_the_order(client, product, today):
    answer = client.post(
        reverse("planning:decide"),
        typed(product, last_day=today + timedelta(days=8), back=reverse("planning:orders")),
    )

    assert answer.headers["Location"] == reverse("planning:orders")
    assert Decision.objects.get().last_day == today + timedelta(days=8)
    assert "pas maintenant" in words(client.get(PAGE))


def test_one_never_goes_back_to_another_house(client, product):
    answer = client.post(
        reverse("planning:decide"),
        typed(product, kind="on_promise", back="https://example.org/"),
    )

    assert answer.headers["Location"] == PAGE


def test_a_refusal_keeps_what_was_typed(client, product, today):
    answer = client.post(reverse("planning:decide"), typed(product, reason="dear"))

    assert answer.status_code == 422
    assert "jusqu’à quel jour" in words(answer)
    assert '<option value="dear" selected' in words(answer)


def test_a_season_is_planned(client, product, today):
    client.post(
        reverse("planning:decide"),
        typed(
            product, kind="seasonal", first_day=today, last_day=today + timedelta(days=90),
            percent="150",
        ),
    )  # fmt: skip

    assert Decision.objects.get().percent == 150
    assert "150 % de la demande habituelle" in words(client.get(PAGE))


def test_a_decision_ends_by_its_button(client, product, decide, today):
    decision = decide(Kind.ON_PROMISE)

    client.post(
        reverse("planning:end_decision"),
        {"decision": decision.pk, "product": product.public_id, "request_id": uuid4()},
    )

    assert queries.standing_decisions(today) == {}
    assert client.post(
        reverse("planning:end_decision"),
        {"decision": decision.pk, "product": product.public_id, "request_id": uuid4()},
    ).status_code == 422  # fmt: skip


def test_a_product_never_kept_is_kept_again_by_its_button(client, product, today):
    StockRule.objects.create(product=product, never_stock=True)

    assert "Le garder de nouveau" in words(client.get(PAGE))
    client.post(
        reverse("planning:end_decision"), {"product": product.public_id, "request_id": uuid4()}
    )

    assert queries.standing_decisions(today) == {}


def test_reading_the_page_asks_the_same_whatever_the_number(
    client, decide, today, django_assert_max_num_queries
):
    for _each in range(8):
        decide(Kind.SNOOZED, last_day=today, of=ProductFactory())

    with django_assert_max_num_queries(20):
        client.get(PAGE)
