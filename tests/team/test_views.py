"""Logging in, changing person, locking: what a shared workstation shows."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from backofficine.kernel import clock
from backofficine.pharmacy.models import Pharmacy
from backofficine.team import services
from backofficine.team.middleware import WORKSTATION_COOKIE
from backofficine.team.models import Role, User, WallScreen, Workstation
from tests.factories import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pharmacy")]

PASSWORD = "une-phrase-longue"


@pytest.fixture(autouse=True)
def _fixed_clock(now: datetime) -> object:
    clock.fix(now)
    yield
    clock.fix(None)


@pytest.fixture
def station() -> Workstation:
    return services.add_workstation(name="Comptoir 1", post=Workstation.Post.COUNTER)


@pytest.fixture
def on_station(client: Client, station: Workstation) -> Client:
    """A browser whose workstation was declared."""
    from django.core.signing import get_cookie_signer

    signer = get_cookie_signer(salt=WORKSTATION_COOKIE)
    client.cookies[WORKSTATION_COOKIE] = signer.sign(str(station.number))
    return client


def colleague(now: datetime, username: str, pin: str, role: Role = Role.TECHNICIAN) -> User:
    return services.add_person(
        username=username, name=f"{username} Test", role=role, password=PASSWORD, pin=pin, at=now
    )


def test_a_password_logs_in(client: Client, now: datetime) -> None:
    colleague(now, "marc", "4026")

    response = client.post(
        reverse("account_login"), {"login": "marc", "password": PASSWORD, "remember": "on"}
    )

    assert response.status_code == 302
    assert client.session["_auth_user_id"]


def test_a_wrong_password_says_so_in_french(client: Client, now: datetime) -> None:
    colleague(now, "marc", "4026")

    response = client.post(reverse("account_login"), {"login": "marc", "password": "non"})

    assert "Erreur" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_pin_changes_person_on_a_declared_workstation(on_station: Client, now: datetime) -> None:
    colleague(now, "marc", "4026")
    odile = colleague(now, "odile", "5137")

    response = on_station.post(
        reverse("team:switch"), {"person": "odile", "pin": "5137", "next": "/equipe/"}
    )

    assert response.status_code == 302
    assert response["Location"] == "/equipe/"
    assert on_station.session["_auth_user_id"] == str(odile.pk)


def test_a_badge_names_the_person_and_still_asks_the_pin(on_station: Client, now: datetime) -> None:
    odile = colleague(now, "odile", "5137")

    on_station.post(reverse("team:switch"), {"person": odile.badge, "pin": "5137"})

    assert on_station.session["_auth_user_id"] == str(odile.pk)


def test_without_a_declared_workstation_a_pin_opens_nothing(client: Client, now: datetime) -> None:
    colleague(now, "odile", "5137")

    response = client.post(reverse("team:switch"), {"person": "odile", "pin": "5137"})

    assert response["Location"].startswith(reverse("account_login"))
    assert "_auth_user_id" not in client.session


def test_a_wrong_pin_is_told_with_what_is_left(on_station: Client, now: datetime) -> None:
    colleague(now, "odile", "5137")

    response = on_station.post(reverse("team:switch"), {"person": "odile", "pin": "8260"})

    assert response.status_code == 422
    assert "Encore 4 essais" in response.content.decode()


def test_a_return_address_of_another_site_is_not_followed(
    on_station: Client, now: datetime
) -> None:
    colleague(now, "odile", "5137")

    response = on_station.post(
        reverse("team:switch"),
        {"person": "odile", "pin": "5137", "next": "https://ailleurs.example/"},
    )

    assert response["Location"] == "/"


def test_a_workstation_left_alone_locks_and_the_pin_returns_to_the_page(
    on_station: Client, now: datetime
) -> None:
    colleague(now, "odile", "5137")
    on_station.post(reverse("team:switch"), {"person": "odile", "pin": "5137"})

    clock.fix(now + timedelta(minutes=16))
    response = on_station.get(reverse("team:people"))

    assert response["Location"] == f"{reverse('team:switch')}?next=/equipe/"
    assert "Verrouillé" in on_station.get(response["Location"]).content.decode()
    back = on_station.post(
        reverse("team:switch"), {"person": "odile", "pin": "5137", "next": "/equipe/"}
    )
    assert on_station.get(back["Location"]).status_code == 200


def test_an_old_copy_of_the_session_is_locked_too(on_station: Client, now: datetime) -> None:
    colleague(now, "odile", "5137")
    on_station.post(reverse("team:switch"), {"person": "odile", "pin": "5137"})
    kept = on_station.cookies["sessionid"].value

    clock.fix(now + timedelta(minutes=16))
    on_station.get(reverse("team:people"))
    on_station.cookies["sessionid"] = kept

    assert on_station.get(reverse("team:people")).status_code == 302


def test_locking_is_one_gesture(on_station: Client, now: datetime) -> None:
    colleague(now, "odile", "5137")
    on_station.post(reverse("team:switch"), {"person": "odile", "pin": "5137"})

    on_station.post(reverse("team:lock"))

    assert on_station.get(reverse("team:people")).status_code == 302


def test_only_the_owner_adds_a_colleague(client: Client, now: datetime) -> None:
    client.force_login(PersonFactory(role=Role.TECHNICIAN))
    assert client.get(reverse("team:add_person")).status_code == 403

    client.force_login(PersonFactory(role=Role.OWNER))
    client.post(
        reverse("team:add_person"),
        {"name": "Lou Castagnès", "username": "lou", "role": "technician", "password": PASSWORD},
    )
    assert User.objects.get(username="lou").name == "Lou Castagnès"


def test_a_refused_form_keeps_what_was_typed(client: Client) -> None:
    client.force_login(PersonFactory(role=Role.OWNER))

    response = client.post(
        reverse("team:add_person"),
        {"name": "Lou <b>Castagnès</b>", "username": "Lou !", "role": "technician",
         "password": PASSWORD},
    )  # fmt: skip

    page = response.content.decode()
    assert response.status_code == 422
    assert "Lou &lt;b&gt;Castagnès" in page
    assert "<b>Castagnès" not in page


def test_my_pin_asks_my_password(client: Client, now: datetime) -> None:
    marc = colleague(now, "marc", "4026")
    client.force_login(marc)

    client.post(reverse("team:pin"), {"password": "non", "pin": "8260"})
    assert User.objects.get(pk=marc.pk).pin_hash == marc.pin_hash
    client.post(reverse("team:pin"), {"password": PASSWORD, "pin": "8260"})
    assert User.objects.get(pk=marc.pk).pin_hash != marc.pin_hash


def test_the_team_page_never_counts_what_a_person_does(client: Client) -> None:
    client.force_login(PersonFactory(role=Role.OWNER))

    response = client.get(reverse("team:people"))

    assert response.status_code == 200
    assert "jamais à mesurer" in response.content.decode()


def test_a_wall_screen_is_added_once_and_switched_off(client: Client) -> None:
    client.force_login(PersonFactory(role=Role.OWNER))

    page = client.post(reverse("team:add_wall"), {"name": "Quai"}).content.decode()
    assert "/mural/" in page
    client.post(reverse("team:revoke_wall", args=[WallScreen.objects.get().pk]))

    assert WallScreen.objects.get().revoked_at is not None


def test_an_empty_installation_leads_to_its_first_page(client: Client) -> None:
    Pharmacy.objects.all().delete()

    assert client.get("/equipe/")["Location"] == reverse("desk:first_run")


def test_a_workstation_may_speak_english(client: Client) -> None:
    client.force_login(PersonFactory(role=Role.OWNER))

    client.post(reverse("set_language"), {"language": "en", "next": "/equipe/"})

    page = client.get(reverse("team:people")).content.decode()
    assert "Who is kept to prove" in page
    assert 'lang="en"' in page


def test_the_password_page_is_ours(client: Client) -> None:
    client.force_login(PersonFactory(role=Role.OWNER))

    assert (
        "une phrase se retient bien"
        in client.get(reverse("account_change_password")).content.decode()
    )
