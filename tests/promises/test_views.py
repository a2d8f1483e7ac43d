"""Pages of the promises: what they say, what they refuse, and that no name is on them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from backofficine.catalog.models import Product
from backofficine.catalog.services import touch_version
from backofficine.kernel import clock
from backofficine.pharmacy.models import Pharmacy
from backofficine.promises import services
from backofficine.promises.models import Promise, PromiseEvent, Status
from backofficine.stock import queries as stock
from backofficine.stock.models import Balance, Location
from backofficine.team.models import Actor
from tests.factories import PersonFactory, ProductFactory, signed_in, stocked
from tests.promises.conftest import Promising

NAME, PHONE = "QUERCYVAL Éloïse", "06 12 34 98 76"


@pytest.fixture(autouse=True)
def stopped_clock(now: datetime) -> Any:
    clock.fix(now)
    yield
    clock.fix(None)


@pytest.fixture
def client(pharmacy: Pharmacy) -> Client:
    return signed_in(PersonFactory(technician=True))


@pytest.fixture
def in_slot(
    promising: Promising, product: Product, floor: dict[str, Location], actor: Actor, now: datetime
) -> Promise:
    promise = promising(name=NAME, phone=PHONE, quantity=2)
    services.set_aside(
        promise, lot=stocked(product, 5, location=floor["dock"]), source=floor["dock"], quantity=2,
        at=now, actor=actor, request_id=uuid4(),
    )  # fmt: skip
    return promise


def page(client: Client, name: str, *args: Any, **query: Any) -> str:
    answer = client.get(reverse(f"promises:{name}", args=args), query)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return answer.content.decode()


def act(client: Client, name: str, promise: Promise, **words: Any) -> Any:
    words.setdefault("request_id", uuid4())
    return client.post(reverse(f"promises:{name}", args=[promise.public_id]), words)


# Who may ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["board", "create", "week"])
def test_a_stock_clerk_opens_no_promise(pharmacy: Pharmacy, name: str) -> None:
    clerk = signed_in(PersonFactory(stock_clerk=True))

    assert clerk.get(reverse(f"promises:{name}")).status_code == 403
    assert Client().get(reverse(f"promises:{name}")).status_code == 302


@pytest.mark.parametrize(
    "name",
    ["contact", "hand_over", "set_aside", "tell", "promise_again", "cancel", "abandon", "restock",
     "return_to_supplier", "unset", "credit"],
)  # fmt: skip
def test_an_act_is_never_a_get(client: Client, in_slot: Promise, name: str) -> None:
    assert client.get(reverse(f"promises:{name}", args=[in_slot.public_id])).status_code == 405


# No name ----------------------------------------------------------------------------------------


def test_no_page_shows_a_name_before_it_is_opened(client: Client, in_slot: Promise) -> None:
    pages = [
        page(client, "board"), page(client, "detail", in_slot.public_id), page(client, "week"),
        page(client, "slip", in_slot.public_id),
        client.post(reverse("promises:find"), {"said": "quercy"}).content.decode(),
    ]  # fmt: skip

    for text in pages[:2] + pages[3:]:
        assert "Q. É." in text
    for text in pages:
        assert "QUERCYVAL" not in text.upper()
        assert "98 76" not in text


def test_opening_a_contact_shows_it_once_and_is_logged(client: Client, in_slot: Promise) -> None:
    answer = act(client, "contact", in_slot, reason="call")

    assert NAME in answer.content.decode()
    assert PHONE in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert in_slot.events.filter(kind=PromiseEvent.Kind.CONTACT_OPENED).count() == 1
    assert NAME not in page(client, "detail", in_slot.public_id)


def test_a_contact_opens_for_a_known_reason_only(client: Client, in_slot: Promise) -> None:
    answer = act(client, "contact", in_slot, reason="curious")

    assert answer.status_code == 422
    assert NAME not in answer.content.decode()


def test_the_slip_says_slot_number_and_initials_and_its_code_the_number(
    client: Client, in_slot: Promise
) -> None:
    text = page(client, "slip", in_slot.public_id)

    assert in_slot.slot is not None
    assert in_slot.slot.code in text
    assert f"n° {in_slot.number}" in text
    assert f'aria-label="PROMIS-{in_slot.number}"' in text
    assert in_slot.product.name not in text


def test_the_code_of_a_slip_is_read_back(in_slot: Promise) -> None:
    import zxingcpp

    from backofficine.promises.slip import slip_code

    drawn = zxingcpp.create_barcode(
        in_slot.code, zxingcpp.BarcodeFormat.DataMatrix, force_square=True
    )
    read = zxingcpp.read_barcode(drawn.to_image(scale=4))

    assert read is not None
    assert read.text == f"PROMIS-{in_slot.number}"
    assert slip_code(in_slot).startswith("<svg viewBox=")
    width, height = slip_code(in_slot).split('viewBox="0 0 ')[1].split('"')[0].split()
    assert width == height


# The board and the search -----------------------------------------------------------------------


def test_the_board_begins_with_what_is_due_and_what_is_late(
    client: Client, promising: Promising, afternoon: Any, now: datetime
) -> None:
    promising()
    assert "1 promesse à tenir aujourd’hui" in page(client, "board")

    clock.fix(now + timedelta(days=1))
    again = signed_in(PersonFactory(technician=True))

    assert "1 en retard" in page(again, "board")


@pytest.mark.parametrize("query", [{"lane": "told"}, {"lane": "<b>"}, {"show": "late"}, {}])
def test_the_board_answers_to_any_filter(
    client: Client, in_slot: Promise, query: dict[str, str]
) -> None:
    page(client, "board", **query)


def test_an_empty_board_teaches_the_next_gesture(client: Client) -> None:
    assert "Aucun promis n’est attendu aujourd’hui" in page(client, "board")


def test_what_the_patient_says_is_posted_and_answered_by_a_fragment(
    client: Client, in_slot: Promise
) -> None:
    url = reverse("promises:find")

    fragment = client.post(url, {"said": "98 76"}, headers={"HX-Request": "true"})
    nothing = client.post(url, {"said": "zzz"}, headers={"HX-Request": "true"})

    assert "Q. É." in fragment.content.decode()
    assert "<html" not in fragment.content.decode()
    assert "Personne ne répond" in nothing.content.decode()
    assert client.get(url).status_code == 405


def test_html_in_what_is_typed_is_text(client: Client, product: Product, floor: Any) -> None:
    answer = client.post(
        reverse("promises:create") + f"?product={product.public_id}",
        {"name": "<script>x", "quantity": "0", "cause": "other", "is_paid": "no",
         "is_billed": "no", "request_id": uuid4()},
    )  # fmt: skip

    assert answer.status_code == 422
    assert "<script>x" not in answer.content.decode()


def test_the_board_costs_the_same_for_many_promises(
    client: Client, promising: Promising, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(20):
        promising(name=f"PATIENT{number}")

    with django_assert_max_num_queries(22):
        page(client, "board")


# A new one --------------------------------------------------------------------------------------


def new(client: Client, product: Product, **words: Any) -> Any:
    posted = {
        "name": "MARTIN", "phone": "", "quantity": "1", "cause": "high_demand", "is_paid": "yes",
        "is_billed": "no", "can_wait": "on", "all_at_once": "on", "request_id": uuid4(),
        "act": "promise",
    } | words  # fmt: skip
    return client.post(reverse("promises:create") + f"?product={product.public_id}", posted)


def test_a_promise_is_made_with_its_three_answers(client: Client, product: Product) -> None:
    answer = new(client, product, can_wait="", is_chosen="on")

    promise = Promise.objects.get()
    assert answer["Location"] == reverse("promises:detail", args=[promise.public_id])
    assert (promise.can_wait, promise.is_chosen, promise.all_at_once) == (False, True, True)
    assert (promise.is_paid, promise.is_billed) == (True, False)


def test_a_double_click_promises_once(client: Client, product: Product) -> None:
    request_id = uuid4()

    for _ in range(2):
        assert new(client, product, request_id=request_id).status_code == 302

    assert Promise.objects.count() == 1


def test_the_guard_speaks_before_the_promise(
    client: Client, promising: Promising, product: Product
) -> None:
    promising(name=NAME)
    stocked(product, 2)

    text = page(client, "create", product=product.public_id)
    asked = client.post(
        reverse("promises:guard", args=[product.public_id]), {"name": NAME.lower(), "phone": ""}
    ).content.decode()

    assert "2 boîtes libres" in text
    assert "même patient" not in text
    assert "Promis n°\u00a01 ouvert pour le même patient" in asked
    assert "QUERCYVAL" not in asked.upper()


def test_the_box_that_was_there_is_served_instead(client: Client, product: Product) -> None:
    stocked(product, 2)

    answer = new(client, product, act="serve", quantity="3")

    assert answer.status_code == 302
    assert Promise.objects.get().quantity == 1
    assert stock.on_hand(product) == 0


def test_with_the_lgo_nothing_is_served_here(
    client: Client, product: Product, pharmacy: Pharmacy
) -> None:
    Pharmacy.objects.update(stock_truth="lgo")
    stocked(product, 2)

    assert new(client, product, act="serve").status_code == 403
    assert stock.on_hand(product) == 2


def test_another_line_of_the_visit_needs_no_name_again(
    client: Client, promising: Promising, product: Product
) -> None:
    first = promising(name=NAME)

    answer = new(client, ProductFactory(), name="", bundle=first.bundle)

    assert answer.status_code == 302
    second = Promise.objects.get(number=2)
    assert second.bundle == first.bundle
    assert "Q. É." in page(client, "detail", second.public_id)


@pytest.mark.parametrize("words", [{"name": ""}, {"phone": "12"}, {"quantity": "100000"}])
def test_a_mistake_loses_nothing(client: Client, product: Product, words: dict[str, str]) -> None:
    answer = new(client, product, **{"name": "LEROY", **words})

    assert answer.status_code == 422
    assert words.get("name", "LEROY") in answer.content.decode()
    assert "<title>Erreur" in answer.content.decode()


def test_the_missing_product_is_found_by_its_words(client: Client, product: Product) -> None:
    touch_version()

    assert str(product.public_id) in page(client, "create", q="ramivantine")


# One of them ------------------------------------------------------------------------------------


def test_a_bag_is_handed_over_in_two_gestures(client: Client, in_slot: Promise) -> None:
    assert "Remettre" in page(client, "detail", in_slot.public_id)

    answer = act(client, "hand_over", in_slot, quantity=2)

    in_slot.refresh_from_db()
    assert answer.status_code == 302
    assert in_slot.status == Status.COLLECTED
    page(client, "detail", in_slot.public_id)


def test_a_box_of_the_bench_is_set_aside_from_the_page(
    client: Client, promising: Promising, product: Product, floor: dict[str, Location]
) -> None:
    promise = promising()
    stocked(product, 1, location=floor["dock"])
    box = Balance.objects.get()
    assert "Mettre de côté" in page(client, "detail", promise.public_id)

    act(client, "set_aside", promise, balance=box.pk, quantity=1)

    promise.refresh_from_db()
    assert promise.status == Status.IN_SLOT


def test_a_refusal_heads_the_page_and_says_what_to_do(client: Client, in_slot: Promise) -> None:
    answer = act(client, "cancel", in_slot)

    assert answer.status_code == 422
    assert "au casier" in answer.content.decode()


def test_the_other_ends_of_a_promise_are_on_its_page(client: Client, in_slot: Promise) -> None:
    for name, status in [
        ("tell", Status.TOLD), ("abandon", Status.ABANDONED), ("restock", Status.RESTOCKED),
    ]:  # fmt: skip
        assert act(client, name, in_slot).status_code == 302
        in_slot.refresh_from_db()
        assert in_slot.status == status


def test_a_bag_not_in_its_slot_is_to_order_again(client: Client, in_slot: Promise) -> None:
    act(client, "unset", in_slot)

    in_slot.refresh_from_db()
    assert in_slot.status == Status.TO_ORDER


def test_another_hour_is_promised_from_the_page(
    client: Client, promising: Promising, afternoon: Any
) -> None:
    promise = promising()

    assert act(client, "promise_again", promise, delivery_round=afternoon.pk).status_code == 302

    assert promise.events.filter(kind=PromiseEvent.Kind.NEW_ROUND).count() == 1


def test_what_was_billed_is_credited_from_the_page(client: Client, promising: Promising) -> None:
    promise = promising(is_billed=True)

    act(client, "credit", promise)

    promise.refresh_from_db()
    assert promise.credited_at is not None


def test_the_week_lists_what_its_figures_count(
    client: Client, promising: Promising, afternoon: Any, now: datetime
) -> None:
    promising(cause="wrong_stock")
    clock.fix(now + timedelta(days=1))

    assert "1 promesse" in page(client, "week")
    assert "1 promesse" in page(client, "week", list="wrong_stock")


def test_no_box_of_quarantine_is_set_aside_by_its_number(
    client: Client, promising: Promising, product: Product, floor: dict[str, Location]
) -> None:
    promise = promising()
    stocked(product, 1, location=floor["quarantine"])
    box = Balance.objects.get(location=floor["quarantine"])

    answer = act(client, "set_aside", promise, balance=box.pk, quantity=1)

    assert answer.status_code == 404
    promise.refresh_from_db()
    assert promise.status == Status.TO_ORDER
