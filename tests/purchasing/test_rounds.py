"""Weekly schedules become dated rounds: in the shop's own hours, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F

from backofficine.pharmacy.models import ClosedDay, OpeningHours, Pharmacy
from backofficine.purchasing import queries
from backofficine.purchasing.models import DeliveryRound, Supplier, SupplyException
from backofficine.purchasing.services import generate_rounds
from tests.factories import DeliveryRoundFactory, SupplierFactory, SupplyScheduleFactory

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def wholesaler(pharmacy: Pharmacy) -> Supplier:
    """Two rounds a day, six days a week; the evening's boxes come the next morning."""
    supplier = SupplierFactory(is_main=True)
    for weekday in range(6):
        SupplyScheduleFactory(
            supplier=supplier, weekday=weekday, cut_off_time=time(11, 45), drop_time=time(14, 30)
        )
        SupplyScheduleFactory(
            supplier=supplier, weekday=weekday, cut_off_time=time(19), drop_time=time(8, 15),
            drop_day_offset=1,
        )  # fmt: skip
    return supplier


def local(at: datetime) -> str:
    return f"{at.astimezone(PARIS):%a %d %H:%M}"


def test_a_second_run_adds_nothing(wholesaler, now):
    added = generate_rounds(at=now)
    again = generate_rounds(at=now + timedelta(minutes=1))

    assert added == DeliveryRound.objects.count() > 20
    assert again == 0


def test_the_next_day_adds_one_day(wholesaler, now):
    generate_rounds(at=now, days=3)

    assert generate_rounds(at=now + timedelta(days=1), days=3) == 2


@pytest.mark.parametrize(
    ("sunday", "hours_apart"), [(date(2026, 10, 25), 25), (date(2027, 3, 28), 23)]
)
def test_local_hours_stay_when_the_clocks_change(wholesaler, sunday, hours_apart):
    # Open on that Sunday too, so that a round stands on both sides of the change.
    OpeningHours.objects.create(weekday=6, opens_at=time(9), closes_at=time(20))
    SupplyScheduleFactory(
        supplier=wholesaler, weekday=6, cut_off_time=time(11, 45), drop_time=time(14, 30)
    )
    saturday = datetime.combine(sunday - timedelta(days=1), time(6), tzinfo=UTC)

    generate_rounds(at=saturday, days=3)

    noons = [
        one
        for one in DeliveryRound.objects.order_by("cut_off_at")
        if one.cut_off_at.astimezone(PARIS).hour == 11
    ]
    assert [f"{one.cut_off_at.astimezone(PARIS):%H:%M}" for one in noons] == ["11:45"] * 3
    assert [f"{one.due_at.astimezone(PARIS):%H:%M}" for one in noons] == ["14:30"] * 3
    assert noons[1].cut_off_at - noons[0].cut_off_at == timedelta(hours=hours_apart)
    assert noons[2].cut_off_at - noons[1].cut_off_at == timedelta(hours=24)


def test_an_evening_round_over_the_change_is_due_at_its_local_hour(wholesaler):
    generate_rounds(at=datetime(2026, 10, 24, 6, tzinfo=UTC), days=3)

    evening = DeliveryRound.objects.get(cut_off_at=datetime(2026, 10, 24, 17, tzinfo=UTC))
    assert local(evening.due_at) == "Mon 26 08:15"
    assert evening.due_at == datetime(2026, 10, 26, 7, 15, tzinfo=UTC)


def test_saturday_evening_rolls_to_the_next_open_drop(wholesaler):
    saturday_night = datetime(2026, 11, 28, 20, tzinfo=UTC)
    generate_rounds(at=saturday_night - timedelta(days=1))

    following = queries.next_round(wholesaler, at=saturday_night)

    assert following is not None
    assert local(following.cut_off_at) == "Mon 30 11:45"
    assert local(following.due_at) == "Mon 30 14:30"


def test_a_drop_on_a_closed_day_is_carried_to_the_next_open_one(wholesaler, now):
    ClosedDay.objects.create(closed_on=date(2026, 11, 25), reason="fermeture")

    generate_rounds(at=now, days=3)

    evening = DeliveryRound.objects.get(cut_off_at=datetime(2026, 11, 24, 18, tzinfo=UTC))
    assert local(evening.due_at) == "Thu 26 08:15"
    cut_off_days = {one.cut_off_at.astimezone(PARIS).day for one in DeliveryRound.objects.all()}
    assert cut_off_days == {24, 26}, "nobody sends an order from a closed shop"


def test_without_opening_hours_every_day_is_open(db, now):
    SupplyScheduleFactory()

    assert generate_rounds(at=now, days=1) == 1


def test_a_schedule_stops_at_its_last_day(pharmacy, now):
    SupplyScheduleFactory(valid_until=date(2026, 11, 30))

    generate_rounds(at=now, days=14)

    assert [local(one.cut_off_at) for one in DeliveryRound.objects.all()] == ["Tue 24 12:30"]


def test_a_schedule_that_starts_later_waits(pharmacy, now):
    SupplyScheduleFactory(valid_from=date(2026, 12, 1))

    generate_rounds(at=now, days=14)

    assert [local(one.cut_off_at) for one in DeliveryRound.objects.all()] == ["Tue 01 12:30"]


def test_a_cancelled_round_is_struck_out_and_comes_back_with_its_exception_gone(wholesaler, now):
    generate_rounds(at=now, days=2)
    first = queries.next_round(wholesaler, at=now)
    strike = SupplyException.objects.create(supplier=wholesaler, occurs_on=date(2026, 11, 24))

    generate_rounds(at=now, days=2)

    first.refresh_from_db()
    assert first.is_cancelled
    assert local(queries.next_round(wholesaler, at=now).cut_off_at) == "Wed 25 11:45"

    strike.delete()
    generate_rounds(at=now, days=2)
    assert queries.next_round(wholesaler, at=now) == first


def test_a_round_cancelled_before_it_was_written_is_never_written(wholesaler, now):
    SupplyException.objects.create(supplier=wholesaler, occurs_on=date(2026, 11, 24))

    generate_rounds(at=now, days=1)

    assert not DeliveryRound.objects.exists()


def test_a_moved_round_keeps_its_orders(wholesaler, now):
    generate_rounds(at=now, days=2)
    first = queries.next_round(wholesaler, at=now)
    schedule = wholesaler.schedules.get(weekday=1, cut_off_time=time(11, 45))
    SupplyException.objects.create(
        supplier=wholesaler, schedule=schedule, occurs_on=date(2026, 11, 24), is_cancelled=False,
        moved_cut_off_time=time(12, 30), moved_drop_at=datetime(2026, 11, 24, 15, tzinfo=UTC),
    )  # fmt: skip
    count = DeliveryRound.objects.count()

    for _again in range(2):
        assert generate_rounds(at=now, days=2) == 0
        first.refresh_from_db()
        assert (local(first.cut_off_at), local(first.due_at)) == ("Tue 24 12:30", "Tue 24 16:00")
    assert DeliveryRound.objects.count() == count


def test_rounds_of_a_schedule_that_ended_early_are_struck_out(wholesaler, now):
    generate_rounds(at=now)
    wholesaler.schedules.update(valid_until=date(2026, 11, 24))

    generate_rounds(at=now)

    kept = DeliveryRound.objects.filter(is_cancelled=False)
    assert {local(one.cut_off_at)[:6] for one in kept} == {"Tue 24"}


def test_past_rounds_are_left_alone(wholesaler, now):
    generate_rounds(at=now)
    wholesaler.schedules.update(valid_until=date(2026, 11, 1))

    generate_rounds(at=now + timedelta(hours=2))

    assert not DeliveryRound.objects.get(
        cut_off_at=datetime(2026, 11, 24, 10, 45, tzinfo=UTC)
    ).is_cancelled


def test_no_round_is_due_before_its_cut_off(wholesaler, now):
    SupplyException.objects.create(
        supplier=wholesaler, occurs_on=date(2026, 11, 24), is_cancelled=False,
        moved_drop_at=datetime(2026, 11, 24, 6, tzinfo=UTC),
    )  # fmt: skip

    generate_rounds(at=now)

    assert not DeliveryRound.objects.filter(due_at__lte=F("cut_off_at")).exists()


def test_a_direct_supplier_has_no_round(pharmacy, now):
    SupplierFactory(direct=True)

    assert generate_rounds(at=now) == 0


def test_the_hour_told_to_a_patient_leaves_time_to_empty_the_dock(pharmacy):
    afternoon = DeliveryRoundFactory(due_at=datetime(2026, 11, 24, 13, 35, tzinfo=UTC))
    night = DeliveryRoundFactory(due_at=datetime(2026, 11, 28, 15, tzinfo=UTC))

    assert local(queries.promised_instant(afternoon)) == "Tue 24 16:30"
    assert local(queries.promised_instant(night)) == "Mon 30 08:30", "the shop is closed till then"


def test_the_next_rounds_are_one_per_supplier_soonest_first(wholesaler, now):
    generate_rounds(at=now)
    other = DeliveryRoundFactory(cut_off_at=now + timedelta(minutes=30))
    DeliveryRoundFactory(
        supplier=other.supplier, cut_off_at=now + timedelta(days=1), due_at=now + timedelta(days=2)
    )

    assert [one.supplier for one in queries.next_rounds(now)] == [other.supplier, wholesaler]
    assert queries.next_cut_off(now) == other


def test_the_rounds_of_a_day_are_those_due_that_day(wholesaler, now):
    generate_rounds(at=datetime(2026, 11, 23, 6, tzinfo=UTC), days=4)

    due = [local(one.due_at) for one in queries.rounds_of_day(date(2026, 11, 25))]

    assert due == ["Wed 25 08:15", "Wed 25 14:30"]
