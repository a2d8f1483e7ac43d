"""What a visitor asks for: prescriptions that come back every month, acute ones, and counter sales.

Three kinds of visits share the boxes of the assortment, so that each product keeps its yearly rate:

* *renewals*: a cohort of patients, each with a fixed list of treatments, back every 28 to 31 days;
* *acute* prescriptions: lines drawn by rate and season;
* *counter* sales, without a prescription.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from backofficine.science.simulation import names
from backofficine.science.simulation.assortment import OPEN_DAYS_PER_YEAR, InventedProduct
from backofficine.science.simulation.profiles import CLASSES, Floats, is_open, season_factors
from backofficine.science.simulation.seeds import generator

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Baskets:
    """How visits are made up."""

    prescription_share: float = 0.53
    """Share of visits with a prescription (domain § 4.4)."""
    renewal_share: float = 0.32
    """Share of prescriptions that renew a treatment. Assumed."""
    renewed_share_of_boxes: float = 0.70
    """Share of the boxes of renewed classes that go to the cohort. Assumed."""
    periods: tuple[int, ...] = (28, 28, 30, 30, 31)
    """Days between two renewals: packs of 28 and 30 (domain § 2.2), shares assumed."""
    punctuality_days: float = 2.0
    """Standard deviation of a renewal around its day. Assumed."""
    town: int = 4000
    """People the pharmacy knows by name. Assumed."""
    anonymous_share: float = 0.7
    """Counter sales to somebody the record does not know. Assumed."""
    waits_with_prescription: float = 0.95
    """Chance to accept a promise rather than leave. Assumed."""
    waits_without: float = 0.5
    """The same at a counter sale. Assumed."""
    paid_at_once: float = 0.85
    """Chance that what is missing is billed at the first visit. Assumed."""


@dataclass(frozen=True, slots=True)
class InventedPatient:
    """Somebody who does not exist. The telephone is of the range France reserves for fiction."""

    number: int
    given_name: str
    family_name: str
    phone: str
    """Digits, or empty."""

    @property
    def initials(self) -> str:
        return self.given_name[0] + self.family_name[0]


class Line(NamedTuple):
    """One product asked for."""

    product: int
    """Index in the assortment."""
    quantity: int
    prescription: bool


@dataclass(frozen=True, slots=True)
class Basket:
    """What one visitor asks for, before it has a time."""

    lines: tuple[Line, ...]
    patient: int | None
    """Number in the town, None for a passer-by."""
    prescription: bool
    renewal: bool


def invent_patients(*, count: int, seed: int) -> list[InventedPatient]:
    """The people of the town, numbered from 0."""
    rng = generator(seed, "patients")
    given = rng.integers(len(names.GIVEN_NAMES), size=count)
    family = rng.integers(len(names.FAMILY_NAMES), size=count)
    digits = rng.integers(10_000, size=count)
    told = rng.random(count) < 0.8
    return [
        InventedPatient(
            number=number,
            given_name=names.GIVEN_NAMES[given[number]],
            family_name=names.FAMILY_NAMES[family[number]],
            phone=f"063998{digits[number]:04d}" if told[number] else "",
        )
        for number in range(count)
    ]


class Shoppers:
    """The visitors of one pharmacy over one period: gives the baskets of any open day."""

    def __init__(
        self,
        assortment: Sequence[InventedProduct],
        *,
        baskets: Baskets,
        visits_per_day: float,
        first_day: date,
        last_day: date,
        seed: int,
    ) -> None:
        self._baskets = baskets
        self._seed = seed
        self._classes = np.array([product.class_index for product in assortment])
        boxes = np.array([product.boxes_per_open_day for product in assortment])
        prescribed = np.array([one.prescribed for one in CLASSES])[self._classes]
        renewed = np.array([one.renewed for one in CLASSES])[self._classes]
        self._per_line = np.array([one.boxes_per_line for one in CLASSES])

        to_cohort = np.where(renewed, boxes * prescribed * baskets.renewed_share_of_boxes, 0.0)
        lines_per_box = 1 / self._per_line[self._classes]
        self._cohort_lines = to_cohort * lines_per_box
        self._acute_lines = (boxes * prescribed - to_cohort) * lines_per_box
        self._counter_lines = boxes * (1 - prescribed) * lines_per_box

        prescriptions = baskets.prescription_share
        self.renewals_per_day = visits_per_day * prescriptions * baskets.renewal_share
        self.acute_share = prescriptions * (1 - baskets.renewal_share)
        self.counter_share = 1 - prescriptions
        self._acute_per_visit = self._acute_lines.sum() / (visits_per_day * self.acute_share)
        self._counter_per_visit = self._counter_lines.sum() / (visits_per_day * self.counter_share)
        self._renewals = self._live_renewals(first_day, last_day)

    def acute_season(self, day: date) -> float:
        """Acute prescriptions of the season over those of the year."""
        return self._season(self._acute_lines, day)

    def counter_season(self, day: date) -> float:
        return self._season(self._counter_lines, day)

    def renewals(self, day: date) -> list[Basket]:
        """The patients of the cohort who come on this day."""
        return self._renewals.get(day, [])

    def acute(self, day: date, *, count: int, rng: np.random.Generator) -> list[Basket]:
        lines = self._lines(
            self._acute_lines,
            day=day,
            counts=_line_counts(self._acute_per_visit, visits=count, rng=rng),
            prescription=True,
            rng=rng,
        )
        patients = rng.integers(self._baskets.town, size=count)
        return [
            Basket(lines=one, patient=int(patient), prescription=True, renewal=False)
            for one, patient in zip(lines, patients, strict=True)
        ]

    def counter(self, day: date, *, count: int, rng: np.random.Generator) -> list[Basket]:
        lines = self._lines(
            self._counter_lines,
            day=day,
            counts=_line_counts(self._counter_per_visit, visits=count, rng=rng),
            prescription=False,
            rng=rng,
        )
        patients = rng.integers(self._baskets.town, size=count)
        known = rng.random(count) >= self._baskets.anonymous_share
        return [
            Basket(
                lines=one,
                patient=int(patient) if named else None,
                prescription=False,
                renewal=False,
            )
            for one, patient, named in zip(lines, patients, known, strict=True)
        ]

    def _season(self, weights: Floats, day: date) -> float:
        factors = season_factors(day)[self._classes]
        return float((weights * factors).sum() / weights.sum())

    def _lines(
        self,
        weights: Floats,
        *,
        day: date,
        counts: Ints,
        prescription: bool,
        rng: np.random.Generator,
    ) -> list[tuple[Line, ...]]:
        reached = np.cumsum(weights * season_factors(day)[self._classes])
        total = int(counts.sum())
        products = np.searchsorted(reached, rng.random(total) * reached[-1], side="right")
        quantities = self._quantities(products, rng=rng)
        lines = [
            Line(product, quantity, prescription)
            for product, quantity in zip(products.tolist(), quantities.tolist(), strict=True)
        ]
        ends = np.cumsum(counts)
        return [
            _without_twins(lines[end - count : end])
            for end, count in zip(ends.tolist(), counts.tolist(), strict=True)
        ]

    def _quantities(self, products: Ints, *, rng: np.random.Generator) -> Ints:
        """Boxes of each line: one, and a geometric rest that gives the mean of the class."""
        extra = self._per_line[self._classes[products]] - 1
        # numpy's geometric counts trials from 1; a chance of 1 gives exactly one box.
        quantities: Ints = rng.geometric(1 / (1 + extra))
        return np.minimum(quantities, 12)

    def _live_renewals(self, first_day: date, last_day: date) -> dict[date, list[Basket]]:
        """Every renewal of the period, by day."""
        # Two generators: another period changes the dates, never the patients' treatments.
        rng = generator(self._seed, "cohort")
        dates = generator(self._seed, "renewal dates", first_day.toordinal())
        baskets = self._baskets
        periods = np.array(baskets.periods)
        per_calendar_day = self.renewals_per_day * OPEN_DAYS_PER_YEAR / 365.25
        # Half a day more than the period passes on average: people come late, not early.
        count = round(per_calendar_day * (periods.mean() + 0.5))
        treatments_mean = self._cohort_lines.sum() / self.renewals_per_day
        chances = self._cohort_lines / self._cohort_lines.sum()
        sizes = _line_counts(treatments_mean, visits=count, rng=rng)

        by_day: dict[date, list[Basket]] = {}
        days = (last_day - first_day).days + 1
        for patient in range(count):
            products = rng.choice(
                len(chances), size=int(sizes[patient]), replace=False, p=chances, shuffle=False
            )
            quantities = self._quantities(products, rng=rng)
            basket = Basket(
                lines=tuple(
                    Line(product, quantity, True)
                    for product, quantity in zip(
                        products.tolist(), quantities.tolist(), strict=True
                    )
                ),
                patient=patient,
                prescription=True,
                renewal=True,
            )
            period = int(rng.choice(periods))
            visits = days // period + 3
            gaps = period + np.round(dates.normal(0.5, baskets.punctuality_days, size=visits))
            dues = np.cumsum(gaps) - period - dates.integers(period)
            sides = dates.random(visits) < 0.5
            for due, forward in zip(dues.tolist(), sides.tolist(), strict=True):
                if 0 <= due < days:
                    day = _nearest_open_day(first_day + timedelta(days=int(due)), forward=forward)
                    by_day.setdefault(day, []).append(basket)
        return by_day


def _line_counts(mean: float, *, visits: int, rng: np.random.Generator) -> Ints:
    """Lines of each visit: at least one, Poisson above. Assumed."""
    counts: Ints = 1 + rng.poisson(max(mean - 1, 0.0), size=visits)
    return counts


def _without_twins(lines: list[Line]) -> tuple[Line, ...]:
    """One line per product: two lines of the same one are one of more boxes."""
    if len(lines) < 2 or len({line.product for line in lines}) == len(lines):
        return tuple(lines)
    boxes: dict[int, int] = {}
    for line in lines:
        boxes[line.product] = boxes.get(line.product, 0) + line.quantity
    prescription = lines[0].prescription
    return tuple(Line(product, count, prescription) for product, count in boxes.items())


def _nearest_open_day(day: date, *, forward: bool) -> date:
    while not is_open(day):
        day += timedelta(days=1 if forward else -1)
    return day
