"""The pages of losses: who sees what, filters in the address, proof, contest, print."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backofficine.catalog.models import Product
from backofficine.losses import pages, queries, services
from backofficine.losses.loss import State
from backofficine.losses.models import Contest
from backofficine.losses.queries import Filters
from backofficine.losses.templatetags.losses import figure, worked
from backofficine.losses.trend import limits, trend
from backofficine.stock.models import Location, Posting
from backofficine.team.models import Actor
from tests.factories import PersonFactory, ProductFactory, signed_in, stocked

pytestmark = pytest.mark.django_db
Act = Callable[..., Any]


@pytest.fixture
def owner() -> Client:
    return signed_in(PersonFactory())


@pytest.fixture
def clerk() -> Client:
    return signed_in(PersonFactory(stock_clerk=True))


@pytest.fixture
def some_losses(
    product: Product, take_out: Act, promise: Act, not_found: Act, count: Act, shelf: Location
) -> None:
    take_out(product)
    take_out(ProductFactory(), cause=Posting.Cause.BROKEN)
    promise(product, cause="wrong_stock")
    promise(product, is_chosen=True)
    not_found(ProductFactory())
    stocked(product, 5, location=shelf)
    count(product, counted=3)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    return unescape(re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", main)))


# The month ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("some_losses")
def test_the_month_keeps_cash_and_time_apart(owner: Client) -> None:
    page = text_of(owner, reverse("losses:month"))

    assert "Novembre 2026" in page
    assert "Argent perdu, prouvé 14,00\u00a0€" in page
    assert "Temps perdu, prouvé 0\u00a0min" in page
    assert "Supposé, hors total 29\u00a0min" in page
    assert "de 11\u00a0min à 1\u00a0h\u00a013" in page


@pytest.mark.usefixtures("some_losses")
@pytest.mark.parametrize(
    "query", ["", "?lines=all", "?rule=expired", "?state=proved", "?day=2026-11-24"]
)
def test_without_the_right_to_see_money_only_minutes_and_counts_are_told(
    clerk: Client, query: str
) -> None:
    page = clerk.get(reverse("losses:month") + query).content.decode()

    assert "€" not in page
    assert "min" in page


@pytest.mark.usefixtures("some_losses")
def test_the_proof_and_the_printed_page_hide_money_too(clerk: Client, today: date) -> None:
    for one in queries.losses(today, today):
        page = clerk.get(reverse("losses:proof", args=[one.key])).content.decode()
        assert "€" not in page
        assert "Changer" not in page.partition("loss-proof")[2].partition("</aside>")[0]
    assert "€" not in clerk.get(reverse("losses:print", args=["2026-11"])).content.decode()


def test_a_month_without_a_loss_says_where_they_come_from(owner: Client) -> None:
    assert "Aucune perte relevée ce mois-ci" in text_of(
        owner, reverse("losses:one_month", args=["2026-03"])
    )


@pytest.mark.parametrize("month", ["2026-13", "novembre", "2026-11-24"])
def test_a_month_that_is_none_is_not_found(owner: Client, month: str) -> None:
    assert owner.get(reverse("losses:one_month", args=[month])).status_code == 404


def test_a_visitor_is_sent_to_log_in(client: Client) -> None:
    assert client.get(reverse("losses:month")).status_code == 302


@pytest.mark.usefixtures("some_losses")
def test_the_month_costs_the_same_queries_whatever_it_holds(
    owner: Client, promise: Act, take_out: Act
) -> None:
    address = reverse("losses:month")
    owner.get(address)
    queries.forget()
    with CaptureQueriesContext(connection) as few:
        owner.get(address)
    for _each in range(10):
        promise(ProductFactory())
        take_out(ProductFactory())
    queries.forget()
    with CaptureQueriesContext(connection) as many:
        owner.get(address)
    with CaptureQueriesContext(connection) as again:
        owner.get(address)

    assert len(many) == len(few)
    assert len(again) < len(few) / 2


@pytest.mark.usefixtures("some_losses")
def test_the_twelve_months_come_by_themselves_or_by_a_link(owner: Client, clerk: Client) -> None:
    address = reverse("losses:trend", args=["2026-11"])

    assert address in owner.get(reverse("losses:month")).content.decode()
    fragment = owner.get(address).content.decode()
    assert "<html" not in fragment
    assert "Argent, €" in fragment
    assert "Argent, €" in owner.get(reverse("losses:month") + "?trend=1").content.decode()
    assert "€" not in clerk.get(address).content.decode()


# The lines ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("some_losses")
def test_filters_live_in_the_address(owner: Client) -> None:
    address = reverse("losses:month")

    assert "6 lignes." in text_of(owner, address + "?lines=all")
    assert "1 ligne." in text_of(owner, address + "?rule=expired")
    assert "1 ligne." in text_of(owner, address + "?state=chosen")
    assert "6 lignes." in text_of(owner, address + "?day=2026-11-24")
    assert "Aucune ligne ne répond" in text_of(owner, address + "?day=2026-11-02")
    assert "2 lignes." in text_of(owner, address + "?rule=promise&lines=all")


@pytest.mark.usefixtures("some_losses")
@pytest.mark.parametrize(
    "query", ["?day=hier&lines=all", "?rule=x&lines=all", "?state=%00&lines=1"]
)
def test_a_filter_that_means_nothing_is_left_out(owner: Client, query: str) -> None:
    assert "6 lignes." in text_of(owner, reverse("losses:month") + query)


@pytest.mark.usefixtures("some_losses")
def test_each_chip_tells_how_many_lines_it_keeps(today: date) -> None:
    statement = queries.statement(today)

    for row, name in zip(pages.chips(statement, Filters()), ("rule", "state"), strict=True):
        for chip in row:
            value = chip.query.partition(f"{name}=")[2]
            assert chip.count == len(Filters(**{name: value}).keep(statement.lines))


@pytest.mark.usefixtures("some_losses")
def test_a_step_filter_keeps_what_was_born_or_suffered_there(today: date) -> None:
    kept = Filters(step="promise").keep(queries.statement(today).lines)

    assert {one.rule for one in kept} == {"promise"}


def test_long_lists_come_in_pages(
    owner: Client, promise: Act, product: Product, now: datetime
) -> None:
    for number in range(60):
        promise(product, at=now - timedelta(minutes=number))

    assert "1 à 50 sur 60" in text_of(owner, reverse("losses:month") + "?rule=promise")
    assert "51 à 60 sur 60" in text_of(owner, reverse("losses:month") + "?rule=promise&page=2")


@pytest.mark.usefixtures("some_losses")
def test_html_in_a_name_stays_text(owner: Client, promise: Act) -> None:
    promise(ProductFactory(name="<script>alert(1)</script>"))

    assert (
        "<script>alert" not in owner.get(reverse("losses:month") + "?rule=promise").content.decode()
    )


# The proof ---------------------------------------------------------------------------------------


def test_the_proof_re_computes_to_its_figure(
    owner: Client, product: Product, take_out: Act, today: date
) -> None:
    posting = take_out(product, quantity=2)
    (one,) = queries.losses(today, today)

    page = text_of(owner, reverse("losses:proof", args=[one.key]))

    assert "2 unités, 7,00\u00a0€ d’argent" in page
    assert "3\u00a0min × 25,00\u00a0€/h = 1,25\u00a0€" in page
    assert f"fait {posting.position} du registre" in page
    assert "supposé" in page
    assert "Fourchette usuelle\u00a0: 1 à 8\u00a0min" in page


def test_the_owner_changes_a_tariff_from_the_proof(
    owner: Client, product: Product, take_out: Act, today: date
) -> None:
    take_out(product)
    (one,) = queries.losses(today, today)

    page = owner.get(reverse("losses:proof", args=[one.key])).content.decode()

    assert reverse("pharmacy:tariff", args=["minutes_expired"]) in page
    assert reverse("pharmacy:tariff", args=["hourly_cost"]) in page


def test_the_proof_names_nobody(product: Product, promise: Act, today: date) -> None:
    person = PersonFactory()
    promise(product)
    (one,) = queries.losses(today, today)

    page = signed_in(PersonFactory()).get(reverse("losses:proof", args=[one.key])).content.decode()

    assert person.username not in page
    assert str(Actor.objects.get().number) not in page


def test_a_proof_without_a_fact_is_not_found(owner: Client) -> None:
    assert owner.get(reverse("losses:proof", args=["expired:99:0"])).status_code == 404


# Contest and answer ------------------------------------------------------------------------------


@pytest.fixture
def expired_key(product: Product, take_out: Act, today: date) -> str:
    take_out(product)
    (one,) = queries.losses(today, today)
    return one.key


def contest_by(client: Client, key: str, **words: Any) -> Any:
    given = {"reason": "wrong_fact", "request_id": str(uuid4()), **words}
    return client.post(reverse("losses:contest", args=[key]), given)


def test_anyone_contests_in_one_gesture_and_the_owner_answers(
    clerk: Client, owner: Client, expired_key: str
) -> None:
    assert contest_by(clerk, expired_key).status_code == 302
    one = queries.loss(expired_key)
    assert one is not None
    assert one.state == State.CONTESTED
    assert "attend votre réponse" in text_of(owner, reverse("losses:month"))

    said = Contest.objects.get()
    owner.post(reverse("losses:answer", args=[said.pk]), {"stands": "no"})

    one = queries.loss(expired_key)
    assert one is not None
    assert one.state == State.WITHDRAWN


def test_a_clerk_does_not_answer(
    clerk: Client, expired_key: str, now: datetime, actor: Actor
) -> None:
    said = services.contest(
        expired_key, reason=Contest.Reason.OTHER, at=now, actor=actor, request_id=uuid4()
    )

    answer = clerk.post(reverse("losses:answer", args=[said.pk]), {"stands": "no"})

    assert answer.status_code == 403
    assert not hasattr(Contest.objects.get(), "answer")


def test_a_contest_without_a_reason_is_asked_again(clerk: Client, expired_key: str) -> None:
    answer = contest_by(clerk, expired_key, reason="")

    assert answer.status_code == 422
    assert not Contest.objects.exists()


def test_a_second_contest_is_told_that_the_first_waits(
    clerk: Client, owner: Client, expired_key: str
) -> None:
    contest_by(clerk, expired_key)

    answer = contest_by(owner, expired_key)

    assert answer.status_code == 422
    assert "attend la réponse du titulaire" in answer.content.decode()


def test_a_double_click_contests_once(clerk: Client, expired_key: str) -> None:
    request_id = str(uuid4())
    contest_by(clerk, expired_key, request_id=request_id)
    contest_by(clerk, expired_key, request_id=request_id)

    assert Contest.objects.count() == 1


# Paper, figures, trend ---------------------------------------------------------------------------


@pytest.mark.usefixtures("some_losses")
def test_the_printed_page_stands_alone(owner: Client) -> None:
    page = text_of(owner, reverse("losses:print", args=["2026-11"]))

    assert "Ce que nous a coûté novembre" in page
    assert "L’argent et le temps ne s’additionnent pas." in page
    assert "Ce que l’équipe retient" in page
    assert "25,00\u00a0€/h" in page


@pytest.mark.parametrize(
    ("minutes", "words"),
    [("0", "0\u00a0min"), ("42", "42\u00a0min"), ("120", "2\u00a0h"), ("5780", "96\u00a0h\u00a020"),
     ("59.6", "1\u00a0h")],
)  # fmt: skip
def test_work_is_told_in_hours_never_in_days(minutes: str, words: str) -> None:
    assert worked(Decimal(minutes)) == words


@pytest.mark.parametrize(("number", "words"), [("10.0000", "10"), ("2.5", "2,5"), ("100", "100")])
def test_a_figure_has_no_needless_zero(number: str, words: str) -> None:
    assert figure(Decimal(number)) == words


def test_the_limits_of_ordinary_variation_are_those_of_the_moving_range() -> None:
    # Mean 10, moving ranges all 2: 10 ± 2.66 × 2.
    low, high = limits([9, 11, 9, 11, 9, 11])

    assert (round(low, 2), round(high, 2)) == (4.68, 15.32)


def _months(values: list[int]) -> list[tuple[date, Decimal]]:
    return [(date(2026, at + 1, 1), Decimal(value)) for at, value in enumerate(values)]


def test_a_month_beyond_the_limits_is_a_signal_and_one_within_is_not() -> None:
    quiet = trend(_months([9, 11, 9, 11, 9, 11, 12]))
    loud = trend(_months([9, 11, 9, 11, 9, 11, 20]))

    assert (quiet.is_signal, loud.is_signal) == (False, True)


def test_too_few_months_tell_nothing_and_months_before_the_first_fact_are_not_zero() -> None:
    young = trend(_months([0, 0, 0, 0, 9, 11, 40]))

    assert young.is_signal is None
    assert len(young.points) == 3


def test_shades_are_ranks_so_that_one_huge_day_does_not_hide_the_others(
    promise: Act, product: Product, now: datetime, today: date
) -> None:
    for back, times in ((0, 40), (1, 3), (2, 2), (3, 1)):
        for number in range(times):
            promise(product, at=now - timedelta(days=back, minutes=number))

    _blanks, cells = pages.calendar(
        queries.statement(today), open_days=set(), today=today, in_euros=True
    )

    shades = {cell.day.day: cell.shade for cell in cells if cell.count}
    assert shades == {24: 5, 23: 4, 22: 3, 21: 2}
