"""The counter: one scan, one box out, told in one sentence."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from backofficine.catalog.models import Product, ProductCode
from backofficine.catalog.services import touch_version
from backofficine.formats.codes import cip13_of
from backofficine.formats.gs1 import box_code
from backofficine.kernel import clock
from backofficine.pharmacy.models import Pharmacy
from backofficine.stock import queries as stock
from backofficine.stock.models import (
    CountRequest,
    DemandLine,
    Lot,
    LotHold,
    Move,
    NarcoticVisa,
    NotFound,
    Posting,
)
from backofficine.team.middleware import WORKSTATION_COOKIE
from backofficine.team.models import Actor, Workstation
from tests.factories import (
    LotFactory,
    PersonFactory,
    ProductCodeFactory,
    ProductFactory,
    WorkstationFactory,
    shop_floor,
    signed_in,
    stocked,
)


@pytest.fixture(autouse=True)
def stopped_clock(now: datetime) -> Any:
    clock.fix(now)
    yield
    clock.fix(None)


@pytest.fixture
def product(pharmacy: Pharmacy) -> Product:
    shop_floor()
    return ProductFactory(name="RAMIVANTINE", strength="5 mg", cip13=cip13_of("9904242"))


def at_a_workstation(client: Client, workstation: Workstation) -> Client:
    signer = signing.get_cookie_signer(salt=WORKSTATION_COOKIE)
    client.cookies[WORKSTATION_COOKIE] = signer.sign(str(workstation.number))
    return client


@pytest.fixture
def client(pharmacy: Pharmacy, workstation: Workstation) -> Client:
    return at_a_workstation(signed_in(PersonFactory(technician=True)), workstation)


def box(product: Product, *, serial: str = "", lot: str = "B2409A", year: int = 2027) -> str:
    return box_code(cip13=product.cip13, lot=lot, expires_on=date(year, 12, 31), serial=serial)


def scan(client: Client, code: str, *, htmx: bool = True, **words: Any) -> Any:
    words.setdefault("request_id", uuid4())
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(reverse("desk:counter"), {"code": code, **words}, headers=headers)


def text_of(answer: Any) -> str:
    return str(answer.content.decode()).replace("\xa0", " ")


# Who may ----------------------------------------------------------------------------------------


def test_a_stock_clerk_never_dispenses(product: Product) -> None:
    clerk = signed_in(PersonFactory(stock_clerk=True))

    for name in ("counter", "counter_search", "not_found", "undo"):
        assert clerk.post(reverse(f"desk:{name}"), {}).status_code == 403
    assert clerk.get(reverse("desk:counter")).status_code == 403
    assert not Posting.objects.exists()


def test_where_the_lgo_holds_the_stock_there_is_no_counter(
    client: Client, product: Product
) -> None:
    Pharmacy.objects.update(stock_truth="lgo")

    assert client.get(reverse("desk:counter")).status_code == 404
    assert scan(client, product.cip13).status_code == 404
    assert not Posting.objects.exists()
    assert reverse("desk:counter") not in text_of(client.get(reverse("promises:board")))


# One scan, one box ------------------------------------------------------------------------------


def test_a_scan_takes_the_very_box_out(client: Client, product: Product) -> None:
    lot = LotFactory(product=product, number="B2409A", expires_on=date(2027, 12, 31))
    stocked(product, 5, lot=lot)
    stocked(product, 5, lot=LotFactory(product=product, expires_on=date(2027, 1, 31)))

    answer = scan(client, box(product, serial="SN1"))

    move = Move.objects.get(posting__reason="withdrawal")
    assert (move.lot, move.quantity, move.is_lot_assumed) == (lot, 1, False)
    assert 'data-sound="yes"' in text_of(answer)
    assert "Sortie : 1 boîte" in text_of(answer)
    assert "il en reste 9" in text_of(answer)


def test_a_code_without_a_lot_takes_the_first_to_expire(client: Client, product: Product) -> None:
    first = LotFactory(product=product, expires_on=date(2027, 1, 31))
    stocked(product, 5, lot=LotFactory(product=product, expires_on=date(2028, 1, 31)))
    stocked(product, 5, lot=first)

    scan(client, product.cip13)

    move = Move.objects.get(posting__reason="withdrawal")
    assert (move.lot, move.is_lot_assumed) == (first, True)


def test_a_double_click_takes_one_box(client: Client, product: Product) -> None:
    stocked(product, 5)
    request_id = uuid4()

    answers = [scan(client, box(product, serial="SN1"), request_id=request_id) for _ in range(2)]

    assert stock.on_hand(product) == 4
    assert ['data-sound="yes"' in text_of(answer) for answer in answers] == [True, True]


def test_each_scan_is_one_box(client: Client, product: Product) -> None:
    stocked(product, 5)

    for _ in range(3):
        scan(client, product.cip13)

    assert Posting.objects.filter(reason="withdrawal").count() == 3
    assert stock.on_hand(product) == 2


def test_the_same_box_scanned_again_is_told_and_not_counted(
    client: Client, product: Product
) -> None:
    stocked(product, 5)
    scan(client, box(product, serial="SN1"))

    again = scan(client, box(product, serial="SN1"))
    other = scan(client, box(product, serial="SN2"))

    assert "déjà sortie" in text_of(again)
    assert 'data-sound="look"' in text_of(again)
    assert 'data-sound="yes"' in text_of(other)
    assert Posting.objects.filter(reason="withdrawal").count() == 2


def test_a_box_the_record_did_not_know_is_out_and_will_be_counted(
    client: Client, product: Product
) -> None:
    answer = scan(client, box(product))

    assert 'data-sound="look"' in text_of(answer)
    assert "elle sera comptée" in text_of(answer)
    assert CountRequest.objects.filter(product=product).count() == 1


@pytest.mark.parametrize("held", [False, True])
def test_an_expired_or_recalled_box_stops_at_the_counter(
    client: Client, product: Product, actor: Actor, now: datetime, held: bool
) -> None:
    stocked(product, 5)
    year = 2027 if held else 2025
    if held:
        lot = LotFactory(product=product, number="B2409A", expires_on=date(2027, 12, 31))
        LotHold.objects.create(lot=lot, kind="recalled", held_at=now, held_by=actor)

    answer = scan(client, box(product, year=year))

    assert answer.status_code == 422
    assert 'data-sound="stop"' in text_of(answer)
    assert stock.on_hand(product) == 5
    assert held or not Lot.objects.filter(expires_on__year=2025).exists()


def test_a_narcotic_taken_by_a_technician_awaits_a_visa(client: Client, product: Product) -> None:
    narcotic = ProductFactory(narcotic=True)
    stocked(narcotic, 3)

    assert "visa d’un pharmacien" in text_of(scan(client, narcotic.cip13))
    assert NarcoticVisa.objects.filter(given_at=None).count() == 1


def test_a_narcotic_taken_by_a_pharmacist_awaits_nothing(product: Product) -> None:
    narcotic = ProductFactory(narcotic=True)
    stocked(narcotic, 3)

    answer = scan(signed_in(PersonFactory(pharmacist=True)), narcotic.cip13)

    assert "visa" not in text_of(answer)
    assert not NarcoticVisa.objects.exists()


def test_a_box_of_doses_takes_all_its_doses(client: Client, product: Product) -> None:
    doses = ProductFactory(divisible=True)
    stocked(doses, 28)

    scan(client, doses.cip13)

    assert stock.on_hand(doses) == 14


# Quantities -------------------------------------------------------------------------------------


def test_a_quantity_before_a_scan_is_of_that_scan(client: Client, product: Product) -> None:
    stocked(product, 5)

    answer = scan(client, f"3*{product.cip13}")

    assert "Sorties : 3 boîtes" in text_of(answer)
    assert stock.on_hand(product) == 2


def test_a_quantity_after_a_scan_completes_it(client: Client, product: Product) -> None:
    stocked(product, 5)
    scan(client, product.cip13)

    scan(client, "3*")

    assert stock.on_hand(product) == 2


@pytest.mark.parametrize("typed", ["0*", "100*", "999999*", "3*"])
def test_an_absurd_quantity_takes_nothing(client: Client, product: Product, typed: str) -> None:
    stocked(product, 5)

    alone = scan(client, typed)
    assert 'data-sound="look"' in text_of(alone)
    if typed != "3*":
        scan(client, f"{typed}{product.cip13}")

    assert stock.on_hand(product) == 5


# Choices, names, everything else ----------------------------------------------------------------


def test_an_ambiguous_code_asks_and_the_choice_takes_the_box(
    client: Client, product: Product
) -> None:
    other = ProductFactory(name="AUTRINE")
    for one in (product, other):
        ProductCodeFactory(product=one, kind=ProductCode.Kind.EAN13, code="2000000000015")
    stocked(other, 2)

    asked = text_of(scan(client, "2*2000000000015"))
    assert not Posting.objects.filter(reason="withdrawal").exists()
    assert "AUTRINE" in asked
    assert 'name="boxes" value="2"' in asked

    scan(client, "2000000000015", product=other.public_id, boxes=2)

    assert stock.on_hand(other) == 0


def test_a_typed_name_shows_products_with_their_three_acts(
    client: Client, product: Product
) -> None:
    touch_version()

    answer = client.post(reverse("desk:counter_search"), {"code": "ramiv"})

    for word in ("RAMIVANTINE", "Sortir", "Manquant", "Introuvable", "/promis/nouveau/?product="):
        assert word in text_of(answer)
    assert "RAMIVANTINE" in text_of(scan(client, "ramivantine"))
    assert not Posting.objects.exists()


@pytest.mark.parametrize("typed", ["", "3", "3400", "<"])
def test_what_is_not_a_name_yet_shows_nothing(client: Client, product: Product, typed: str) -> None:
    answer = client.post(reverse("desk:counter_search"), {"code": typed})

    assert "RAMIVANTINE" not in text_of(answer)


@pytest.mark.parametrize("code", ["3400999999998", "", "T9-Z-99", "<script>alert(1)</script>"])
def test_what_is_unknown_blocks_nothing(client: Client, product: Product, code: str) -> None:
    answer = scan(client, code)

    assert answer.status_code == 200
    assert 'data-sound="look"' in text_of(answer)
    assert "<script>alert" not in text_of(answer)


def test_a_carton_is_opened_before_it_is_sold(client: Client, product: Product) -> None:
    from backofficine.formats.codes import with_key

    case = with_key(f"1{product.cip13[:-1]}")

    assert "carton" in text_of(scan(client, case))
    assert not Posting.objects.exists()


def test_not_found_is_one_tap(client: Client, product: Product) -> None:
    stocked(product, 2)
    words = {"product": product.public_id, "request_id": uuid4()}

    for _ in range(2):
        answer = client.post(reverse("desk:not_found"), words)

    assert "introuvable" in text_of(answer)
    assert NotFound.objects.get().expected == 2
    assert stock.on_hand(product) == 2


def test_a_missing_product_leads_to_its_promise(client: Client, product: Product) -> None:
    stocked(product, 1)

    text = text_of(scan(client, product.cip13))

    assert f"{reverse('promises:create')}?product={product.public_id}" in text


# Undo -------------------------------------------------------------------------------------------


def undo(client: Client, posting: Posting) -> Any:
    return client.post(reverse("desk:undo"), {"withdrawal": posting.request_id})


def test_a_withdrawal_is_undone_with_its_demand(client: Client, product: Product) -> None:
    stocked(product, 5)
    scan(client, box(product, serial="SN1"))
    posting = Posting.objects.get(reason="withdrawal")

    answers = [undo(client, posting) for _ in range(2)]

    assert "Annulé" in text_of(answers[0])
    assert stock.on_hand(product) == 5
    assert Posting.objects.filter(reason="reversal").count() == 1
    kinds = DemandLine.objects.values_list("kind", "quantity").order_by("pk")
    assert list(kinds) == [("served", 1), ("returned", 1)]
    assert 'data-sound="yes"' in text_of(scan(client, box(product, serial="SN1")))


def test_another_workstation_undoes_nothing_of_ours(client: Client, product: Product) -> None:
    stocked(product, 5)
    scan(client, product.cip13)
    elsewhere = at_a_workstation(
        signed_in(PersonFactory(technician=True)), WorkstationFactory(name="Comptoir du fond")
    )

    answer = undo(elsewhere, Posting.objects.get(reason="withdrawal"))

    assert answer.status_code == 422
    assert stock.on_hand(product) == 4


def test_without_a_declared_workstation_a_session_undoes_its_own(product: Product) -> None:
    stocked(product, 5)
    client = signed_in(PersonFactory(technician=True))
    scan(client, product.cip13)

    undo(client, Posting.objects.get(reason="withdrawal"))

    assert stock.on_hand(product) == 5


# The page ---------------------------------------------------------------------------------------


def test_the_page_lists_what_this_workstation_took_out(client: Client, product: Product) -> None:
    stocked(product, 5)
    scan(client, product.cip13)

    text = text_of(client.get(reverse("desk:counter")))

    assert "1 boîte sortie aujourd’hui sur ce poste" in text
    assert "RAMIVANTINE" in text
    assert "data-scan-target" in text


def test_an_empty_counter_teaches_the_next_gesture(client: Client, product: Product) -> None:
    assert "Rien n’est encore sorti" in text_of(client.get(reverse("desk:counter")))


def test_without_a_script_a_scan_answers_with_the_whole_page(
    client: Client, product: Product
) -> None:
    stocked(product, 5)

    text = text_of(scan(client, product.cip13, htmx=False))

    assert "<html" in text
    assert "Sortie : 1 boîte" in text


def test_a_scan_costs_the_same_after_many(
    client: Client, product: Product, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    stocked(product, 50)
    for _ in range(15):
        scan(client, product.cip13)

    with django_assert_max_num_queries(36):
        scan(client, box(product))
