"""The one clock can be shifted for the demo and fixed for a test."""

from datetime import UTC, datetime, timedelta

import pytest

from backofficine.kernel import clock


@pytest.fixture(autouse=True)
def _free():
    yield
    clock.fix(None)


def test_the_clock_gives_utc_and_goes_on():
    before = datetime.now(UTC)

    read = clock.now()

    assert read.utcoffset() == timedelta(0)
    assert before <= read <= datetime.now(UTC)


def test_the_demo_shifts_it(settings):
    settings.CLOCK_SHIFT_SECONDS = 3600

    assert timedelta(minutes=59) < clock.now() - datetime.now(UTC) < timedelta(minutes=61)


def test_a_fixed_clock_stands_still(now):
    clock.fix(now)

    assert clock.now() == clock.now() == now

    clock.fix(None)
    assert clock.now() != now


def test_an_instant_without_zone_is_refused(now):
    with pytest.raises(AssertionError, match="time zone"):
        clock.fix(now.replace(tzinfo=None))
