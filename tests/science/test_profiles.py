"""Hours, weekdays, seasons and holidays of the invented pharmacy."""

from datetime import UTC, date, datetime, time

import numpy as np
import pytest

from backofficine.science.simulation.profiles import (
    CLASSES,
    OPENING_HOURS,
    at_local,
    day_slots,
    instant,
    is_open,
    next_open_day,
    public_holidays,
    season_factors,
    weekday_factors,
)


def test_the_day_has_two_humps():
    shares = {slot.starts_at: slot.share / (slot.ends_at - slot.starts_at) for slot in day_slots(0)}

    assert shares[11] > shares[9]
    assert shares[11] > shares[16]
    assert shares[18] > shares[16]


@pytest.mark.parametrize("weekday", range(6))
def test_the_shares_of_a_day_sum_to_one_inside_its_opening_hours(weekday):
    slots = day_slots(weekday)

    assert sum(slot.share for slot in slots) == pytest.approx(1)
    first, last = OPENING_HOURS[weekday][0][0], OPENING_HOURS[weekday][-1][1]
    assert slots[0].starts_at == first.hour + first.minute / 60
    assert slots[-1].ends_at == last.hour + last.minute / 60
    assert not [slot for slot in slots if 12.5 < slot.ends_at <= 14]


def test_open_weekdays_average_to_one_and_sunday_is_closed():
    factors = weekday_factors()

    assert sum(factors) / 6 == pytest.approx(1)
    assert factors[6] == 0
    assert min(factors[:6]) == factors[5]


@pytest.mark.parametrize(("year", "monday"), [(2024, date(2024, 4, 1)), (2026, date(2026, 4, 6))])
def test_easter_monday_is_found(year, monday):
    assert monday in public_holidays(year)


def test_a_holiday_is_closed_and_the_next_open_day_skips_it():
    assert not is_open(date(2026, 11, 11))
    assert next_open_day(date(2026, 11, 10)) == date(2026, 11, 12)


def test_local_hours_follow_the_change_of_clocks():
    before, after = date(2026, 10, 24), date(2026, 10, 26)

    assert instant(before, 8.5) == datetime(2026, 10, 24, 6, 30, tzinfo=UTC)
    assert instant(after, 8.5) == datetime(2026, 10, 26, 7, 30, tzinfo=UTC)
    assert at_local(after, time(8, 30)) == instant(after, 8.5)


def test_on_the_day_of_the_change_noon_is_noon():
    assert instant(date(2026, 10, 25), 12) == datetime(2026, 10, 25, 11, 0, tzinfo=UTC)


def test_each_season_averages_to_one():
    for one in CLASSES:
        assert sum(one.months) / 12 == pytest.approx(1)


@pytest.mark.parametrize(
    ("code", "high", "low", "amplitude"),
    [("R05", 1, 8, 5.3), ("J07", 11, 8, 4.3), ("J01", 1, 7, 1.76), ("C0", 1, 7, 1.0)],
)
def test_classes_swing_as_measured(code, high, low, amplitude):
    place = [one.code for one in CLASSES].index(code)

    ratio = season_factors(date(2026, high, 15))[place] / season_factors(date(2026, low, 15))[place]

    assert ratio == pytest.approx(amplitude, rel=0.12)


def test_no_class_jumps_overnight():
    days = [date(2026, 1, 1).toordinal() + number for number in range(365)]
    factors = np.array([season_factors(date.fromordinal(day)) for day in days])

    assert np.abs(np.diff(factors, axis=0)).max() < 0.08
