"""The pages of the suppliers: who delivers and when, said by the owner without a command."""

from datetime import date, datetime, time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backofficine.kernel import clock
from backofficine.pharmacy.models import Pharmacy
from backofficine.purchasing import queries
from backofficine.purchasing.models import DeliveryRound, Supplier, SupplySchedule
from tests.factories import PersonFactory, SupplierFactory, signed_in

pytestmark = pytest.mark.django_db

FIRST_ROUND = {
    "weekdays": ["0", "1", "2", "3", "4", "5"],
    "cut_off": "11:45",
    "drop": "14:30",
    "drop_day_offset": "0",
}
TERMS = {"name": "Répartition du Val", "dock_limit_minutes": "90", "cold_limit_minutes": "240"}


@pytest.fixture(autouse=True)
def at_ten_eighteen(now: datetime) -> Any:
    clock.fix(now)
    yield
    clock.fix(None)


@pytest.fixture
def owner(pharmacy: Pharmacy) -> Client:
    return signed_in(PersonFactory())


@pytest.fixture
def wholesaler(owner: Client) -> Supplier:
    """Added by the page: Monday to Saturday, before 11:45, delivered at 14:30."""
    owner.post(reverse("purchasing:add"), {**TERMS, **FIRST_ROUND, "kind": "wholesaler"})
    return Supplier.objects.get()


def page(supplier: Supplier, name: str = "supplier") -> str:
    return reverse(f"purchasing:{name}", args=[supplier.pk])


def words(response: Any) -> str:
    return str(response.content.decode()).replace("\u00a0", " ")


def test_without_a_supplier_the_page_says_how_to_begin(owner: Client) -> None:
    response = owner.get(reverse("purchasing:suppliers"))

    assert "Aucun fournisseur encore" in words(response)
    assert reverse("purchasing:add") in words(response)


def test_a_wholesaler_added_by_the_page_has_its_rounds_dated(
    wholesaler: Supplier, now: datetime
) -> None:
    assert wholesaler.is_main
    coming = queries.next_round(wholesaler, at=now)
    assert coming is not None
    assert coming.due_at == datetime.fromisoformat("2026-11-24T14:30+01:00")


def test_a_direct_supplier_has_a_delay_and_its_terms(owner: Client) -> None:
    response = owner.post(
        reverse("purchasing:add"),
        {
            **TERMS, "name": "Laboratoire du Lac", "kind": "direct", "lead_time_days": "5",
            "free_carriage_from": "250,50",
        },
    )  # fmt: skip

    made = Supplier.objects.get()
    assert response.status_code == 302
    assert (made.lead_time_days, str(made.free_carriage_from)) == (5, "250.5000")
    assert "livre 5 jours après la commande" in words(owner.get(reverse("purchasing:suppliers")))


def test_a_wholesaler_without_a_round_is_refused_by_its_fields(owner: Client) -> None:
    response = owner.post(reverse("purchasing:add"), {**TERMS, "kind": "wholesaler"})

    assert response.status_code == 422
    assert set(response.context["form"].errors) == {
        "weekdays", "cut_off", "drop", "drop_day_offset",
    }  # fmt: skip


def test_a_name_is_given_once(owner: Client, wholesaler: Supplier) -> None:
    response = owner.post(reverse("purchasing:add"), {**TERMS, **FIRST_ROUND, "kind": "wholesaler"})

    assert response.status_code == 422
    assert "est déjà un fournisseur" in words(response)
    assert Supplier.objects.count() == 1


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ({"cut_off": "14:30", "drop": "11:45"}, "La livraison vient après la dernière heure"),
        ({"cut_off": "25:00", "drop": "26:00"}, "Saisissez une heure valide"),
        ({"cut_off": "11:45", "drop": "15:00"}, "la même dernière heure"),
    ],
)
def test_wrong_hours_are_told_in_french(
    owner: Client, wholesaler: Supplier, hours: dict[str, str], said: str
) -> None:
    response = owner.post(page(wholesaler, "add_rounds"), {**FIRST_ROUND, **hours})

    assert response.status_code == 422
    assert said in words(response)
    assert SupplySchedule.objects.count() == 6


def test_an_evening_round_comes_the_next_morning(owner: Client, wholesaler: Supplier) -> None:
    evening = {"weekdays": ["1"], "cut_off": "19:00", "drop": "07:00", "drop_day_offset": "1"}

    response = owner.post(page(wholesaler, "add_rounds"), evening)

    assert response.status_code == 302
    due = datetime.fromisoformat("2026-11-25T07:00+01:00")
    assert DeliveryRound.objects.filter(due_at=due, is_cancelled=False).exists()
    assert "le lendemain" in words(owner.get(page(wholesaler)))


def test_rounds_stop_after_their_last_day_and_may_start_again(
    owner: Client, wholesaler: Supplier, now: datetime
) -> None:
    every = [one.pk for one in wholesaler.schedules.order_by("pk")]

    owner.post(page(wholesaler, "end_rounds"), {"schedules": every, "last_day": "2026-11-23"})
    assert queries.next_round(wholesaler, at=now) is None

    owner.post(page(wholesaler, "add_rounds"), {**FIRST_ROUND, "drop": "15:30"})
    coming = queries.next_round(wholesaler, at=now)
    assert coming is not None
    assert coming.due_at == datetime.fromisoformat("2026-11-24T15:30+01:00")
    assert SupplySchedule.objects.count() == 6


def test_a_round_of_the_past_cannot_be_stopped(owner: Client, wholesaler: Supplier) -> None:
    every = [one.pk for one in wholesaler.schedules.order_by("pk")]

    response = owner.post(
        page(wholesaler, "end_rounds"), {"schedules": every, "last_day": "2026-11-01"}
    )

    assert response.status_code == 422
    assert "est passé" in words(response)
    assert not SupplySchedule.objects.filter(valid_until__isnull=False).exists()


def test_a_cancelled_day_has_no_round_until_it_is_restored(
    owner: Client, wholesaler: Supplier, now: datetime
) -> None:
    day = {"day": "2026-11-24"}

    owner.post(page(wholesaler, "cancel_day"), day)
    without = queries.next_round(wholesaler, at=now)
    assert without is not None
    assert without.due_at == datetime.fromisoformat("2026-11-25T14:30+01:00")

    owner.post(page(wholesaler, "restore_day"), day)
    again = queries.next_round(wholesaler, at=now)
    assert again is not None
    assert again.due_at == datetime.fromisoformat("2026-11-24T14:30+01:00")


def test_the_terms_change_and_the_main_place_moves(owner: Client, wholesaler: Supplier) -> None:
    other = SupplierFactory(name="Grossiste du Nord")

    owner.post(page(other), {**TERMS, "name": "Grossiste du Sud", "is_main": "on"})

    other.refresh_from_db()
    wholesaler.refresh_from_db()
    assert (other.name, other.is_main, wholesaler.is_main) == ("Grossiste du Sud", True, False)


def test_rounds_are_said_as_people_say_them(wholesaler: Supplier) -> None:
    (weekly,) = queries.weekly_rounds(on=date(2026, 11, 24))[wholesaler.pk]

    assert len(weekly.days) == 6
    assert (weekly.cut_off, weekly.drop) == (time(11, 45), time(14, 30))


@pytest.mark.parametrize("name", ["suppliers", "add"])
def test_suppliers_are_for_whoever_sets_the_pharmacy(pharmacy: Pharmacy, name: str) -> None:
    clerk = signed_in(PersonFactory(stock_clerk=True))

    assert clerk.get(reverse(f"purchasing:{name}")).status_code == 403
