"""Figures, hours and ages read the way a pharmacy writes them."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from backofficine.web.templatetags.components import age, day, euros, hour, quantity

THIN, FIRM = "\u202f", "\u00a0"


@pytest.fixture(autouse=True)
def _french():
    with translation.override("fr"):
        yield


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Decimal("1234.56"), f"1{THIN}234,56{FIRM}€"),
        (Decimal("1.005"), f"1,01{FIRM}€"),
        (Decimal("0.1") + Decimal("0.2"), f"0,30{FIRM}€"),
        (Decimal("-2.5"), f"−2,50{FIRM}€"),
        (0, f"0,00{FIRM}€"),
        (None, ""),
    ],
)
def test_euros_are_written_to_the_cent(amount, written):
    assert euros(amount) == written


def test_euros_of_a_tile_are_rounded():
    assert euros(Decimal("1234.56"), 0) == f"1{THIN}235{FIRM}€"


def test_euros_in_english_lead_with_their_sign():
    with translation.override("en"):
        assert euros(Decimal("-1234.5")) == "−€1,234.50"


def test_quantities_have_thin_spaces_and_say_when_unknown():
    assert quantity(1204) == f"1{THIN}204"
    assert quantity(Decimal("6.5"), 1) == "6,5"
    assert quantity(None) == "–"


def test_an_hour_is_the_pharmacys_own():
    moment = dt.datetime(2026, 7, 1, 14, 30, tzinfo=dt.UTC)

    assert hour(moment) == f"16{FIRM}h{FIRM}30"


def test_a_round_hour_is_short_unless_figures_must_line_up():
    nineteen = dt.datetime(2026, 11, 23, 19, 0, tzinfo=ZoneInfo("Europe/Paris"))

    assert hour(nineteen) == f"19{FIRM}h"
    assert hour(nineteen, "full") == f"19{FIRM}h{FIRM}00"


def test_a_day_has_its_weekday_and_month_in_short():
    monday = dt.date(2026, 11, 23)

    assert day(monday) == f"lun.{FIRM}23{FIRM}nov."
    assert day(monday, "year").endswith("2026")


def test_the_first_of_a_month_is_an_ordinal_in_french():
    first = dt.date(2026, 1, 1)

    assert day(first) == f"jeu.{FIRM}1er{FIRM}janv."
    assert day(first, "long") == f"jeudi{FIRM}1er{FIRM}janvier{FIRM}2026"
    with translation.override("en"):
        assert day(first) == f"Thu{FIRM}1{FIRM}Jan"


def test_a_late_evening_in_utc_is_the_next_day_in_paris():
    assert "24" in day(dt.datetime(2026, 11, 23, 23, 30, tzinfo=dt.UTC))


@pytest.mark.parametrize(
    ("minutes", "written"),
    [
        (0, "0 min"),
        (-3, "0 min"),
        (42.9, "42 min"),
        (120, "2 h"),
        (130, "2 h 10"),
        (125, "2 h 05"),
        (2520, "1 j 18 h"),
        (dt.timedelta(days=2), "2 j"),
    ],
)
def test_an_age_keeps_its_two_largest_units(minutes, written):
    assert age(minutes).replace(FIRM, " ") == written


def test_nothing_is_written_for_a_moment_that_is_not_known():
    assert (hour(None), day(None), age(None)) == ("", "", "")
