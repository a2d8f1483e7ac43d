"""What any scanned or typed text leads to."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from backofficine.catalog.models import Product, ProductCode
from backofficine.catalog.services import touch_version
from backofficine.desk.scan import Kind, resolve
from backofficine.formats.codes import cip13_of
from backofficine.formats.gs1 import GS, box_code
from backofficine.formats.keyboard import Layout, typed
from backofficine.kernel import clock
from backofficine.pharmacy.models import Pharmacy
from backofficine.promises import services
from backofficine.promises.models import Promise
from backofficine.receiving.models import Parcel
from backofficine.stock.models import Location
from backofficine.team.models import Actor, Workstation
from tests.factories import (
    LocationFactory,
    LotFactory,
    OrderFactory,
    PersonFactory,
    ProductCodeFactory,
    ProductFactory,
    SupplierFactory,
    shop_floor,
    signed_in,
    stocked,
)

LAYOUTS = [Layout.AS_SENT, Layout.AZERTY, Layout.AZERTY_CAPS]


@pytest.fixture(autouse=True)
def stopped_clock(now: datetime) -> Any:
    clock.fix(now)
    yield
    clock.fix(None)


@pytest.fixture
def product(db: None) -> Product:
    return ProductFactory(name="RAMIVANTINE", strength="5 mg", cip13=cip13_of("9904242"))


@pytest.fixture
def box(product: Product) -> str:
    return box_code(
        cip13=product.cip13, lot="B2409A", expires_on=date(2027, 12, 31), serial="SN77X"
    )


@pytest.fixture
def slip(pharmacy: Pharmacy, product: Product, actor: Actor, now: datetime) -> Promise:
    shop_floor()
    promise = services.promise(
        product, quantity=1, name="QUERCYVAL Éloïse", cause="other", is_chosen=False, at=now,
        actor=actor, request_id=uuid4(),
    )  # fmt: skip
    services.reserve_slot(promise)
    return promise


def seen(text: str, today: date, workstation: Workstation | None = None) -> Any:
    return resolve(text, workstation=workstation, today=today)


# What it is -------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS[:2])
def test_a_box_says_product_lot_date_and_serial_through_any_keyboard(
    product: Product, box: str, today: date, layout: Layout
) -> None:
    found = seen(typed(box, layout), today)

    assert (found.kind, found.product) == (Kind.PRODUCT, product)
    assert (found.lot_number, found.serial) == ("B2409A", "SN77X")
    assert found.expires_on == date(2027, 12, 31)
    assert found.learnt == (None if layout is Layout.AS_SENT else layout)


def test_under_caps_lock_a_box_is_known_and_its_lot_is_not_trusted(
    product: Product, box: str, today: date
) -> None:
    found = seen(typed(box, Layout.AZERTY_CAPS), today)

    assert (found.product, found.has_sure_lot) == (product, False)


def test_a_layout_that_the_workstation_knows_is_learnt_no_more(
    product: Product, box: str, today: date, workstation: Workstation
) -> None:
    workstation.keyboard_layout = Layout.AZERTY

    assert seen(typed(box, Layout.AZERTY), today, workstation).learnt is None


def test_a_separator_lost_by_the_reader_is_mended_by_a_known_lot(
    product: Product, box: str, today: date
) -> None:
    lot = LotFactory(product=product, number="B2409A", expires_on=date(2027, 12, 31))

    found = seen(box.replace(GS, ""), today)

    assert (found.lot, found.lot_number) == (lot, "B2409A")


def test_a_separator_replaced_by_the_reader_is_put_back(
    product: Product, box: str, today: date, workstation: Workstation
) -> None:
    workstation.separators = "µ"

    found = seen(box.replace(GS, "µ"), today, workstation)

    assert (found.lot_number, found.serial) == ("B2409A", "SN77X")
    assert found.has_lost_separators


@pytest.mark.parametrize("form", ["{}", " {} ", "0{}", "]d201{}", "(01)0{}(10)B2"])
def test_a_product_code_is_found_in_its_many_forms(
    product: Product, today: date, form: str
) -> None:
    text = form.format(f"0{product.cip13}" if form.startswith("]d2") else product.cip13)

    assert seen(text, today).product == product


def test_seven_digits_are_a_product_too(product: Product, today: date) -> None:
    assert seen("9904242", today).product == product


def test_an_ambiguous_code_leaves_a_choice(product: Product, today: date) -> None:
    other = ProductFactory()
    for one in (product, other):
        ProductCodeFactory(product=one, kind=ProductCode.Kind.EAN13, code="2000000000015")

    found = seen("2000000000015", today)

    assert (found.is_ambiguous, found.product) == (True, None)
    assert set(found.products) == {product, other}


def test_a_box_without_a_date_keeps_the_date_its_lot_is_known_by(
    product: Product, today: date
) -> None:
    lot = LotFactory(product=product, number="B2409A", expires_on=date(2027, 12, 31))

    assert seen(f"010{product.cip13}10B2409A", today).lot == lot


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("code", ["T3-B-07", "CASIER-27"])
def test_a_place_is_read_through_any_keyboard(
    db: None, today: date, code: str, layout: Layout
) -> None:
    place = LocationFactory(code=code)

    assert seen(typed(code, layout), today).location == place


def test_a_slot_answers_to_its_word_or_its_number(db: None, today: date) -> None:
    slot = LocationFactory(promise_slot=True, code="27")

    assert seen("casier-27", today).location == seen("27", today).location == slot


def test_a_virtual_end_is_no_place(db: None, today: date) -> None:
    assert seen("PATIENT", today).kind is Kind.WORDS


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_slip_is_read_through_any_keyboard(slip: Promise, today: date, layout: Layout) -> None:
    assert seen(typed(slip.code, layout), today).promise == slip


def test_a_slip_that_is_no_more_is_unknown(db: None, today: date) -> None:
    assert seen("PROMIS-999", today).kind is Kind.UNKNOWN


def test_a_parcel_an_order_and_a_badge_are_known(db: None, today: date, now: datetime) -> None:
    supplier = SupplierFactory()
    tote = Parcel.objects.create(kind="tote", code="BAC-00412", supplier=supplier, dropped_at=now)
    carton = Parcel.objects.create(
        kind="carton", code="376012345600000010", supplier=supplier, dropped_at=now
    )
    order = OrderFactory(number=123)
    person = PersonFactory(badge="B-7KQ2MXA9")

    assert seen("bac-00412", today).parcel == tote
    assert seen("00376012345600000010", today).parcel == carton
    assert seen("C123", today).order == order
    assert seen(str(order.public_id), today).order == order
    assert seen("B-7KQ2MXA9", today).user == person


def test_a_lot_typed_by_its_number_is_found_if_one_alone_bears_it(
    product: Product, today: date
) -> None:
    LotFactory(product=product, number="ZX4412")
    assert seen("zx4412", today).product == product

    LotFactory(number="ZX4412")
    assert seen("zx4412", today).kind is Kind.WORDS


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", Kind.NOTHING), ("   ", Kind.NOTHING), ("amox 500 cp", Kind.WORDS),
        ("3400999999998", Kind.UNKNOWN), ("00376012345600000010", Kind.UNKNOWN),
        ("9" * 400, Kind.UNKNOWN), ("<b>x</b>", Kind.UNKNOWN),
        ("\x00\x1d", Kind.NOTHING), ("AB\x00C", Kind.WORDS),
    ],
)  # fmt: skip
def test_anything_else_is_words_or_unknown_and_never_an_error(
    db: None, today: date, text: str, kind: Kind
) -> None:
    assert seen(text, today).kind in (kind, Kind.WORDS if len(text) <= 6 else kind)


def test_a_box_is_resolved_in_few_queries(
    product: Product, box: str, today: date,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:  # fmt: skip
    with django_assert_max_num_queries(4):
        seen(box, today)


# Where it leads ---------------------------------------------------------------------------------


@pytest.fixture
def technician(pharmacy: Pharmacy) -> Client:
    return signed_in(PersonFactory(technician=True))


def scanned(client: Client, code: str, *, page: str = "/", htmx: bool = True) -> Any:
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(
        reverse("desk:scan"), {"code": code, "page": page, "request_id": uuid4()}, headers=headers
    )


def test_a_scan_is_a_post_of_somebody_known(pharmacy: Pharmacy, technician: Client) -> None:
    assert technician.get(reverse("desk:scan")).status_code == 405
    assert scanned(Client(), "x").status_code in (302, 200)
    assert "Location" in scanned(Client(), "x", htmx=False)


def test_a_product_leads_to_its_page(technician: Client, product: Product, box: str) -> None:
    answer = scanned(technician, box)

    assert answer["HX-Redirect"] == product.get_absolute_url()


def test_a_slip_leads_to_its_promise(technician: Client, slip: Promise) -> None:
    url = reverse("promises:detail", args=[slip.public_id])

    assert scanned(technician, slip.code)["HX-Redirect"] == url
    assert scanned(technician, slip.code, htmx=False)["Location"] == url


def test_a_slip_tells_a_stock_clerk_its_slot_and_no_name(pharmacy: Pharmacy, slip: Promise) -> None:
    clerk = signed_in(PersonFactory(stock_clerk=True))

    text = scanned(clerk, slip.code).content.decode()

    assert slip.slot is not None
    assert slip.slot.code in text
    assert "QUERCYVAL" not in text.upper()
    assert slip.product.name not in text


def test_a_slot_leads_to_the_promise_that_fills_it(technician: Client, slip: Promise) -> None:
    assert slip.slot is not None

    answer = scanned(technician, slip.slot.code)

    assert answer["HX-Redirect"] == reverse("promises:detail", args=[slip.public_id])


def test_a_scan_on_the_new_promise_page_chooses_its_product(
    technician: Client, product: Product
) -> None:
    page = reverse("promises:create")

    answer = scanned(technician, product.cip13, page=page)

    assert answer["HX-Redirect"] == f"{page}?product={product.public_id}"


def test_a_scan_on_the_way_out_takes_out_that_very_box(
    technician: Client, product: Product, box: str
) -> None:
    page = reverse("stock:take_out")

    answer = scanned(technician, box, page=page)

    form = technician.get(answer["HX-Redirect"]).context["form"]
    assert answer["HX-Redirect"].startswith(f"{page}?code=")
    assert form.initial["number"] == "B2409A"
    assert form.initial["expires_on"] == date(2027, 12, 31)


def test_a_scan_on_a_promise_checks_the_box_in_the_hand(
    technician: Client, slip: Promise, product: Product
) -> None:
    page = reverse("promises:detail", args=[slip.public_id])

    right = scanned(technician, product.cip13, page=page).content.decode()
    wrong = scanned(technician, ProductFactory().cip13, page=page).content.decode()

    assert 'data-sound="yes"' in right
    assert 'data-sound="stop"' in wrong


def test_a_badge_leads_to_the_change_of_person(technician: Client) -> None:
    person = PersonFactory(badge="B-7KQ2MXA9")

    answer = scanned(technician, "B-7KQ2MXA9", page="/stock/")

    assert answer["HX-Redirect"].startswith(reverse("team:switch"))
    assert person.username in answer["HX-Redirect"]


def test_an_ambiguous_code_asks(technician: Client, product: Product) -> None:
    other = ProductFactory(name="AUTRINE")
    for one in (product, other):
        ProductCodeFactory(product=one, kind=ProductCode.Kind.EAN13, code="2000000000015")

    text = scanned(technician, "2000000000015").content.decode()

    assert "AUTRINE" in text
    assert "RAMIVANTINE" in text
    assert 'data-sound="look"' in text


def test_words_find_products_and_promises(technician: Client, slip: Promise) -> None:
    touch_version()

    products = scanned(technician, "ramivantine").content.decode()
    patient = scanned(technician, "quercy").content.decode()

    assert "RAMIVANTINE" in products
    assert "Q. É." in patient
    assert "QUERCYVAL" not in patient.upper()


def test_a_stock_clerk_finds_no_patient(pharmacy: Pharmacy, slip: Promise) -> None:
    clerk = signed_in(PersonFactory(stock_clerk=True))

    assert "Q. É." not in scanned(clerk, "quercy").content.decode()


@pytest.mark.parametrize("code", ["3400999999998", "", "zzzzqqq", "<script>alert(1)</script>"])
def test_an_unknown_code_blocks_nothing_and_says_what_to_do(technician: Client, code: str) -> None:
    answer = scanned(technician, code)

    assert answer.status_code == 200
    assert 'data-sound="look"' in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()


def test_a_repaired_keyboard_is_remembered_and_told_once(
    pharmacy: Pharmacy, technician: Client, slip: Promise, workstation: Workstation
) -> None:
    from backofficine.team.middleware import WORKSTATION_COOKIE

    technician.cookies[WORKSTATION_COOKIE] = _signed(str(workstation.number))
    text = typed(slip.code, Layout.AZERTY)

    first = scanned(technician, text)
    workstation.refresh_from_db()

    assert first["HX-Redirect"]
    assert workstation.keyboard_layout == Layout.AZERTY
    page = technician.get(first["HX-Redirect"]).content.decode()
    assert "autre clavier" in page
    scanned(technician, text)
    assert "autre clavier" not in technician.get(first["HX-Redirect"]).content.decode()


def _signed(value: str) -> str:
    from django.core import signing

    from backofficine.team.middleware import WORKSTATION_COOKIE

    return signing.get_cookie_signer(salt=WORKSTATION_COOKIE).sign(value)


def test_a_page_elsewhere_is_never_trusted(technician: Client) -> None:
    PersonFactory(badge="B-7KQ2MXA9")

    answer = scanned(technician, "B-7KQ2MXA9", page="https://example.org/")

    assert "example.org" not in answer["HX-Redirect"]


def test_without_a_script_the_answer_is_a_whole_page(technician: Client) -> None:
    text = scanned(technician, "3400999999998", htmx=False).content.decode()

    assert "<html" in text
    assert 'id="scan-result"' in text


def test_a_place_says_what_it_holds(
    technician: Client, floor: dict[str, Location], product: Product
) -> None:
    stocked(product, 2, location=floor["shelf"])

    text = scanned(technician, floor["shelf"].code).content.decode()

    assert "1 produit" in text
    assert "RAMIVANTINE" in text


def test_an_order_and_a_parcel_lead_to_their_pages(technician: Client, now: datetime) -> None:
    order = OrderFactory(number=123)
    Parcel.objects.create(kind="tote", code="BAC-00412", supplier=order.supplier, dropped_at=now)

    assert scanned(technician, "C123")["HX-Redirect"] == (
        reverse("planning:order", args=[order.public_id])
    )
    assert scanned(technician, "BAC-00412")["HX-Redirect"] == reverse("receiving:receive")


def test_an_order_is_told_to_a_stock_clerk(pharmacy: Pharmacy) -> None:
    OrderFactory(number=123)
    clerk = signed_in(PersonFactory(stock_clerk=True))

    assert "C123" in scanned(clerk, "C123").content.decode()


@pytest.fixture
def floor(db: None) -> dict[str, Location]:
    return shop_floor()
