"""The rules of the challenge on cases small enough to do by hand, then the published figures."""

from dataclasses import replace

import numpy as np
import pytest

from tools.orders import vn2
from tools.orders.shop import Costs, Demand, Moment, Rules, State, live
from tools.truth_series import DataAbsent

RULES = Rules(lead=2)


def demand_of(*rows, known=None):
    quantity = np.array(rows, dtype=float)
    return Demand(
        name="tiny",
        quantity=quantity,
        known=np.ones(quantity.shape, dtype=bool) if known is None else np.array(known),
        season=np.zeros(quantity.shape[1] + 60, dtype=np.int64),
        cycle=1,
        group=np.zeros(len(rows), dtype=np.int64),
        attributes=np.zeros((len(rows), 0), dtype=np.int64),
        period="week",
        weight=np.ones(quantity.shape[1] + 60),
    )


def state_of(on_hand, first, second):
    return State(np.array([on_hand]), np.array([[first, second]]))


def nothing(now: Moment):
    return np.zeros(len(now.on_hand), dtype=np.int64)


def week(policy, demand, *, state, periods, start=0):
    return live(
        policy,
        demand=demand,
        start=start,
        periods=periods,
        state=state,
        rules=RULES,
        costs=vn2.COSTS,
    )


def test_what_is_in_transit_comes_at_the_start_of_weeks_1_and_2():
    lived = week(nothing, demand_of([2, 3, 4]), state=state_of(1, 2, 5), periods=3)

    # 1 + 2 − 2 = 1 left; 1 + 5 − 3 = 3 left; 3 − 4: nothing left, one lost.
    assert lived.left.tolist() == [[1, 3, 0]]
    assert lived.lost.tolist() == [[0, 0, 1]]
    assert lived.cost().tolist() == [pytest.approx([0.2, 0.6, 1.0])]


def test_what_is_lost_is_not_served_later():
    lived = week(nothing, demand_of([5, 1]), state=state_of(0, 0, 3), periods=2)

    assert lived.lost.tolist() == [[5, 0]]
    assert lived.left.tolist() == [[0, 2]]


def test_an_order_at_the_end_of_week_0_serves_week_3_and_no_sooner():
    def seven_once(now):
        return np.array([7 if now.quantity.shape[1] == 2 else 0])

    demand = demand_of([9, 9, 1, 1, 1, 1])
    lived = week(seven_once, demand, state=state_of(0, 0, 0), periods=4, start=2)

    assert lived.lost.tolist() == [[1, 1, 0, 0]]
    assert lived.left.tolist() == [[0, 0, 6, 5]]


def test_orders_are_placed_at_the_end_of_weeks_0_to_5():
    asked_at = []

    def watch(now):
        asked_at.append(now.quantity.shape[1])
        return nothing(now)

    week(watch, demand_of([1] * 8), state=state_of(0, 0, 0), periods=8)

    assert asked_at == [0, 1, 2, 3, 4, 5]


def test_a_policy_sees_true_sales_and_what_is_on_its_way_and_nothing_ahead():
    seen = []

    def order_three(now):
        seen.append((now.quantity.tolist(), int(now.on_hand[0]), now.arriving.tolist()))
        return np.array([3])

    week(order_three, demand_of([4, 6, 1, 1, 1]), state=state_of(1, 0, 0), periods=5)

    # Two of the four were lost: the four are shown.
    assert seen == [
        ([[]], 1, [[0, 0]]),
        ([[4]], 0, [[0, 3]]),
        ([[4, 6]], 0, [[3, 3]]),
    ]


def test_a_week_out_of_stock_costs_nothing_and_keeps_its_stock():
    demand = demand_of([0, 2], known=[[False, True]])

    lived = week(nothing, demand, state=state_of(3, 0, 0), periods=2)

    assert lived.cost().tolist() == [pytest.approx([0.0, 0.2])]


@pytest.mark.parametrize("answer", [[-1], [1.0], [1, 2]])
def test_a_policy_that_answers_nonsense_is_refused(answer):
    with pytest.raises(ValueError, match="whole quantity"):
        week(
            lambda now: np.array(answer),
            demand_of([1, 1, 1]),
            state=state_of(0, 0, 0),
            periods=3,
        )


def test_every_other_period_is_asked_when_the_review_is_two():
    asked_at = []

    def watch(now):
        asked_at.append(now.quantity.shape[1])
        return nothing(now)

    live(
        watch,
        demand=demand_of([1] * 8),
        start=0,
        periods=8,
        state=State.empty(1, lead=1),
        rules=Rules(lead=1, review=2),
        costs=Costs(),
    )

    assert asked_at == [0, 2, 4, 6]


def test_the_benchmark_masks_weeks_out_of_stock_and_orders_up_to_four_weeks():
    # Twelve weeks of two and one masked: mean two, no season; up to 8, of which 3 are there.
    demand = demand_of([2.0] * 12 + [0.0], known=[[True] * 12 + [False]])
    now = Moment(
        quantity=demand.quantity,
        known=demand.known,
        season=demand.season[:13],
        season_ahead=demand.season[13:],
        cycle=1,
        group=demand.group,
        attributes=demand.attributes,
        period="week",
        weight=np.ones(13),
        weight_ahead=np.ones(60),
        on_hand=np.array([1]),
        arriving=np.array([[0, 2]]),
        rules=RULES,
        costs=vn2.COSTS,
    )

    assert vn2.benchmark(now).tolist() == [5]


def test_the_benchmark_takes_the_season_of_the_weeks_to_come():
    # Two places in the year: asked 1 then 3. Factors 0.5 and 1.5; mean without season 2.
    quantity = np.array([[1.0, 3.0] * 7])
    season = np.arange(80) % 2
    now = Moment(
        quantity=quantity,
        known=np.ones(quantity.shape, dtype=bool),
        season=season[:14],
        season_ahead=np.array([1, 1, 1, 0]),
        cycle=2,
        group=np.zeros(1, dtype=np.int64),
        attributes=np.zeros((1, 0), dtype=np.int64),
        period="week",
        weight=np.ones(14),
        weight_ahead=np.ones(4),
        on_hand=np.array([0]),
        arriving=np.array([[0, 0]]),
        rules=RULES,
        costs=vn2.COSTS,
    )

    assert vn2.benchmark(now).tolist() == [10]


# With the real data ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def challenge():
    try:
        return vn2.load()
    except DataAbsent as absent:
        pytest.skip(str(absent))


def test_weeks_1_and_2_are_decided_before_anybody_orders(challenge):
    for policy in (nothing, vn2.benchmark):
        weekly = vn2.play(policy, challenge=challenge).cost().sum(axis=0)

        assert np.round(weekly[:2]).tolist() == [238, 342]


def test_the_published_benchmark_costs_what_was_published(challenge):
    lived = vn2.play(vn2.benchmark, challenge=challenge)

    assert len(challenge.keys) == 380
    assert vn2.score(lived) == pytest.approx(2734.6, abs=0.05)


def test_earlier_origins_stay_before_the_last_eight_weeks(challenge):
    origins = vn2.earlier_origins(challenge)

    assert max(origins) + vn2.WEEKS < challenge.start
    with pytest.raises(ValueError, match="not for tuning"):
        vn2.rolling(vn2.benchmark, challenge=challenge, origins=[challenge.start])


def test_the_benchmark_rolled_against_itself_is_one(challenge):
    rolled = vn2.rolling(vn2.benchmark, challenge=challenge)

    assert [each.ratio for each in rolled] == [1.0] * 12
    assert vn2.pooled(rolled) == 1.0


def test_rolling_does_not_depend_on_what_comes_after(challenge):
    origin = vn2.earlier_origins(challenge)[0]
    changed = challenge.demand.quantity.copy()
    changed[:, origin + vn2.WEEKS :] += 7
    other = replace(challenge, demand=replace(challenge.demand, quantity=changed))

    before = vn2.rolling(vn2.benchmark, challenge=challenge, origins=[origin])
    after = vn2.rolling(vn2.benchmark, challenge=other, origins=[origin])

    assert before == after
