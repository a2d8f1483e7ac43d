"""Pages of the bench and of the walk: what they say, what they refuse, how little they ask."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backofficine.catalog.services import touch_version
from backofficine.kernel import clock
from backofficine.receiving import services
from backofficine.receiving.models import (
    Parcel,
    PutAwayProblem,
    Receipt,
    ReceiptAnswer,
    ReceiptScan,
)
from backofficine.receiving.queries import tally, walk
from backofficine.stock.models import Posting
from tests.factories import (
    DeliveryRoundFactory,
    OrderFactory,
    PersonFactory,
    ProductFactory,
    signed_in,
)
from tests.receiving.conftest import GOOD_DATE, Bench

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pharmacy")]


@pytest.fixture(autouse=True)
def stopped_clock(now):
    clock.fix(now)
    yield
    clock.fix(None)


@pytest.fixture
def clerk(db: None) -> Client:
    return signed_in(PersonFactory(stock_clerk=True))


def url_of(bench: Bench, name: str = "bench") -> str:
    return reverse(f"receiving:{name}", args=[bench.receipt.number])


def post_scan(client: Client, bench: Bench, code: str, *, htmx: bool = True, **data):
    headers = {"HX-Request": "true"} if htmx else {}
    data = {"code": code, "request_id": str(uuid4()), **data}
    return client.post(url_of(bench), data, headers=headers)


def words(response) -> str:
    return response.content.decode().replace("\u00a0", " ").replace("\u202f", " ")


def test_the_floor_tells_totes_clocks_and_rounds(bench: Bench, clerk: Client) -> None:
    response = clerk.get(reverse("receiving:receive"))

    assert response.status_code == 200
    assert "3 bacs" in words(response)
    assert "dont 1 froid" in words(response)
    assert "36 min" in words(response)


def test_who_may_not_receive_is_refused(bench: Bench) -> None:
    person = PersonFactory(stock_clerk=True)
    person.groups.clear()

    assert signed_in(person).get(url_of(bench)).status_code == 403
    assert Client().get(url_of(bench)).status_code == 302


def test_a_drop_puts_parcels_on_the_floor_once(bench: Bench, clerk: Client) -> None:
    data = {
        "supplier": bench.supplier.pk, "totes": 2, "cartons": 0, "cold": 0, "place": "",
        "request_id": str(uuid4()),
    }  # fmt: skip

    for _ in range(2):
        assert clerk.post(reverse("receiving:drop"), data).status_code == 302

    assert Parcel.objects.count() == 3 + 2


def test_an_empty_drop_keeps_what_was_typed_and_says_what_to_do(
    bench: Bench, clerk: Client
) -> None:
    response = clerk.post(
        reverse("receiving:drop"),
        {"supplier": bench.supplier.pk, "totes": 0, "cartons": 0, "cold": 0, "place": "sas",
         "request_id": str(uuid4())},
    )  # fmt: skip

    assert response.status_code == 422
    assert "de 1 à 200" in words(response)
    assert 'value="sas"' in words(response)


def test_the_round_of_another_supplier_is_not_taken(bench: Bench, clerk: Client) -> None:
    other = DeliveryRoundFactory()

    clerk.post(
        reverse("receiving:drop"),
        {"supplier": bench.supplier.pk, "totes": 1, "cartons": 0, "cold": 0, "place": "",
         "delivery_round": other.pk, "request_id": str(uuid4())},
    )  # fmt: skip

    assert Parcel.objects.latest("pk").delivery_round is None


def test_a_round_that_never_came_is_still_awaited(bench: Bench, clerk: Client) -> None:
    late = DeliveryRoundFactory(
        supplier=bench.supplier,
        cut_off_at=bench.at - timedelta(days=3),
        due_at=bench.at - timedelta(days=2),
    )
    OrderFactory(delivery_round=late, sent=True)

    page = words(clerk.get(reverse("receiving:receive")))

    assert "attendue depuis" in page


def test_starting_a_round_leads_to_its_bench(bench: Bench, clerk: Client) -> None:
    response = clerk.post(
        reverse("receiving:start"),
        {"supplier": bench.supplier.pk, "delivery_round": bench.delivery_round.pk,
         "request_id": str(uuid4())},
    )  # fmt: skip

    assert response.url == url_of(bench)


# The bench --------------------------------------------------------------------------------------


def test_a_scan_is_answered_by_the_bench_with_its_place(bench: Bench, clerk: Client) -> None:
    product = bench.line(3)

    response = post_scan(clerk, bench, f"010{product.cip13}17280229" + "10B2409A")

    assert response.status_code == 200
    assert "Lu : +1, soit 1 boîte sur 3" in words(response)
    assert product.name in words(response)
    assert 'id="bench"' in words(response)
    assert "<html" not in words(response)


def test_without_javascript_the_whole_page_answers(bench: Bench, clerk: Client) -> None:
    product = bench.line(3)

    response = post_scan(clerk, bench, product.cip13, htmx=False)

    assert "<html" in words(response)
    assert "soit 1 boîte sur 3" in words(response)


def test_the_fragment_is_what_a_full_page_shows(bench: Bench, clerk: Client) -> None:
    bench.scan(bench.line(3))

    fragment = words(clerk.get(url_of(bench), headers={"HX-Request": "true"}))
    page = words(clerk.get(url_of(bench)))

    hero = fragment.index('<div class="hero">')
    facts = fragment.index('<dl class="facts">')
    # Between the two stands a form, which has a request of its own.
    assert fragment[hero : fragment.index("<form", hero)] in page
    assert fragment[facts : fragment.index("</dl>", facts)] in page


def test_a_scan_sent_twice_counts_once(bench: Bench, clerk: Client) -> None:
    product, request_id = bench.line(3), str(uuid4())

    for _ in range(2):
        post_scan(clerk, bench, product.cip13, request_id=request_id)

    assert ReceiptScan.objects.count() == 1


def test_what_was_typed_is_never_markup(bench: Bench, clerk: Client) -> None:
    bench.line(3, name="<b>Zul</b>")

    response = post_scan(clerk, bench, "<script>alert(1)</script>")

    assert "<script>alert" not in words(response)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in words(response)


def test_a_scan_into_a_closed_receipt_is_a_sentence(bench: Bench, clerk: Client) -> None:
    product = bench.line(3)
    bench.scan(product)
    bench.validate()

    response = post_scan(clerk, bench, product.cip13)

    assert response.status_code == 422
    assert "déjà close" in words(response) or "est close" in words(response)


def test_a_scan_without_its_request_is_refused(bench: Bench, clerk: Client) -> None:
    response = clerk.post(url_of(bench), {"code": "123"})

    assert response.status_code == 422
    assert ReceiptScan.objects.count() == 0


def test_a_clerk_is_told_to_hand_a_narcotic_over(bench: Bench, clerk: Client) -> None:
    product = bench.line(1, narcotic=True)

    assert "stupéfiant" in words(post_scan(clerk, bench, product.cip13))
    assert ReceiptScan.objects.count() == 0

    post_scan(signed_in(PersonFactory(pharmacist=True)), bench, product.cip13)
    assert ReceiptScan.objects.count() == 1


def test_an_absurd_quantity_is_confirmed_with_one_button(bench: Bench, clerk: Client) -> None:
    product = bench.line(3)

    response = post_scan(clerk, bench, f"400*{product.cip13}")
    assert "Oui, 400 boîtes" in words(response)
    assert f'value="400*{product.cip13}"' in words(response)

    post_scan(clerk, bench, f"400*{product.cip13}", confirmed="on")
    assert ReceiptScan.objects.get().quantity == 400


def test_one_digit_answers_the_question_on_the_screen(bench: Bench, clerk: Client) -> None:
    bench.line(3)
    other = ProductFactory()
    post_scan(clerk, bench, other.cip13)

    response = post_scan(clerk, bench, "3")

    assert response.status_code == 200
    assert ReceiptAnswer.objects.get().answer == "gift"


def test_a_button_answers_too(bench: Bench, clerk: Client) -> None:
    ordered, other = bench.line(3), ProductFactory()
    bench.scan(other)

    clerk.post(
        url_of(bench, "answer"),
        {"question": "extra", "choice": "substitution", "product": other.pk,
         "replaces": ordered.pk, "request_id": str(uuid4())},
    )  # fmt: skip

    assert ReceiptAnswer.objects.get().replaces == ordered


@pytest.mark.parametrize(
    ("typed", "day"), [("02/2028", GOOD_DATE), ("29/02/2028", GOOD_DATE), ("2028-02-29", GOOD_DATE)]
)
def test_a_date_is_typed_as_boxes_print_it(bench: Bench, clerk: Client, typed, day) -> None:
    product = bench.line(3)
    bench.scan(product, lot_number="L", expires_on=None)

    clerk.post(
        url_of(bench, "answer"),
        {"question": "expiry", "product": product.pk, "lot_number": "L", "expires_on": typed,
         "request_id": str(uuid4())},
    )  # fmt: skip

    assert ReceiptAnswer.objects.get().expires_on == day


def test_a_date_that_is_none_is_explained(bench: Bench, clerk: Client) -> None:
    product = bench.line(3)
    bench.scan(product, lot_number="L", expires_on=None)

    response = clerk.post(
        url_of(bench, "answer"),
        {"question": "expiry", "product": product.pk, "lot_number": "L", "expires_on": "31/31/31",
         "request_id": str(uuid4())},
    )  # fmt: skip

    assert response.status_code == 422
    assert "MM/AAAA" in words(response)


def test_a_price_is_typed_with_a_comma(bench: Bench, clerk: Client) -> None:
    product = bench.line(3)
    bench.scan(product)

    clerk.post(
        url_of(bench, "answer"),
        {"question": "price", "product": product.pk, "unit_price": "3,20",
         "request_id": str(uuid4())},
    )  # fmt: skip

    assert tally(bench.receipt, on=bench.on).line(product.pk).has_price_gap


def test_undo_takes_the_last_scan_back(bench: Bench, clerk: Client) -> None:
    product = bench.line(3)
    bench.scan(product)

    response = clerk.post(url_of(bench, "undo"), {"request_id": str(uuid4())})

    assert "Annulé" in words(response)
    assert tally(bench.receipt, on=bench.on).line(product.pk).received == 0


def test_an_unknown_code_is_tied_to_a_product_found_by_its_name(
    bench: Bench, clerk: Client
) -> None:
    product = bench.line(3)
    touch_version()
    post_scan(clerk, bench, "03700412889015")
    unknown = bench.receipt.unknown_scans.get()
    data = {"unknown": unknown.pk, "request_id": str(uuid4())}

    found = clerk.post(url_of(bench, "tie"), {**data, "name": product.name})
    assert product.cip13[5:12] in words(found)

    clerk.post(url_of(bench, "tie"), {**data, "product": product.pk})
    assert tally(bench.receipt, on=bench.on).line(product.pk).received == 1


@pytest.mark.parametrize("query", ["shown=all", "shown=waiting", "shown=gaps", "panel=lots"])
def test_every_list_of_the_bench_opens(bench: Bench, clerk: Client, query: str) -> None:
    read, waiting = bench.line(3), bench.line(2)
    bench.scan(read)

    page = words(clerk.get(f"{url_of(bench)}?{query}"))

    assert (waiting.name in page) or query == "panel=lots"


def test_a_line_may_be_looked_at(bench: Bench, clerk: Client) -> None:
    product = bench.line(3)

    page = words(clerk.get(f"{url_of(bench)}?line={product.pk}&panel=gap"))

    assert product.addresses.get().location.code.split("-")[1] in page
    assert "Prix du BL" in page


def test_a_line_that_is_no_number_is_ignored(bench: Bench, clerk: Client) -> None:
    assert clerk.get(f"{url_of(bench)}?line=²&shown=x&panel=y").status_code == 200
    assert clerk.get(f"{url_of(bench)}?line={'9' * 40}").status_code == 200


def test_a_scan_asks_the_database_as_little_for_a_long_receipt(bench: Bench, clerk: Client) -> None:
    """The number of queries does not grow with the lines; the lines drawn do not either."""
    products = [bench.line(3) for _ in range(8)]
    for product in products:
        bench.scan(product)
    post_scan(clerk, bench, products[0].cip13)
    with CaptureQueriesContext(connection) as few:
        post_scan(clerk, bench, products[0].cip13)
    boxes = [services.Boxes(bench.line(3), 3, f"L{n}", GOOD_DATE) for n in range(100)]
    services.scan_many(bench.receipt, boxes, request_id=uuid4(), **bench.told)

    with CaptureQueriesContext(connection) as many:
        response = post_scan(clerk, bench, products[0].cip13)

    assert len(many) <= len(few) + 1
    assert len(many) <= 36
    assert words(response).count('class="q"') <= 16


# Closing ----------------------------------------------------------------------------------------


def test_the_closing_page_shows_every_gap_before_it_is_written(bench: Bench, clerk: Client) -> None:
    product = bench.line(3)
    bench.scan(product, quantity=2)

    page = words(clerk.get(url_of(bench, "closing")))

    assert "2 boîtes à entrer en stock" in page
    assert "manquant" in page
    assert "irréversible" in page


def test_closing_twice_posts_once_and_leads_to_the_walk(bench: Bench, clerk: Client) -> None:
    bench.scan(bench.line(3))
    data = {"request_id": str(uuid4())}

    for _ in range(2):
        assert clerk.post(url_of(bench, "closing"), data).url == reverse("receiving:put_away")

    assert Posting.objects.filter(reason="receipt").count() == 1
    assert clerk.get(url_of(bench, "closing")).status_code == 200


def test_an_empty_receipt_says_what_to_do(bench: Bench, clerk: Client) -> None:
    response = clerk.post(url_of(bench, "closing"), {"request_id": str(uuid4())})

    assert response.status_code == 422
    assert "rien à clore" in words(response)


def test_an_empty_receipt_may_be_given_up(bench: Bench, clerk: Client) -> None:
    clerk.post(url_of(bench, "closing"), {"request_id": str(uuid4()), "cancel": "1"})

    assert Receipt.objects.get().status == Receipt.Status.CANCELLED


# The walk ---------------------------------------------------------------------------------------


@pytest.fixture
def waiting(bench: Bench) -> Bench:
    for quantity in (2, 3):
        bench.scan(bench.line(quantity), quantity=quantity)
    bench.validate()
    return bench


def test_the_walk_lists_its_stops(waiting: Bench, clerk: Client) -> None:
    page = words(clerk.get(reverse("receiving:put_away")))

    assert "5 boîtes à ranger" in page
    assert "Arrêt 1 sur 2" in page


def test_a_ticked_tray_leaves_the_dock(waiting: Bench, clerk: Client) -> None:
    first, second = walk(at=waiting.at)
    data = {"stops": [first.key], "request_id": str(uuid4())}

    for _ in range(2):
        clerk.post(reverse("receiving:tray"), data)

    assert [stop.key for stop in walk(at=waiting.at)] == [second.key]


def test_nothing_ticked_is_a_sentence(waiting: Bench, clerk: Client) -> None:
    response = clerk.post(reverse("receiving:tray"), {"request_id": str(uuid4())})

    assert response.status_code == 422
    assert "rien n’a été coché" in words(response)


def test_the_strict_card_asks_place_then_boxes(waiting: Bench, clerk: Client) -> None:
    stop = walk(at=waiting.at)[0]
    stop.target.put_away_mode = "strict"
    stop.target.save()
    url = reverse("receiving:put_away")

    def scan(code: str, **data: str):
        data = {"stop": stop.key, "code": code, "request_id": str(uuid4()), **data}
        return words(clerk.post(url, data, headers={"HX-Request": "true"}))

    assert "Stop : mauvais emplacement" in scan(waiting.places["shelf"].code)
    here = scan(stop.target.code)
    assert f"Emplacement {stop.target.code} scanné" in here
    assert f'name="place" value="{stop.key}"' in here
    assert "reste 1" in scan(stop.product.cip13, place=stop.key)


def test_a_full_place_is_told_once(waiting: Bench, clerk: Client) -> None:
    stop = walk(at=waiting.at)[0]
    data = {"stop": stop.key, "kind": "full", "request_id": str(uuid4())}

    for _ in range(2):
        clerk.post(reverse("receiving:problem"), data)

    assert PutAwayProblem.objects.count() == 1
    assert clerk.get(reverse("receiving:put_away")).status_code == 200


def test_an_empty_dock_teaches_the_next_gesture(bench: Bench, clerk: Client) -> None:
    page = words(clerk.get(reverse("receiving:put_away")))

    assert "Rien n’attend à quai" in page


def test_the_walk_asks_the_same_for_two_stops_or_twenty(bench: Bench, clerk: Client) -> None:
    url = reverse("receiving:put_away")
    for _ in range(2):
        bench.scan(bench.line(1))
    bench.validate()
    clerk.get(url)
    with CaptureQueriesContext(connection) as few:
        clerk.get(url)
    bench.receipt = services.start_receipt(
        supplier=bench.supplier, at=bench.at + timedelta(hours=1), orders=[], request_id=uuid4()
    )
    for _ in range(20):
        bench.scan(bench.line(1))
    bench.validate()

    with CaptureQueriesContext(connection) as many:
        clerk.get(url)

    assert len(many) <= len(few)
