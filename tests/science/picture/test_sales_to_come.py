"""Cover, excess and expiry: the same law of the sales to come, checked against drawn sales."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backofficine.science.picture.cover import find_cover
from backofficine.science.picture.expiry import at_risk
from backofficine.science.picture.laws import fewer_than, gamma_bounds, quantile


def poisson(rate: float, *, products: int = 200, weeks: int = 104, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).poisson(rate, size=(products, weeks)).astype(float)


# The law ----------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 300), st.floats(1.0, 8.0), st.sampled_from([0.05, 0.5, 0.95]))
def test_quantiles_are_those_of_drawn_negative_binomials(mean, ratio, level):
    variance = mean * max(ratio, 1.0 + 1e-6)
    size = mean * mean / (variance - mean)
    drawn = np.random.default_rng(1).negative_binomial(size, size / (size + mean), size=40_000)

    found = quantile(np.array([mean]), np.array([variance]), level)[0]

    assert (drawn <= found).mean() >= level - 0.01
    assert (drawn <= found - 1).mean() <= level + 0.01


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 60), st.floats(1.01, 6.0), st.integers(0, 80))
def test_what_is_left_is_that_of_drawn_sales(mean, ratio, boxes):
    variance = mean * ratio
    size = mean * mean / (variance - mean)
    drawn = np.random.default_rng(1).negative_binomial(size, size / (size + mean), size=40_000)

    chance, left = fewer_than(np.array([mean]), np.array([variance]), np.array([float(boxes)]))

    assert chance[0] == pytest.approx((drawn < boxes).mean(), abs=0.015)
    assert left[0] == pytest.approx(np.maximum(boxes - drawn, 0).mean(), abs=0.05 + 0.03 * boxes)


def test_gamma_bounds_hold_nine_draws_in_ten():
    drawn = np.random.default_rng(1).gamma(9.0, 2.0, size=50_000)

    low, high = gamma_bounds(np.array([18.0]), np.array([36.0]))

    assert ((drawn >= low[0]) & (drawn <= high[0])).mean() == pytest.approx(0.9, abs=0.01)


# Cover ------------------------------------------------------------------------------------------


def test_what_sells_a_box_a_week_covers_ten_weeks_with_ten():
    cover = find_cover(np.ones((3, 104)), np.array([10.0, 0.0, -2.0]), period_days=7)

    assert cover.days[0] == pytest.approx(70, rel=0.05)
    assert cover.days[1] == cover.days[2] == 0


def test_the_sales_of_the_next_quarter_lie_in_their_interval_nine_times_in_ten():
    rates = np.random.default_rng(5).gamma(1.5, 0.5, size=(500, 1))
    both = np.random.default_rng(6).poisson(rates, size=(500, 117)).astype(float)
    past, future = both[:, :104], both[:, 104:].sum(axis=1)

    cover = find_cover(past, np.ones(500), period_days=7, horizon_days=91)

    inside = (future >= cover.forecast_low) & (future <= cover.forecast_high)
    assert 0.86 < inside.mean() <= 1
    assert cover.forecast.sum() == pytest.approx(future.sum(), rel=0.05)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.floats(1, 400), st.floats(1, 400))
def test_excess_grows_with_what_is_held_and_falls_with_the_horizon(one, other, days, more):
    sales = poisson(0.5, products=2)
    few, many = sorted((one, other))
    short, long = sorted((days, more))

    held = find_cover(sales, np.array([few, many], float), period_days=7, horizon_days=short)
    later = find_cover(sales, np.array([few, many], float), period_days=7, horizon_days=long)

    assert (later.excess <= held.excess + 1e-9).all()
    for cover in (held, later):
        assert (cover.excess_low <= cover.excess).all()
        assert (cover.excess <= cover.excess_high).all()
        assert (cover.excess_high <= [few, many]).all()


def test_no_sale_for_a_year_is_dormant_if_held():
    sales = np.zeros((3, 104))
    sales[:, :40] = 1.0
    sales[2, 90] = 1.0

    cover = find_cover(sales, np.array([2.0, 0.0, 2.0]), period_days=7)

    assert cover.dormant.tolist() == [True, False, False]


def test_a_season_that_comes_sells_more_than_one_that_goes():
    months = (np.arange(156) * 7 // 30.4 % 12 + 1).astype(np.int64)
    sales = np.random.default_rng(4).poisson(
        np.where(np.isin(months, (12, 1, 2)), 2.0, 0.3), size=(80, 156)
    )
    autumn = int(np.flatnonzero(months == 11)[-1]) + 1
    spring = int(np.flatnonzero(months == 2)[-1]) + 1

    before, after = (
        find_cover(
            sales[:, :end].astype(float), np.ones(80), period_days=7, months=months[:end]
        ).forecast.mean()
        for end in (autumn, spring)
    )

    assert before > 2 * after


# Expiry -----------------------------------------------------------------------------------------


def lots(sales: np.ndarray, *rows: tuple[int, int, int]):
    product, quantity, days_left = np.array(rows).T
    return at_risk(
        sales,
        product=product,
        quantity=quantity.astype(float),
        days_left=days_left.astype(float),
        period_days=7,
    )


def test_what_is_past_its_date_is_all_left():
    risk = lots(poisson(1.0), (0, 5, 0), (1, 3, -10))

    assert risk.unsold.tolist() == [5, 3]
    assert risk.probability.tolist() == [1, 1]
    assert risk.low.tolist() == risk.high.tolist() == [5, 3]


def test_a_fast_product_sells_in_time_and_a_slow_one_does_not():
    sales = np.vstack([poisson(4.0), poisson(0.05)])

    risk = lots(sales, (0, 5, 180), (200, 5, 30))

    assert risk.unsold[0] < 0.1
    assert risk.unsold[1] > 4
    assert risk.probability[0] < 0.05 < 0.95 < risk.probability[1]


def test_the_lot_of_the_later_date_waits_for_the_first():
    sales = poisson(1.0)

    alone = lots(sales, (0, 10, 100))
    behind = lots(sales, (0, 10, 100), (0, 10, 60))

    assert behind.unsold[0] > alone.unsold[0]
    assert behind.unsold[1] == pytest.approx(lots(sales, (0, 10, 60)).unsold[0])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(-30, 900)),
        min_size=1,
        max_size=8,
    )
)
def test_no_more_is_left_than_there_is(rows):
    risk = lots(poisson(0.4), *rows)

    quantity = np.array([row[1] for row in rows])
    assert (risk.low >= 0).all()
    assert (risk.low <= risk.unsold + 1e-9).all()
    assert (risk.unsold <= risk.high + 1e-9).all()
    assert (risk.high <= quantity + 1e-9).all()
    assert ((risk.probability >= 0) & (risk.probability <= 1)).all()


def test_more_time_leaves_less():
    sales = poisson(0.4)

    left = [lots(sales, (0, 12, days)).unsold[0] for days in (10, 60, 120, 400)]

    assert left == sorted(left, reverse=True)
