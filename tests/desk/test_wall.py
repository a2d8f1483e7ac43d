"""The wall screen: read by everybody, so it holds nobody, no product and no price."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backofficine.kernel import clock
from backofficine.promises.models import Promise
from backofficine.team import services as team
from backofficine.team.models import WallScreen
from tests.desk.shop import PATIENT, PRODUCT, busy_morning

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pharmacy")]


@pytest.fixture(autouse=True)
def _morning(now: datetime) -> Any:
    clock.fix(now)
    busy_morning(now)
    yield
    clock.fix(None)


@pytest.fixture
def token(now: datetime) -> str:
    _screen, told = team.add_wall_screen(name="Arrière", at=now)
    return told


def test_the_wall_shows_the_floor_the_promises_and_the_cut_off(client: Client, token: str) -> None:
    page = client.get(reverse("desk:wall", args=[token])).content.decode()

    assert "10\u00a0h\u00a018" in page
    assert "11\u00a0h\u00a045" in page
    assert "Au sol<b>2</b>" in page
    assert "Promesses du jour<b>3</b>" in page
    assert "paillasse" in page


def test_the_wall_holds_nobody_no_product_and_no_price(client: Client, token: str) -> None:
    page = client.get(reverse("desk:wall", args=[token])).content.decode()

    first, last = PATIENT.split()
    for forbidden in (first, last, "C. Z.", "5678", PRODUCT, "€", "n°", "Labo Vernal"):
        assert forbidden not in page
    for promise in Promise.objects.all():
        assert f"{promise.number}" not in page
        assert promise.product.cip13 not in page
        assert promise.slot is None or promise.slot.code not in page


def test_the_wall_refreshes_itself(client: Client, token: str) -> None:
    page = client.get(reverse("desk:wall", args=[token])).content.decode()

    assert 'hx-trigger="every 30s"' in page


def test_the_wall_has_no_menu_and_no_scan_line(client: Client, token: str) -> None:
    page = client.get(reverse("desk:wall", args=[token])).content.decode()

    assert "bo-rail" not in page
    assert "<form" not in page


def test_the_wall_refuses_to_be_written_to(client: Client, token: str) -> None:
    assert client.post(reverse("desk:wall", args=[token])).status_code == 405


def test_an_unknown_token_is_a_page_that_does_not_exist(client: Client) -> None:
    assert client.get(reverse("desk:wall", args=["inconnu"])).status_code == 404


def test_a_revoked_token_is_a_page_that_does_not_exist(
    client: Client, token: str, now: datetime
) -> None:
    WallScreen.objects.update(revoked_at=now)

    assert client.get(reverse("desk:wall", args=[token])).status_code == 404


def test_a_screen_already_lit_leaves_its_page_once_revoked(
    client: Client, token: str, now: datetime
) -> None:
    WallScreen.objects.update(revoked_at=now)

    answer = client.get(reverse("desk:wall", args=[token]), headers={"hx-request": "true"})

    assert answer.headers["HX-Refresh"] == "true"
    assert b"paillasse" not in answer.content


def test_an_empty_shop_still_has_a_wall(client: Client, token: str) -> None:
    Promise.objects.all().update(promised_at=None)

    page = client.get(reverse("desk:wall", args=[token])).content.decode()

    assert "Promesses du jour<b>0</b>" in page
