"""The judges judged: baselines by hand, sets by their oddities, calibration by true laws."""

from dataclasses import replace

import numpy as np
import pytest

from backofficine.science.demand.laws import Law
from tools.orders import baselines, calibrate, release, sets, trial, vn2
from tools.orders.shop import Costs, Demand, Moment, Rules
from tools.truth_series import DataAbsent

COSTS = Costs()


def demand_of(quantity, *, period="week", known=None):
    quantity = np.asarray(quantity, dtype=float)
    n, periods = quantity.shape
    return Demand(
        name="invented",
        quantity=quantity,
        known=np.ones(quantity.shape, dtype=bool) if known is None else np.asarray(known),
        season=np.arange(periods + 60) % 52,
        cycle=53,
        group=np.zeros(n, dtype=np.int64),
        attributes=np.zeros((n, 0), dtype=np.int64),
        period=period,
        weight=np.ones(periods + 60),
    )


def now_of(*row, net=0, rules=Rules(lead=1), known=None):  # noqa: B008
    demand = demand_of([row], known=None if known is None else [known])
    return Moment(
        quantity=demand.quantity,
        known=demand.known,
        season=demand.season[: len(row)],
        season_ahead=demand.season[len(row) :],
        cycle=53,
        group=demand.group,
        attributes=demand.attributes,
        period="week",
        weight=demand.weight[: len(row)],
        weight_ahead=demand.weight[len(row) :],
        on_hand=np.array([net]),
        arriving=np.zeros((1, rules.lead), dtype=np.int64),
        rules=rules,
        costs=COSTS,
    )


# Baselines ---------------------------------------------------------------------------------------


def test_cover_is_so_many_periods_of_the_mean():
    # Mean of the last four: 3; lead time and review: 2 periods; one and a half times: 9.
    assert baselines.cover(1.5, 4)(now_of(9, 2, 4, 2, 4)).tolist() == [9]
    assert baselines.cover(1.5, 4)(now_of(9, 2, 4, 2, 4, net=5)).tolist() == [4]
    assert baselines.cover(1.5, 4)(now_of(9, 2, 4, 2, 4, net=50)).tolist() == [0]


def test_a_period_out_of_stock_is_in_no_mean():
    now = now_of(4, 4, 0, 4, known=[True, True, False, True])

    assert baselines.cover(1.0, 4)(now).tolist() == [8]


def test_normal_safety_is_that_of_the_books():
    row = [2.0, 6.0] * 20
    # Mean 4, deviation 2.03: two periods 8 + 1.645 · 2.03 · √2 = 12.7.
    assert baselines.normal(0.95, 0)(now_of(*row)).tolist() == [13]


def test_croston_as_corrected_is_constant_on_a_constant_rhythm():
    # Three units every other week, corrected by 1 − 0.05: 1.425 a week, 2.85 over two.
    now = now_of(*[0.0, 3.0] * 40)

    rate, _, _ = baselines._sba(now.quantity, now.known)

    assert rate == pytest.approx([1.425])


def test_the_empirical_target_is_a_quantile_of_sums():
    # Sums of two: 1 in one case of ten, 0 elsewhere but once 5.
    row = [0.0] * 40 + [5.0] + [0.0] * 40

    assert baselines.empirical(0.9, 0)(now_of(*row)).tolist() == [0]
    assert baselines.empirical(0.99, 0)(now_of(*row)).tolist() == [5]


def test_the_plain_policy_of_the_house_answers_whole_quantities():
    rng = np.random.default_rng(1)
    now = now_of(*rng.poisson(3.0, 52).astype(float))

    (quantity,) = baselines.minimum_maximum(0.9, 0)(now)

    assert 6 <= quantity <= 15


# Trials ------------------------------------------------------------------------------------------


def invented_trial(seed=3):
    rng = np.random.default_rng(seed)
    demand = demand_of(rng.poisson(rng.gamma(2.0, 1.0, (60, 1)), (60, 104)))
    return sets.Trial(demand, Rules(lead=2), held_back=12, warm_up=6, memory=(13, 52))


def test_a_policy_against_itself_costs_the_same_and_is_never_better():
    judged = invented_trial()

    policy, _ = trial.tuned(baselines.BASELINES[0], trial=judged, costs=COSTS)
    table = trial.judge(policy, trial=judged, costs=COSTS, baselines=baselines.BASELINES[:1])

    assert table.ratio == 1.0
    assert table.interval(seed=1) == (1.0, 1.0)


def test_knowing_what_comes_costs_less_than_every_baseline():
    judged = invented_trial()
    asked = judged.demand.quantity

    def seer(now):
        """Order what the third period ahead will ask, whatever is left."""
        length = now.quantity.shape[1]
        ahead = asked[:, length : length + 3].sum(axis=1)
        return np.maximum(ahead - now.net, 0).astype(np.int64)

    assert trial.judge(seer, trial=judged, costs=COSTS).hardest_ratio < 0.5


def test_tuning_never_looks_at_the_judged_window():
    judged = invented_trial()
    other = judged.demand.quantity.copy()
    other[:, judged.start :] *= 5
    changed = replace(judged, demand=replace(judged.demand, quantity=other))

    for baseline in baselines.BASELINES:
        numbers = {trial.tuned(baseline, trial=each, costs=COSTS)[1] for each in (judged, changed)}
        assert len(numbers) == 1


def test_a_dearer_shortage_is_answered_by_more_stock():
    judged = invented_trial()

    cheap, dear = (
        trial.tuned(baselines.BASELINES[2], trial=judged, costs=costs)[1] for costs in trial.COSTS
    )

    assert dear > cheap


# Calibration -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [np.inf, 0.7])
def test_a_true_law_is_found_calibrated_and_a_narrow_one_is_not(size):
    rng = np.random.default_rng(4)
    mean = rng.gamma(1.0, 2.0, 20_000) + 0.05
    rate = mean if np.isinf(size) else rng.gamma(size, mean / size)
    asked = rng.poisson(rate)
    true = Law.single(mean, np.full(len(mean), size))
    narrow = Law.single(mean / 2, np.full(len(mean), np.inf))

    for law, told in ((true, True), (narrow, False)):
        judged = calibrate._judged(demand_of([[1.0]]), 1, [(law, asked)], seeds=[1, 2])
        assert judged.is_calibrated() is told


def test_the_randomised_transform_of_a_true_law_is_uniform():
    rng = np.random.default_rng(5)
    asked = rng.poisson(0.3, 50_000)
    law = Law.single(np.full(50_000, 0.3), np.full(50_000, np.inf))

    pit = calibrate.randomised_pit(law, asked, rng=rng)

    assert np.histogram(pit, bins=10, range=(0, 1))[0] == pytest.approx(5000, abs=300)


# The register ------------------------------------------------------------------------------------


def test_each_run_of_the_last_weeks_is_a_row_and_none_is_taken_away(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"| a |\n|---|\n{release.MARK}\nafter\n", encoding="utf-8")

    for cost in (2400.0, 2500.0):
        release.record(page, name="first", cost=cost, ratio=cost / 2734.6, folder=tmp_path)

    lines = page.read_text(encoding="utf-8").splitlines()
    assert "2,400.0 | 0.8776" in lines[2]
    assert "2,500.0 | 0.9142" in lines[3]
    assert lines[4:] == [release.MARK, "after"]


# With the real data ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "products", "periods"),
    [
        ("carparts", 1645, 51),
        ("hospital-monthly", 591, 84),
        ("online-retail-uci", 2134, 52),
        ("pharma-sales", 8, 2098),
    ],
)
def test_the_sets_are_what_their_pages_say(name, products, periods):
    try:
        judged = sets.TRIALS[name](vn2.data_folder())
    except DataAbsent as absent:
        pytest.skip(str(absent))

    demand = judged.demand
    assert demand.quantity.shape == (products, periods)
    assert (demand.quantity == np.round(demand.quantity)).all()
    assert (demand.quantity >= 0).all()
    assert judged.tuning_start - judged.warm_up > 0
    if name == "pharma-sales":
        assert not demand.known[:, 1095:1131].any()  # from 2017-01-01 to 2017-02-05
        assert demand.known.sum() == 8 * (2098 - 36)
