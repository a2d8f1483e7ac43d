"""One order on files: lost sales, a pipeline, costs."""

import numpy as np
import pytest

from backofficine.science.demand.history import History
from backofficine.science.demand.plan import plan

WEEKS = 104
COSTS = {"holding_cost": 0.2, "shortage_cost": 1.0, "lead_time": 2, "review": 1, "cycle": 52}


def steady(rates: np.ndarray) -> History:
    rng = np.random.default_rng(5)
    quantity = rng.poisson(rates[:, None], (len(rates), WEEKS)).astype(float)
    return History(
        quantity=quantity,
        known=np.ones(quantity.shape, dtype=bool),
        weight=np.ones(WEEKS),
        season=np.arange(WEEKS) % 52,
        group=np.zeros(len(rates), dtype=np.int64),
    )


def empty(n: int) -> np.ndarray:
    return np.zeros((n, 2), dtype=np.int64)


def test_nothing_is_ordered_when_the_shelf_is_full() -> None:
    rates = np.full(20, 3.0)
    found = plan(steady(rates), on_hand=np.full(20, 100), arriving=empty(20), **COSTS)
    assert found.tolist() == [0] * 20


def test_an_empty_pipeline_is_the_newsvendor_of_its_own_week() -> None:
    # Nothing on hand: the order alone serves week 3, whose best stock is the quantile of
    # shortage / (shortage + holding) = 0.83 of a Poisson law of mean 10: 13 units.
    rates = np.full(200, 10.0)
    found = plan(steady(rates), on_hand=np.zeros(200, int), arriving=empty(200), **COSTS)
    assert found.mean() == pytest.approx(13, abs=1)


def test_what_will_be_left_of_the_pipeline_is_deducted_once() -> None:
    rates = np.full(100, 10.0)
    history = steady(rates)
    alone = plan(history, on_hand=np.zeros(100, int), arriving=empty(100), **COSTS)
    late = empty(100)
    late[:, 1] = 100
    assert plan(history, on_hand=np.zeros(100, int), arriving=late, **COSTS).sum() == 0
    soon = empty(100)
    soon[:, 0] = 5
    # Five units in week 1 are lost in the demand of weeks 1 and 2: week 3 still needs its own.
    found = plan(history, on_hand=np.zeros(100, int), arriving=soon, **COSTS)
    assert found.mean() == pytest.approx(alone.mean(), abs=0.5)


def test_dearer_shortages_order_more_and_dearer_holding_less() -> None:
    history = steady(np.full(50, 4.0))
    start = {"on_hand": np.zeros(50, int), "arriving": empty(50)}
    usual = plan(history, **start, **COSTS).sum()
    assert plan(history, **start, **COSTS | {"shortage_cost": 9.0}).sum() > usual
    assert plan(history, **start, **COSTS | {"holding_cost": 2.0}).sum() < usual


def test_an_order_that_answers_for_longer_is_larger() -> None:
    history = steady(np.full(50, 4.0))
    start = {"on_hand": np.zeros(50, int), "arriving": empty(50)}
    once = plan(history, **start, **COSTS).sum()
    assert 1.7 * once < plan(history, **start, **COSTS | {"review": 3}).sum() < 3 * once


def test_the_same_files_give_the_same_order() -> None:
    history = steady(np.linspace(0.1, 12, 40))
    start = {"on_hand": np.arange(40) % 5, "arriving": empty(40)}
    assert plan(history, **start, **COSTS).tolist() == plan(history, **start, **COSTS).tolist()


def test_no_product_no_order() -> None:
    found = plan(steady(np.empty(0)), on_hand=np.empty(0, int), arriving=empty(0), **COSTS)
    assert found.tolist() == []
