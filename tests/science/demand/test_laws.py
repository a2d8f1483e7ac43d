"""Mixtures of negative binomials, against brute force."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backofficine.science.demand.laws import Law


def probability(x: int, *, mean: float, size: float) -> float:
    """The textbook formula, one value at a time."""
    if mean == 0:
        return float(x == 0)
    if math.isinf(size):
        return math.exp(x * math.log(mean) - mean - math.lgamma(x + 1))
    return math.exp(
        math.lgamma(x + size)
        - math.lgamma(size)
        - math.lgamma(x + 1)
        + size * math.log(size / (size + mean))
        + x * math.log(mean / (size + mean))
    )


@st.composite
def mixtures(draw: st.DrawFn) -> Law:
    n, parts = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    means = st.one_of(st.just(0.0), st.floats(0.01, 30))
    sizes = st.one_of(st.just(math.inf), st.floats(0.1, 50))
    raw = np.array([[draw(st.floats(0.05, 1)) for _ in range(parts)] for _ in range(n)])
    return Law(
        mean=np.array([[draw(means) for _ in range(parts)] for _ in range(n)]),
        size=np.array([[draw(sizes) for _ in range(parts)] for _ in range(n)]),
        weight=raw / raw.sum(axis=1, keepdims=True),
    )


def brute(law: Law, most: int) -> np.ndarray:
    return np.array(
        [
            [
                sum(
                    w * probability(x, mean=m, size=k)
                    for m, k, w in zip(law.mean[i], law.size[i], law.weight[i], strict=True)
                )
                for x in range(most + 1)
            ]
            for i in range(len(law))
        ]
    )


@given(mixtures())
def test_probabilities_are_those_of_the_textbook(law: Law) -> None:
    expected = brute(law, 40)
    assert law.table(40) == pytest.approx(expected, abs=1e-7)
    at = np.tile(np.arange(-1, 41), (len(law), 1))
    cumulated = np.concatenate([np.zeros((len(law), 1)), expected.cumsum(axis=1)], axis=1)
    assert law.cdf(at) == pytest.approx(cumulated, abs=1e-6)


@given(mixtures(), st.floats(0, 0.999))
def test_a_quantile_is_the_least_demand_that_covers_the_level(law: Law, level: float) -> None:
    found = law.quantile(level)
    assert (law.cdf(found) >= level - 1e-9).all()
    assert ((law.cdf(found - 1) < level + 1e-9) | (found == 0)).all()


@given(mixtures(), st.integers(-5, 60))
def test_missing_boxes_are_the_mean_of_what_passes_the_stock(law: Law, stock: int) -> None:
    # The tail of these laws is spent far before 4,000 boxes.
    table = law.table(4000)
    excess = np.maximum(np.arange(4001) - stock, 0)
    stocks = np.full(len(law), stock)
    assert law.missing(stocks) == pytest.approx(table @ excess, abs=1e-4)


@given(mixtures())
def test_the_moments_are_those_of_the_table(law: Law) -> None:
    table = law.table(4000)
    x = np.arange(4001.0)
    assert table.sum(axis=1) == pytest.approx(np.ones(len(law)), abs=1e-6)
    assert law.expected() == pytest.approx(table @ x, abs=1e-3)
    assert law.variance() == pytest.approx(table @ x**2 - (table @ x) ** 2, rel=1e-3, abs=1e-3)


def test_a_large_mean_does_not_vanish_at_zero() -> None:
    law = Law.single(np.array([20_000.0, 0.0]), np.array([np.inf, 1.0]))
    assert law.quantile(0.5).tolist() == [20_000, 0]
    assert law.cdf(np.array([20_000, 0]))[1] == 1.0


def test_each_product_may_have_its_own_level_and_places() -> None:
    law = Law.single(np.array([3.0, 3.0]), np.array([np.inf, np.inf]))
    low, high = law.quantile(np.array([0.1, 0.99])).tolist()
    assert low < 3 < high
    grid = law.cdf(np.array([[0, 3], [3, 9]]))
    assert grid[0, 1] == grid[1, 0]
    assert law.missing(np.array([[0, 3], [3, 9]])).shape == (2, 2)


def test_a_law_without_products_answers_with_nothing() -> None:
    law = Law.single(np.empty(0), np.empty(0))
    assert len(law.quantile(0.9)) == 0
    assert len(law.cdf(np.empty(0))) == 0
