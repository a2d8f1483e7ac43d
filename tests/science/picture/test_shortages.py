"""Always missing: silences that stop and start like a shortage, and empty shelves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backofficine.science.picture.shortages import find_shortages


def shop(*, pace: float = 2.0, products: int = 120, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).poisson(pace, size=(products, 104)).astype(float)


def test_a_hole_of_two_months_in_steady_sales_costs_what_would_have_sold():
    sales = shop()
    sales[0] = 2.0
    sales[0, 80:89] = 0.0

    found = find_shortages(sales, np.full(120, 5.0), period_days=7)

    assert found.gaps[0] == 1
    assert found.last_gap_days[0] == 63
    assert found.days_out[0] == pytest.approx(63, rel=0.05)
    assert found.lost_per_month[0] * 12 == pytest.approx(18, rel=0.25)
    assert found.low[0] < 18 / 12 < found.high[0]


def test_steady_sales_have_no_shortage():
    sales = shop()

    found = find_shortages(sales, np.full(120, 5.0), period_days=7)

    assert (found.gaps > 0).mean() < 0.03
    assert found.lost_per_month.sum() < 0.01 * sales.sum() / 24


def test_chance_silences_of_slow_products_are_not_shortages():
    found = find_shortages(shop(pace=0.15, products=400), np.ones(400), period_days=7)

    assert (found.gaps > 0).mean() < 0.1


def test_a_national_shortage_is_told_apart():
    sales = shop()
    sales[:2] = 2.0
    sales[:2, 80:92] = 0.0
    national = np.zeros(sales.shape, dtype=bool)
    national[0, 78:94] = True

    found = find_shortages(sales, np.full(120, 5.0), period_days=7, national=national)

    assert found.national_days[0] == pytest.approx(84, rel=0.05)
    assert found.lost_per_month[0] == pytest.approx(0, abs=1e-6)
    assert found.national_per_month[0] == pytest.approx(found.lost_per_month[1], rel=0.3)
    assert found.national_per_month[1] == 0


def test_an_empty_shelf_that_sold_is_out_now_and_loses_since_its_last_sale():
    sales = shop()
    sales[:2] = 2.0
    sales[:2, -5:] = 0.0

    found = find_shortages(sales, np.array([0.0, 4.0] + [4.0] * 118), period_days=7)

    assert found.out_now[0]
    assert not found.out_now[1:].any()
    assert found.lost_per_month[0] > 0.5
    assert found.lost_per_month[1] < 0.05


def test_days_work_as_weeks_do():
    sales = np.random.default_rng(1).poisson(0.4, size=(60, 728)).astype(float)
    sales[0, 560:630] = 0.0

    found = find_shortages(sales, np.full(60, 5.0), period_days=1)

    assert found.gaps[0] == 1
    assert found.days_out[0] == pytest.approx(70, rel=0.15)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.sampled_from([1.0, 7.0, 30.44]))
def test_bounds_hold_the_mean_whatever_the_file(seed, periods, days):
    draw = np.random.default_rng(seed)
    sales = draw.poisson(draw.gamma(0.5, 1.0, size=(8, 1)), size=(8, periods)).astype(float)
    national = draw.random(sales.shape) < 0.1

    found = find_shortages(
        sales, draw.integers(0, 3, 8).astype(float), period_days=days, national=national
    )

    for low, mean, high in (
        (found.low, found.lost_per_month, found.high),
        (found.national_low, found.national_per_month, found.national_high),
    ):
        assert (low >= 0).all()
        assert (low <= mean + 1e-9).all()
        assert (mean <= high + 1e-9).all()
    assert (found.days_out <= 366 + days).all()
