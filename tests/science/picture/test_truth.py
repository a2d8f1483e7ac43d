"""The truth test on real demand: one seed, when the data are there; its protocol on any machine."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("BACKOFFICINE_TEST_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="module")
def truth() -> ModuleType:
    path = ROOT / "tools" / "truth_test.py"
    spec = importlib.util.spec_from_file_location("truth_test", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["truth_test"] = module
    spec.loader.exec_module(module)
    return module


def test_the_estimate_beats_both_baselines_on_car_parts(truth):
    if not (DATA / "carparts").is_dir():
        pytest.skip("the shared data are not here")

    series = truth.cut(truth.SETS["carparts"](DATA), endings=False)
    score, chance, _ = truth.judge(series, seed=100)

    assert score.ghosts == 60
    assert score.precision > max(score.longest, score.ratio)
    assert score.recall > max(score.recall_longest, score.recall_ratio)
    assert 0 <= chance.min() <= chance.max() <= 1


def test_absent_data_are_told_and_leave_with_two(truth, tmp_path, capsys):
    assert truth.main(["--data", str(tmp_path), "--set", "carparts"]) == 2
    assert "is not there" in capsys.readouterr().err


@pytest.fixture(scope="module")
def shop(truth):
    """An invented set: what is planted must be as the protocol says."""
    draw = np.random.default_rng(1)
    demand = draw.poisson(draw.gamma(1.0, 0.5, size=(400, 1)), size=(400, 104)).astype(float)
    there = np.ones(demand.shape, dtype=bool)
    return truth.plant(truth.Series("invented", demand, 7.0, None, there), seed=0), demand


def test_ghosts_are_on_record_and_silent_for_three_intervals(shop):
    world, _ = shop

    assert world.is_ghost.sum() == 60
    assert (world.on_hand[world.is_ghost] > 0).all()
    for sales in world.sales[world.is_ghost]:
        at = np.flatnonzero(sales)
        assert 103 - at[-1] >= 3 * (at[-1] - at[0]) / (len(at) - 1)


def test_the_dead_are_other_products_and_there(shop):
    world, _ = shop

    assert 10 <= world.is_dead.sum() <= 15
    assert not (world.is_dead & world.is_ghost).any()
    assert (world.on_hand[world.is_dead] > 0).all()


def test_the_shop_sells_no_more_than_was_asked(shop):
    world, demand = shop

    assert (world.sales <= demand).all()
    assert world.sales.sum() > 0.8 * demand[~world.is_ghost].sum()


def test_calibration_error_is_nothing_for_true_chances_and_all_for_lies(truth):
    truths = np.array([True, False] * 50)

    assert truth.calibration_error(np.full(100, 0.5), truths) == pytest.approx(0)
    assert truth.calibration_error(np.where(truths, 0.0, 1.0), truths) == pytest.approx(1)
