"""When people come and what for: hours, weekdays, seasons, spread, therapeutic classes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PARIS = ZoneInfo("Europe/Paris")

# --- Opening hours -------------------------------------------------------------------------------

_WEEK = ((time(8, 30), time(12, 30)), (time(14, 0), time(19, 30)))
_SATURDAY = ((time(9, 0), time(12, 30)), (time(14, 0), time(18, 0)))
OPENING_HOURS: dict[int, tuple[tuple[time, time], ...]] = {
    **dict.fromkeys(range(5), _WEEK),
    5: _SATURDAY,
    6: (),
}
"""Local opening hours by weekday (0 is Monday). Assumed: usual hours of a French town pharmacy."""

HOUR_SHARES = {
    7: 0.4, 8: 4.5, 9: 6.3, 10: 7.3, 11: 8.3, 12: 8.1, 13: 7.5, 14: 6.8, 15: 6.5, 16: 6.3,
    17: 6.6, 18: 8.1, 19: 9.1, 20: 8.9, 21: 5.4,
}  # fmt: skip
"""Percent of the day's volume by local hour in a pharmacy open from 7 h to 22 h (FACTS § 1)."""

WEEKDAY_INDEX = {0: 99.6, 1: 98.0, 2: 97.0, 3: 93.0, 4: 98.5, 5: 106.0}
"""100 = mean day, for equal opening hours (FACTS § 1). Shorter days are cut by their hours."""

DAY_SHAPE = 40.0
"""Shape *k* of the gamma factor common to all visits of one day: its coefficient of variation is
1/√k = 16 %. FACTS § 1 measures k = 16 on a total of 62 units a day; assumed larger here because
our total joins more classes and its compound part (boxes per visit) is drawn separately."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of the day with an even flow of visits."""

    starts_at: float
    """Local time, in hours: 8.5 is half past eight."""
    ends_at: float
    share: float
    """Share of the day's visits, between 0 and 1."""


@cache
def day_slots(weekday: int) -> tuple[Slot, ...]:
    """The two humps of the day, cut to the opening hours and brought back to a sum of one."""
    pieces = [
        (max(opens, hour), min(closes, hour + 1), percent)
        for opens, closes in (_hours(interval) for interval in OPENING_HOURS[weekday])
        for hour, percent in HOUR_SHARES.items()
        if hour < closes and hour + 1 > opens
    ]
    total = sum(percent * (end - start) for start, end, percent in pieces)
    return tuple(
        Slot(start, end, percent * (end - start) / total) for start, end, percent in pieces
    )


@cache
def weekday_factors() -> tuple[float, ...]:
    """Visits of each weekday over the mean of the six open days; 0 on Sunday.

    The index of FACTS supposes equal hours; Saturday's shorter hours are priced by the share of
    the usual flow that falls inside them.
    """
    flows = [
        WEEKDAY_INDEX.get(weekday, 0.0)
        * sum(
            HOUR_SHARES[hour] * max(0.0, min(closes, hour + 1) - max(opens, hour))
            for opens, closes in (_hours(interval) for interval in OPENING_HOURS[weekday])
            for hour in HOUR_SHARES
        )
        for weekday in range(7)
    ]
    mean = sum(flows) / 6
    return tuple(flow / mean for flow in flows)


def public_holidays(year: int) -> frozenset[date]:
    """The days off of metropolitan France, when the invented pharmacy is closed."""
    easter = _easter(year)
    fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
    return frozenset(
        [date(year, month, day) for month, day in fixed]
        + [easter + timedelta(days=days) for days in (1, 39, 50)]
    )


def is_open(day: date) -> bool:
    return bool(OPENING_HOURS[day.weekday()]) and day not in public_holidays(day.year)


def next_open_day(day: date) -> date:
    """The first open day strictly after ``day``."""
    day += timedelta(days=1)
    while not is_open(day):
        day += timedelta(days=1)
    return day


def instant(day: date, hours: float) -> datetime:
    """The UTC instant of a local time of day in hours, right across the change of clocks."""
    seconds = round(hours * 3600)
    local = datetime.combine(day, time(), tzinfo=PARIS) + timedelta(seconds=seconds)
    # Adding a timedelta to an aware local time moves the wall clock, which is what is wanted.
    return local.astimezone(UTC)


def at_local(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, tzinfo=PARIS).astimezone(UTC)


def _hours(interval: tuple[time, time]) -> tuple[float, float]:
    opens, closes = interval
    return opens.hour + opens.minute / 60, closes.hour + closes.minute / 60


def _easter(year: int) -> date:
    """Easter Sunday (Meeus, *Astronomical Algorithms*, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (a + 11 * h) // 319
    n = (2 * e + 2 * i - k - h + m + 32) % 7
    month, day = divmod(h - m + n + 90, 25)[0], (h - m + n + (h - m + n + 90) // 25 + 19) % 32
    return date(year, month, day)


# --- Therapeutic classes -------------------------------------------------------------------------


def flat() -> tuple[float, ...]:
    """No season: chronic classes move by ±10 % with the calendar only (FACTS § 3)."""
    return (1.0,) * 12


def season(*, amplitude: float, peak_month: float) -> tuple[float, ...]:
    """A yearly wave, mean 1: the best month is ``amplitude`` times the worst (FACTS § 3)."""
    half = math.log(amplitude) / 2
    wave = [
        math.exp(half * math.cos(2 * math.pi * (month - peak_month) / 12)) for month in range(1, 13)
    ]
    return table(*wave)


def table(*months: float) -> tuple[float, ...]:
    """A measured profile January to December, brought back to a mean of 1."""
    assert len(months) == 12
    mean = sum(months) / 12
    return tuple(month / mean for month in months)


@dataclass(frozen=True, slots=True)
class TherapeuticClass:
    """What the products of one class have in common.

    Shares of boxes are assumed, set so that narcotics make 1.4 % and cold products 2.7 % of boxes
    (FACTS § 2) and about half of the visits hold a prescription (domain § 4.4).
    """

    code: str
    label: str
    box_share: float
    """Share of the pharmacy's boxes, between 0 and 1."""
    reference_share: float
    """Share of its references."""
    status: str
    """The usual legal status, a value of ``assortment.Status``."""
    prescribed: float
    """Share of boxes handed out on a prescription."""
    months: tuple[float, ...]
    renewed: bool = False
    """Dispensed month after month to the same patients."""
    boxes_per_line: float = 1.1
    """Mean boxes of one line."""
    forms: tuple[str, ...] = ("tablet",)
    cold: bool = False
    price_level: float = 0.0
    """Natural logarithm: 1 is a class e times dearer than the usual one."""
    reimbursed: bool = True


_COLD_SEASON = season(amplitude=2.0, peak_month=1.0)
_R05 = table(195, 160, 130, 105, 80, 62, 45, 37, 70, 110, 120, 150)
_J07 = table(72, 66, 70, 68, 66, 62, 58, 54, 90, 214, 232, 110)
_ORAL = ("film_coated", "tablet", "capsule")

CLASSES: tuple[TherapeuticClass, ...] = (
    TherapeuticClass("N02", "antalgiques", 0.165, 0.045, "otc", 0.50,
                     table(131, 118, 108, 98, 88, 78, 65, 72, 100, 141, 112, 125),
                     boxes_per_line=1.55, forms=("tablet", "capsule", "effervescent", "sachet")),
    TherapeuticClass("N02A", "antalgiques stupéfiants", 0.014, 0.014, "narcotic", 1.0, flat(),
                     renewed=True, boxes_per_line=1.5, forms=("capsule", "patch", "solution"),
                     price_level=0.8),
    TherapeuticClass("C0", "cœur et tension", 0.125, 0.115, "list_1", 1.0, flat(),
                     renewed=True, forms=_ORAL),
    TherapeuticClass("C10", "cholestérol", 0.04, 0.045, "list_1", 1.0, flat(),
                     renewed=True, forms=_ORAL),
    TherapeuticClass("A10", "diabète, voie orale", 0.042, 0.035, "list_1", 1.0, flat(),
                     renewed=True, boxes_per_line=1.3, forms=_ORAL, price_level=0.5),
    TherapeuticClass("A10A", "insulines et analogues", 0.014, 0.012, "list_2", 1.0, flat(),
                     renewed=True, boxes_per_line=1.3, forms=("pen",), cold=True,
                     price_level=2.2),
    TherapeuticClass("J07", "vaccins", 0.011, 0.010, "list_1", 1.0, _J07,
                     forms=("syringe",), cold=True, boxes_per_line=1.0, price_level=1.9),
    TherapeuticClass("L04", "biothérapies", 0.002, 0.015, "list_1", 1.0, flat(),
                     renewed=True, forms=("pen", "syringe"), cold=True, price_level=5.0),
    TherapeuticClass("L", "cancérologie de ville", 0.003, 0.015, "list_1", 1.0, flat(),
                     renewed=True, forms=("tablet", "capsule"), price_level=4.6),
    TherapeuticClass("B01", "antithrombotiques", 0.032, 0.022, "list_1", 1.0, flat(),
                     renewed=True, forms=("tablet", "syringe"), price_level=0.9),
    TherapeuticClass("A02", "estomac", 0.05, 0.045, "list_2", 0.75, flat(),
                     renewed=True, forms=("gastro_capsule", "tablet")),
    TherapeuticClass("H03", "thyroïde", 0.026, 0.016, "list_2", 1.0, flat(),
                     renewed=True, forms=("tablet",)),
    TherapeuticClass("N05", "anxiété et sommeil", 0.042, 0.040, "list_1", 1.0, flat(),
                     renewed=True, boxes_per_line=1.5, forms=("tablet", "solution")),
    TherapeuticClass("N06", "dépression", 0.03, 0.045, "list_1", 1.0, flat(),
                     renewed=True, boxes_per_line=1.2, forms=_ORAL),
    TherapeuticClass("N03", "épilepsie", 0.022, 0.040, "list_1", 1.0, flat(),
                     renewed=True, boxes_per_line=1.5, forms=_ORAL),
    TherapeuticClass("G03", "contraception et hormones", 0.014, 0.025, "list_1", 1.0, flat(),
                     renewed=True, forms=("film_coated", "patch"), price_level=0.3),
    TherapeuticClass("M01", "anti-inflammatoires", 0.028, 0.030, "list_2", 0.55, flat(),
                     forms=("tablet", "capsule", "gel")),
    TherapeuticClass("J01", "antibiotiques", 0.034, 0.035, "list_1", 1.0,
                     season(amplitude=1.76, peak_month=1.3), boxes_per_line=1.3,
                     forms=("film_coated", "capsule", "suspension")),
    TherapeuticClass("H02", "corticoïdes", 0.017, 0.012, "list_1", 1.0,
                     season(amplitude=1.68, peak_month=1.0), forms=("effervescent", "tablet")),
    TherapeuticClass("R03", "asthme et bronches", 0.022, 0.020, "list_1", 1.0,
                     table(118, 108, 100, 97, 88, 80, 68, 70, 98, 118, 115, 140),
                     boxes_per_line=1.9, forms=("inhaler",), price_level=1.6),
    TherapeuticClass("R06", "allergie", 0.02, 0.016, "list_2", 0.55,
                     table(90, 92, 108, 120, 124, 118, 98, 84, 96, 92, 86, 78),
                     forms=("film_coated", "solution")),
    TherapeuticClass("R05", "toux et rhume", 0.022, 0.030, "otc", 0.35, _R05,
                     forms=("syrup", "sachet")),
    TherapeuticClass("R01", "nez", 0.018, 0.018, "otc", 0.35,
                     season(amplitude=2.4, peak_month=0.5), forms=("nasal",)),
    TherapeuticClass("S01", "yeux", 0.022, 0.030, "list_1", 0.85, flat(), boxes_per_line=1.3,
                     forms=("eye_drops",), price_level=0.2),
    TherapeuticClass("S02", "oreilles", 0.004, 0.006, "list_1", 1.0,
                     season(amplitude=1.65, peak_month=7.0), forms=("ear_drops",)),
    TherapeuticClass("D", "peau", 0.026, 0.045, "list_1", 0.45, flat(),
                     forms=("cream", "gel")),
    TherapeuticClass("A11", "vitamines et minéraux", 0.035, 0.025, "otc", 0.40,
                     season(amplitude=1.73, peak_month=1.0), boxes_per_line=1.3,
                     forms=("ampoule", "tablet", "sachet")),
    TherapeuticClass("A06", "transit", 0.035, 0.030, "otc", 0.35, flat(), boxes_per_line=1.4,
                     forms=("sachet", "capsule")),
    TherapeuticClass("OTC", "conseil", 0.035, 0.060, "otc", 0.02, _COLD_SEASON,
                     forms=("tablet", "syrup", "sachet", "spray"), reimbursed=False),
    TherapeuticClass("PARA", "parapharmacie", 0.05, 0.104, "parapharmacy", 0.0, flat(),
                     forms=("cosmetic",), reimbursed=False),
)  # fmt: skip


@cache
def classes_by_code() -> dict[str, TherapeuticClass]:
    return {one.code: one for one in CLASSES}


def season_factors(day: date) -> Floats:
    """The factor of each class of :data:`CLASSES` on this day, months joined by straight lines."""
    # Monthly values stand at mid-month, so that no class jumps overnight on the first.
    middle = day.replace(day=15)
    step = (day - middle).days / 30.4
    here, there = day.month - 1, (day.month - 1 + (1 if step >= 0 else -1)) % 12
    weight = abs(step)
    months = np.array([one.months for one in CLASSES])
    factors: Floats = months[:, here] * (1 - weight) + months[:, there] * weight
    return factors
