"""The rhythm of a product: what is known by hand."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backofficine.science.picture import cover, ghosts, shortages
from backofficine.science.picture.rhythm import bin_periods, find_rhythms


def test_a_sale_every_ten_days_has_a_mean_interval_of_ten():
    sales = np.zeros((1, 200))
    sales[0, 9:150:10] = 2.0

    rhythm = find_rhythms(sales)

    assert rhythm.interval_days[0] == 10
    assert rhythm.silence_days[0] == 50
    assert rhythm.quantity[0] == 30
    assert rhythm.rate[0] == pytest.approx(0.2, rel=0.1)


def test_the_hazard_is_that_of_the_law_that_made_the_sales():
    draw = np.random.default_rng(0)
    sales = draw.poisson(0.4, size=(400, 150)).astype(float)

    rhythm = find_rhythms(sales, period_days=7)

    assert np.median(rhythm.hazard) == pytest.approx(0.4, rel=0.1)
    assert np.median(rhythm.dispersion) == pytest.approx(1.0, abs=0.15)


def test_weeks_end_with_the_file():
    sales = np.zeros((1, 24))
    sales[0, -7:] = 1.0
    sales[0, 0] = 5.0

    bins = bin_periods(sales, period_days=1)

    assert bins.sales.tolist() == [[5.0, 0.0, 0.0, 7.0]]
    assert bins.weight[0].tolist() == [1.0, 1.0, 1.0, 1.0]


def test_days_in_which_it_could_not_be_had_are_no_silence():
    sales = np.zeros((2, 70))
    sales[:, :28] = 1.0
    available = np.ones(sales.shape, dtype=bool)
    available[1, 28:] = False

    silence = find_rhythms(sales, available=available).silence

    assert silence[0] == pytest.approx(6)
    assert silence[1] == 0


def test_a_product_that_never_sold_is_silent_since_the_start():
    rhythm = find_rhythms(np.zeros((1, 70)))

    assert rhythm.silence_days[0] == 70
    assert rhythm.first[0] == rhythm.last[0] == -1
    assert np.isinf(rhythm.interval_days[0])
    assert rhythm.rate[0] == 0


def test_the_season_of_a_group_is_found_and_none_is_invented():
    draw = np.random.default_rng(2)
    months = np.arange(156) * 7 // 30.4 % 12 + 1
    warm = np.where(np.isin(months, (6, 7, 8)), 3.0, 0.5)
    sales = np.vstack(
        [draw.poisson(0.2 * warm, size=(150, 156)), draw.poisson(0.3, size=(150, 156))]
    ).astype(float)

    season = find_rhythms(
        sales,
        period_days=7,
        months=months.astype(np.int64),
        groups=np.repeat((0, 1), 150),
    ).season

    assert season[:150, 6].mean() > 1.6
    assert season[:150, 0].mean() < 0.7
    assert season[150:].mean(axis=0) == pytest.approx(np.ones(12), abs=0.25)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_no_box_is_lost_in_the_weeks(products, periods, seed):
    sales = np.random.default_rng(seed).integers(0, 5, size=(products, periods)).astype(float)

    bins = bin_periods(sales, period_days=1)

    assert bins.sales.sum(axis=1).tolist() == sales.sum(axis=1).tolist()
    assert ((bins.weight >= 0) & (bins.weight <= 1)).all()


def test_two_years_of_days_of_8000_products_take_seconds():
    draw = np.random.default_rng(0)
    sales = draw.poisson(draw.gamma(0.3, 0.3, size=(8000, 1)), size=(8000, 730)).astype(float)
    months = np.arange(730) // 30 % 12 + 1
    held = draw.integers(0, 20, 8000).astype(float)
    started = time.perf_counter()

    ghosts.find_ghosts(sales, held, months=months)
    shortages.find_shortages(sales, held, months=months)
    cover.find_cover(sales, held, months=months)

    assert time.perf_counter() - started < 8
