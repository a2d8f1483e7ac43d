"""Training on the past of a whole shop: what is found again, what is never taken for a zero."""

import json

import numpy as np
import pytest

from backofficine.science.demand.history import History, set_apart_peaks
from backofficine.science.demand.training import Trained, predict, train

WEEKS = 104


def shop(*, rates: np.ndarray, seed: int = 7, season: np.ndarray | None = None) -> History:
    """Poisson demand at the given weekly rates, in one group, always in stock."""
    rng = np.random.default_rng(seed)
    place = np.arange(WEEKS) % 52
    factor = np.ones(52) if season is None else season
    quantity = rng.poisson(rates[:, None] * factor[place])
    return History(
        quantity=quantity.astype(float),
        known=np.ones(quantity.shape, dtype=bool),
        weight=np.ones(WEEKS),
        season=place,
        group=np.zeros(len(rates), dtype=np.int64),
    )


def ahead(trained: Trained, weeks: int) -> np.ndarray:
    place = np.arange(WEEKS, WEEKS + weeks) % 52
    return predict(trained, weight=np.ones(weeks), season=place).expected()


def test_the_rate_of_steady_products_is_found_again() -> None:
    rates = np.repeat([0.2, 1.0, 5.0, 20.0], 50)
    found = ahead(train(shop(rates=rates), cycle=52), 4) / 4
    for rate in np.unique(rates):
        assert found[rates == rate].mean() == pytest.approx(rate, rel=0.15)


def test_a_week_out_of_stock_is_not_a_week_without_demand() -> None:
    rates = np.full(100, 3.0)
    history = shop(rates=rates)
    history.known[:, -40::2] = False
    history.quantity[:, -40::2] = 0
    found = ahead(train(history, cycle=52), 4) / 4
    assert found.mean() == pytest.approx(3.0, rel=0.1)


def test_a_season_shared_by_the_group_is_found_again() -> None:
    season = 1 + 0.8 * np.sin(2 * np.pi * np.arange(52) / 52)
    trained = train(shop(rates=np.full(200, 4.0), season=season), cycle=52)
    peak = predict(trained, weight=np.ones(1), season=np.array([13])).expected().mean()
    trough = predict(trained, weight=np.ones(1), season=np.array([39])).expected().mean()
    assert peak / trough > 4


def test_what_is_stored_gives_the_same_law_back() -> None:
    trained = train(shop(rates=np.linspace(0.1, 9, 30)), cycle=52)
    again = Trained.of(trained.columns(), json.loads(json.dumps(trained.shared())))
    place = np.arange(3)
    first = predict(trained, weight=np.ones(3), season=place)
    second = predict(again, weight=np.ones(3), season=place)
    assert second.mean == pytest.approx(first.mean, rel=1e-4)
    assert second.quantile(0.95).tolist() == first.quantile(0.95).tolist()


def test_closed_days_ask_nothing_and_horizons_may_differ() -> None:
    trained = train(shop(rates=np.array([2.0, 2.0])), cycle=52)
    weight = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    short, long = predict(trained, weight=weight, season=np.arange(3)).expected()
    assert long > 2 * short
    closed = predict(trained, weight=np.zeros(3), season=np.arange(3))
    assert closed.quantile(0.999).tolist() == [0, 0]


def test_a_shop_without_products_and_a_product_without_a_past() -> None:
    empty = train(shop(rates=np.empty(0)), cycle=52)
    assert len(predict(empty, weight=np.ones(2), season=np.arange(2))) == 0
    unseen = shop(rates=np.array([1.0, 0.5]))
    unseen.known[0] = False
    law = predict(train(unseen, cycle=52), weight=np.ones(2), season=np.arange(2))
    assert np.isfinite(law.expected()).all()
    assert np.isfinite(law.variance()).all()


def test_one_large_order_is_set_apart_and_nothing_is_lost() -> None:
    quantity = np.array([[1.0, 0, 2, 1, 60, 1, 0, 2], [1, 0, 0, 0, 40, 0, 0, 0]])
    cleaned, peaks = set_apart_peaks(quantity, np.ones(quantity.shape, dtype=bool))
    assert cleaned[0, 4] == 9
    assert peaks[0].tolist() == [0, 0, 0, 0, 51, 0, 0, 0]
    assert peaks[1].sum() == 0, "seen once or twice: nothing says what is usual"
    assert (cleaned + peaks == quantity).all()
