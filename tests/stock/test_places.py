"""The places of the shop: added, given a mode, retired when empty; an address never changes."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backofficine.kernel import clock
from backofficine.pharmacy.models import Pharmacy
from backofficine.stock import queries, services
from backofficine.stock.models import Location
from backofficine.stock.services.furnish import furnish
from backofficine.stock.services.places import (
    CodeTaken,
    LastPlace,
    NotAPlace,
    PlaceHoldsStock,
    PlaceIsAddress,
)
from tests.factories import AddressFactory, LocationFactory, PersonFactory, signed_in, stocked

pytestmark = pytest.mark.django_db

Kind, Mode = Location.Kind, Location.PutAwayMode


@pytest.fixture(autouse=True)
def at_ten_eighteen(now: datetime) -> Any:
    clock.fix(now)
    yield
    clock.fix(None)


@pytest.fixture
def owner(pharmacy: Pharmacy) -> Client:
    furnish()
    return signed_in(PersonFactory())


def test_a_new_place_is_last_in_the_walk_of_its_kind() -> None:
    first = LocationFactory(code="A-001", walk_order=40)

    made = services.add_place(code=" a-002 ", kind=Kind.SHELF, room=30)

    assert (made.code, made.room, made.walk_order) == ("A-002", 30, 41)
    assert list(queries.walk()) == [first, made]


def test_an_address_is_given_once_even_after_it_is_retired() -> None:
    LocationFactory(code="A-001", is_active=False)

    with pytest.raises(CodeTaken):
        services.add_place(code="a-001", kind=Kind.SHELF)


def test_an_end_outside_the_shop_is_not_a_place() -> None:
    with pytest.raises(NotAPlace):
        services.add_place(code="AILLEURS", kind=Kind.WASTE)
    with pytest.raises(NotAPlace):
        services.set_put_away_mode(queries.virtual(Kind.WASTE), mode=Mode.STRICT)
    with pytest.raises(NotAPlace):
        services.retire_place(queries.virtual(Kind.WASTE))


def test_only_an_empty_place_without_a_product_retires() -> None:
    held, addressed, empty = LocationFactory.create_batch(3)
    stocked(location=held)
    AddressFactory(location=addressed)

    with pytest.raises(PlaceHoldsStock):
        services.retire_place(held)
    with pytest.raises(PlaceIsAddress):
        services.retire_place(addressed)
    services.retire_place(empty)

    assert set(queries.walk()) == {held, addressed}


def test_the_only_place_of_its_kind_stays() -> None:
    with pytest.raises(LastPlace):
        services.retire_place(LocationFactory(dock=True))


def test_a_retired_dock_receives_nothing_more() -> None:
    old = LocationFactory(dock=True, walk_order=1)
    new = services.add_place(code="QUAI NORD", kind=Kind.DOCK)

    services.retire_place(old)

    assert queries.places.dock() == new


def test_the_page_adds_a_place_and_says_it(owner: Client) -> None:
    asked = {"code": "B-010", "kind": "drawer", "room": "12"}

    response = owner.post(reverse("stock:places"), asked, follow=True)

    assert Location.objects.get(code="B-010").room == 12
    assert "B-010 est dans le parcours" in response.content.decode()


def test_the_page_tells_a_taken_address_in_french(owner: Client) -> None:
    response = owner.post(reverse("stock:places"), {"code": "frigo", "kind": "fridge"})

    assert response.status_code == 422
    assert "FRIGO est déjà l’adresse d’une place" in response.content.decode()


def test_the_page_changes_how_one_puts_away(owner: Client) -> None:
    place = Location.objects.get(code="RAYON")

    owner.post(reverse("stock:place_mode", args=[place.public_id]), {"mode": "strict"})

    place.refresh_from_db()
    assert place.put_away_mode == Mode.STRICT
    wrong = owner.post(reverse("stock:place_mode", args=[place.public_id]), {"mode": "vite"})
    assert wrong.status_code == 422


def test_the_page_retires_a_slot_and_refuses_the_only_shelf(owner: Client) -> None:
    slot, shelf = Location.objects.get(code="CASIER-24"), Location.objects.get(code="RAYON")

    owner.post(reverse("stock:retire_place", args=[slot.public_id]))
    refused = owner.post(reverse("stock:retire_place", args=[shelf.public_id]))

    slot.refresh_from_db()
    assert not slot.is_active
    assert refused.status_code == 422
    assert "la seule place de ce type" in refused.content.decode()


def test_the_list_costs_as_many_questions_whatever_its_length(
    owner: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(25):
        response = owner.get(reverse("stock:places"))

    assert response.content.decode().count("CASIER-") >= 24


def test_places_are_for_whoever_sets_the_pharmacy(pharmacy: Pharmacy) -> None:
    clerk = signed_in(PersonFactory(stock_clerk=True))

    assert clerk.get(reverse("stock:places")).status_code == 403
