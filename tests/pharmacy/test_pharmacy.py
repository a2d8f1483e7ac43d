"""The pharmacy: its birth, its days across the clock change, its dated values."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from backofficine.kernel import clock
from backofficine.pharmacy import queries, services
from backofficine.pharmacy.models import Parameter, Pharmacy, Tariff
from backofficine.team.models import Role, User
from tests.factories import ActorFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def founded(now: datetime) -> Pharmacy:
    return services.found_pharmacy(name="Pharmacie des Tilleuls", at=now)


def test_a_new_pharmacy_has_hours_holidays_and_sourced_values(founded: Pharmacy) -> None:
    assert queries.is_open_day(date(2026, 11, 24))
    assert not queries.is_open_day(date(2026, 11, 22))  # Sunday
    assert not queries.is_open_day(date(2026, 12, 25))
    assert all(each.row.source for each in queries.tariffs(on=date(2026, 11, 24)))
    assert all(each.row.source for each in queries.parameters(on=date(2026, 11, 24)))


def test_there_is_one_pharmacy(founded: Pharmacy, now: datetime) -> None:
    with pytest.raises(services.AlreadyThere):
        services.found_pharmacy(name="Une autre", at=now)
    with pytest.raises(IntegrityError, match="there_is_one_pharmacy"), transaction.atomic():
        Pharmacy.objects.create(id=2, name="Une autre")


def test_an_unknown_time_zone_is_refused(now: datetime) -> None:
    with pytest.raises(services.UnknownZone):
        services.found_pharmacy(name="X", time_zone="Europe/Lutèce", at=now)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 10, 25), 25), (date(2027, 3, 28), 23), (date(2026, 11, 24), 24)]
)
def test_a_civil_day_lasts_as_long_as_the_clock_says(
    founded: Pharmacy, day: date, hours: int
) -> None:
    start, end = queries.day_bounds(day)

    assert end - start == timedelta(hours=hours)
    assert queries.local_day(start) == day
    assert queries.local_day(end - timedelta(seconds=1)) == day


def test_local_hours_stay_when_the_clock_changes(founded: Pharmacy) -> None:
    assert queries.instant(date(2026, 10, 24), time(9)) == datetime(2026, 10, 24, 7, tzinfo=UTC)
    assert queries.instant(date(2026, 10, 26), time(9)) == datetime(2026, 10, 26, 8, tzinfo=UTC)


def test_open_minutes_leave_out_lunch_and_night(founded: Pharmacy) -> None:
    noon = queries.instant(date(2026, 11, 24), time(12))
    next_morning = queries.instant(date(2026, 11, 25), time(9))

    assert queries.open_minutes_between(noon, next_morning) == 30 + 5 * 60 + 30 + 30


def test_a_new_tariff_keeps_the_days_before(founded: Pharmacy, now: datetime) -> None:
    services.set_tariff(
        "hourly_cost",
        amount=Decimal("27.40"),
        valid_from=date(2026, 11, 1),
        source="Bulletins de paie d'octobre",
        signed_by=ActorFactory(),
        at=now,
    )

    assert queries.tariff("hourly_cost", on=date(2026, 10, 31)).amount == Decimal(25)
    new = queries.tariff("hourly_cost", on=date(2026, 11, 1))
    assert (new.amount, new.evidence) == (Decimal("27.40"), Tariff.Evidence.SIGNED)


def test_a_tariff_cannot_start_before_the_present_one(founded: Pharmacy, now: datetime) -> None:
    with pytest.raises(services.WrongDates):
        services.set_tariff(
            "hourly_cost",
            amount=Decimal(1),
            valid_from=date(2019, 1, 1),
            source="x",
            signed_by=None,
            at=now,
        )


@pytest.mark.parametrize(
    ("changes", "wall"),
    [
        ({"amount": Decimal(-1)}, "tariff_is_never_negative"),
        ({"evidence": "signed"}, "tariff_is_signed_by_someone_or_not_signed"),
        ({"valid_until": date(2019, 1, 1)}, "tariff_ends_after_it_begins"),
    ],
)
def test_a_tariff_that_cannot_be_true_cannot_be_stored(
    changes: dict[str, object], wall: str
) -> None:
    row = {
        "key": "x",
        "valid_from": date(2026, 1, 1),
        "unit": "minutes",
        "amount": Decimal(1),
        "evidence": "assumed",
        "source": "s",
    }
    with pytest.raises(IntegrityError, match=wall), transaction.atomic():
        Tariff.objects.create(**(row | changes))


def test_an_amount_finer_than_what_is_stored_is_refused() -> None:
    with pytest.raises(ValueError, match="finer"):
        Tariff(amount=Decimal("0.00001")).save()
    with pytest.raises(ValidationError):
        Tariff._meta.get_field("amount").to_python("douze")


def test_the_first_run_makes_the_pharmacy_its_owner_and_logs_in(
    client: Client, now: datetime
) -> None:
    words = {
        "pharmacy": "Pharmacie du Pont", "time_zone": "Indian/Reunion", "stock_truth": "here",
        "name": "Hélène Vasseline", "username": "helene", "password": "une-phrase-longue",
    }  # fmt: skip

    response = client.post(reverse("desk:first_run"), words)

    assert response.status_code == 302
    assert Pharmacy.objects.get().time_zone == "Indian/Reunion"
    assert User.objects.get().role == Role.OWNER
    assert client.session["_auth_user_id"]
    assert client.get(reverse("desk:first_run"))["Location"] == reverse("account_login")


def test_a_weak_password_is_refused_and_nothing_is_created(client: Client) -> None:
    words = {
        "pharmacy": "P", "time_zone": "Europe/Paris", "stock_truth": "here", "name": "H V",
        "username": "helene", "password": "court",
    }  # fmt: skip

    response = client.post(reverse("desk:first_run"), words)

    assert response.status_code == 422
    assert not Pharmacy.objects.exists()
    assert not User.objects.exists()


@pytest.fixture
def owner_client(client: Client, founded: Pharmacy, now: datetime) -> object:
    clock.fix(now)
    client.force_login(PersonFactory(role=Role.OWNER))
    yield client
    clock.fix(None)


def test_the_owner_signs_a_tariff_with_its_source(owner_client: Client) -> None:
    url = reverse("pharmacy:tariff", args=["minutes_promise"])

    response = owner_client.post(
        url,
        {"value": "6,5", "valid_from": "2026-11-24", "source": "Chronométré le 20", "sign": "on"},
    )

    assert response.status_code == 302
    row = queries.tariff("minutes_promise", on=date(2026, 11, 24))
    assert (row.amount, row.evidence) == (Decimal("6.5"), "signed")


@pytest.mark.parametrize("value", ["beaucoup", "-3", "NaN", "1e9", "99999999"])
def test_a_figure_that_is_none_is_told_kindly(owner_client: Client, value: str) -> None:
    url = reverse("pharmacy:tariff", args=["minutes_promise"])

    response = owner_client.post(
        url, {"value": value, "valid_from": "2026-11-24", "source": "Chronométré"}
    )

    assert response.status_code == 422
    assert "Tapez un nombre" in response.content.decode()


def test_a_parameter_changes_from_a_day_on(owner_client: Client) -> None:
    owner_client.post(
        reverse("pharmacy:parameter", args=["not_collected_days"]),
        {"value": "21", "valid_from": "2026-11-24", "source": "Choix de l'équipe"},
    )

    assert queries.parameter("not_collected_days", on=date(2026, 11, 23)) == "15"
    assert queries.parameter("not_collected_days", on=date(2026, 11, 24)) == "21"
    assert Parameter.objects.filter(key="not_collected_days").count() == 2


def test_settings_are_for_the_owner(client: Client, founded: Pharmacy) -> None:
    client.force_login(PersonFactory(role=Role.PHARMACIST))

    assert client.get(reverse("pharmacy:settings")).status_code == 403


def test_every_settings_page_opens(owner_client: Client) -> None:
    assert owner_client.get(reverse("pharmacy:settings")).status_code == 200
    for key in ("hourly_cost", "minutes_not_found"):
        assert owner_client.get(reverse("pharmacy:tariff", args=[key])).status_code == 200
    assert owner_client.get(reverse("pharmacy:tariff", args=["rien"])).status_code == 404


def test_every_parameter_is_named_in_words(owner_client: Client) -> None:
    Parameter.objects.get_or_create(
        key="vat.reimbursed", valid_from=date(2020, 1, 1), defaults={"value": "2.1", "source": "-"}
    )

    unnamed = [
        each.row.key
        for each in queries.parameters(on=date(2026, 11, 24))
        if each.label == each.row.key
    ]

    assert unnamed == []
    assert "vat.reimbursed" not in {
        each.label for each in queries.parameters(on=date(2026, 11, 24))
    }
