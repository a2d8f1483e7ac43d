"""The plain replenishment policy: its formulas, its sentence, its speed."""

import math
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backofficine.science.policies import (
    Columns,
    Cover,
    DemandSummary,
    ReasonCode,
    Service,
    StockPosition,
    Terms,
    demand_quantile,
    order_up_to,
    propose,
    propose_many,
    recompute,
)

HALF_DAY = Cover(lead_time_days=0.5, review_days=0.5)


def demand(quantity: int, *, lines: int | None = None, **more: int) -> DemandSummary:
    """Boxes asked one by one over 100 days."""
    count = quantity if lines is None else lines
    values = {"days": 100, "largest_line": 1, "lines": count, "squares": quantity} | more
    return DemandSummary(quantity=quantity, **values)


positions = st.builds(
    StockPosition,
    on_hand=st.integers(0, 60),
    on_order=st.integers(0, 30),
    promised=st.integers(0, 30),
)

owing = st.builds(
    lambda position, missing: replace(
        position, promised=position.on_hand + position.on_order + missing
    ),
    positions,
    st.integers(1, 20),
)


@st.composite
def demands(draw: st.DrawFn) -> DemandSummary:
    lines = draw(st.lists(st.integers(1, 30), max_size=15))
    days = draw(st.integers(1, 400))
    told = draw(st.booleans())
    return DemandSummary(
        quantity=sum(lines),
        days=days,
        days_out=draw(st.integers(0, days)),
        largest_line=max(lines, default=0),
        lines=len(lines) if told else 0,
        squares=sum(q * q for q in lines) if told else 0,
    )


covers = st.builds(
    Cover,
    lead_time_days=st.floats(0, 15, allow_nan=False),
    review_days=st.floats(0, 30, allow_nan=False),
)
terms = st.builds(
    Terms,
    case_size=st.integers(1, 24),
    minimum_floor=st.integers(0, 5),
    maximum=st.none() | st.integers(0, 80),
    on_request=st.booleans(),
)


def test_the_position_subtracts_what_is_owed():
    assert StockPosition(on_hand=3, on_order=2, promised=4).net == 1


def test_nothing_is_ordered_above_the_reorder_point():
    assert order_up_to(StockPosition(5, 0, 0), reorder_point=4, target=9) == 0


def test_at_the_reorder_point_we_order_up_to_the_target():
    assert order_up_to(StockPosition(4, 0, 0), reorder_point=4, target=9) == 5


def test_days_out_of_stock_are_not_days_without_demand():
    sold_half_the_time = demand(20, days_out=50)

    assert sold_half_the_time.rate_per_day == pytest.approx(0.4)


def test_one_lucky_day_in_stock_is_not_read_as_a_habit():
    assert demand(5, days_out=99).rate_per_day == pytest.approx(0.5)


def test_one_exceptional_line_is_brought_back_to_three_usual_ones():
    usual = DemandSummary(quantity=49, days=100, lines=10, largest_line=40, squares=9 + 1600)

    assert usual.peak == 37
    assert usual.rate_per_day == pytest.approx(0.12)


def test_a_usual_line_is_left_alone():
    assert demand(40).peak == 0


def test_a_frequent_product_follows_the_textbook_formula():
    fast = propose(
        StockPosition(0, 0, 0),
        demand=demand(2000),
        cover=Cover(lead_time_days=1, review_days=2),
        terms=Terms(),
    )

    safety = 2.0537489 * math.sqrt(20 * 3)
    assert fast.numbers.safety == pytest.approx(safety, abs=0.1)
    assert fast.numbers.minimum == math.ceil(20 + fast.numbers.safety)
    assert fast.target == math.ceil(60 + fast.numbers.safety)
    assert fast.quantity == fast.target
    assert fast.reason_code is ReasonCode.BELOW_MINIMUM


def test_without_variance_the_target_covers_exactly_the_mean_demand():
    """At a service of one half the normal safety stock is nil: d·(L+R) remains."""
    steady = propose(
        StockPosition(0, 0, 0),
        demand=demand(2000),
        cover=Cover(lead_time_days=1, review_days=2),
        terms=Terms(),
        service=Service(level=0.5),
    )

    assert (steady.numbers.minimum, steady.target) == (20, 60)


def test_a_slow_product_keeps_its_poisson_quantile():
    slow = propose(
        StockPosition(0, 0, 0),
        demand=demand(60),
        cover=Cover(lead_time_days=1, review_days=1),
        terms=Terms(),
    )

    # P(Poisson(1.2) ≤ 4) = 0.992 and P(≤ 3) = 0.966: four boxes for 98 %.
    assert slow.target == 4


def test_a_product_sold_by_several_boxes_keeps_more_than_one_sold_singly():
    singly = demand(60)
    by_three = DemandSummary(quantity=60, days=100, largest_line=3, lines=20, squares=180)

    kept = [
        propose(StockPosition(0, 0, 0), demand=d, cover=HALF_DAY, terms=Terms()).target
        for d in (singly, by_three)
    ]

    assert kept[1] > kept[0]


def test_a_very_slow_product_keeps_one_box_and_is_replaced_when_it_leaves():
    def order(on_hand: int) -> int:
        position = StockPosition(on_hand, 0, 0)
        return propose(position, demand=demand(2), cover=HALF_DAY, terms=Terms()).quantity

    assert (order(1), order(0)) == (0, 1)


def test_a_product_nobody_asks_for_is_ordered_for_promises_only():
    idle = propose(StockPosition(0, 0, 0), demand=demand(0), cover=HALF_DAY, terms=Terms())
    owed = propose(StockPosition(0, 0, 2), demand=demand(0), cover=HALF_DAY, terms=Terms())

    assert (idle.quantity, idle.reason_code) == (0, ReasonCode.NO_DEMAND)
    assert (owed.quantity, owed.reason_code) == (2, ReasonCode.FOR_PROMISES)


def test_a_product_asked_for_once_is_not_kept():
    once = propose(StockPosition(0, 0, 0), demand=demand(1), cover=HALF_DAY, terms=Terms())

    assert (once.quantity, once.reason_code) == (0, ReasonCode.NO_DEMAND)


def test_an_expensive_product_is_ordered_for_the_patient_who_asked_and_no_more():
    dear = Terms(on_request=True)
    idle = propose(StockPosition(0, 0, 0), demand=demand(40), cover=HALF_DAY, terms=dear)
    owed = propose(StockPosition(0, 0, 1), demand=demand(40), cover=HALF_DAY, terms=dear)

    assert (idle.quantity, idle.reason_code) == (0, ReasonCode.ON_REQUEST)
    assert (owed.quantity, owed.reason_code) == (1, ReasonCode.FOR_PROMISES)


def test_an_emergency_product_keeps_its_floor_without_any_demand():
    antidote = propose(
        StockPosition(1, 0, 0), demand=demand(0), cover=HALF_DAY, terms=Terms(minimum_floor=2)
    )

    assert (antidote.quantity, antidote.reason_code) == (1, ReasonCode.BELOW_FLOOR)


def test_a_full_shelf_stops_the_order_but_never_a_promise():
    tight = Terms(maximum=3, case_size=4)
    kept = propose(StockPosition(1, 0, 0), demand=demand(300), cover=HALF_DAY, terms=tight)
    owed = propose(StockPosition(0, 0, 5), demand=demand(300), cover=HALF_DAY, terms=tight)

    assert (kept.quantity, kept.reason_code) == (0, ReasonCode.NO_ROOM)
    assert owed.quantity == 8


def test_what_is_on_order_is_not_ordered_twice():
    first = propose(StockPosition(0, 0, 0), demand=demand(300), cover=HALF_DAY, terms=Terms())
    again = propose(
        StockPosition(0, first.quantity, 0), demand=demand(300), cover=HALF_DAY, terms=Terms()
    )

    assert first.quantity > 0
    assert (again.quantity, again.reason_code) == (0, ReasonCode.ENOUGH)


def test_the_quantity_is_a_whole_number_of_cases():
    sixes = propose(
        StockPosition(0, 0, 0), demand=demand(500), cover=HALF_DAY, terms=Terms(case_size=6)
    )

    assert sixes.quantity % 6 == 0
    assert 0 <= sixes.quantity - sixes.numbers.need < 6


@pytest.mark.parametrize("wrong", [Terms(case_size=0)])
def test_an_empty_case_is_refused(wrong):
    with pytest.raises(ValueError, match="case_size"):
        propose(StockPosition(0, 0, 0), demand=demand(5), cover=HALF_DAY, terms=wrong)


def test_a_negative_lead_time_is_refused():
    backwards = Cover(lead_time_days=-1, review_days=1)
    with pytest.raises(ValueError, match="negative"):
        propose(StockPosition(0, 0, 0), demand=demand(5), cover=backwards, terms=Terms())


@settings(max_examples=300, deadline=None)
@given(position=positions, demand=demands(), cover=covers, terms=terms)
def test_the_numbers_of_the_sentence_give_the_quantity_again(position, demand, cover, terms):
    proposal = propose(position, demand=demand, cover=cover, terms=terms)

    assert recompute(proposal) == proposal.quantity


@settings(max_examples=200, deadline=None)
@given(demand=demands(), cover=covers, floor=st.integers(0, 5))
def test_the_reorder_point_is_the_last_position_that_orders(demand, cover, floor):
    def order(on_hand: int) -> int:
        position = StockPosition(on_hand, 0, 0)
        return propose(position, demand=demand, cover=cover, terms=kept).quantity

    kept = Terms(minimum_floor=floor)
    levels = propose(StockPosition(0, 0, 0), demand=demand, cover=cover, terms=kept)

    assert order(levels.reorder_point + 1) == 0
    if levels.reorder_point >= 0:
        assert order(levels.reorder_point) == levels.target - levels.reorder_point > 0


@settings(max_examples=200, deadline=None)
@given(
    position=owing,
    demand=demands(),
    cover=covers,
    terms=terms,
)
def test_no_proposal_leaves_a_promise_uncovered(position, demand, cover, terms):
    proposal = propose(position, demand=demand, cover=cover, terms=terms)

    assert position.net < 0 <= position.net + proposal.quantity
    assert proposal.quantity >= 0
    assert proposal.quantity % terms.case_size == 0


@settings(max_examples=100, deadline=None)
@given(position=positions, demand=demands(), cover=covers, terms=terms)
def test_one_more_box_on_hand_never_orders_more(position, demand, cover, terms):
    richer = replace(position, on_hand=position.on_hand + 1)

    now = propose(position, demand=demand, cover=cover, terms=terms)
    then = propose(richer, demand=demand, cover=cover, terms=terms)

    assert then.quantity <= now.quantity


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(positions, demands(), covers, terms), min_size=1, max_size=30))
def test_many_at_once_are_the_same_as_one_by_one(rows):
    many = propose_many(
        Columns.of(
            [row[0] for row in rows],
            demands=[row[1] for row in rows],
            cover=[row[2] for row in rows],
            terms=[row[3] for row in rows],
        )
    )

    assert list(many) == [propose(p, demand=d, cover=c, terms=t) for p, d, c, t in rows]


def test_six_thousand_products_take_less_than_a_tenth_of_a_second():
    rng = np.random.default_rng(7)
    asked = rng.negative_binomial(0.3, 0.02, size=6000)
    columns = Columns.of(
        [StockPosition(int(h), 0, 0) for h in rng.integers(0, 9, size=6000)],
        demands=[DemandSummary(int(q), 150, 0, min(3, int(q)), int(q), int(q)) for q in asked],
        cover=HALF_DAY,
        terms=[Terms()] * 6000,
    )

    # The best of three: the machine may be busy elsewhere.
    seconds = min(_timed(lambda: propose_many(columns)) for _ in range(3))

    assert seconds < 0.1


def _timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_the_discrete_quantile_agrees_with_drawn_demand():
    rng = np.random.default_rng(3)
    mean, ratio = 4.0, 2.5
    drawn = rng.negative_binomial(mean / (ratio - 1), 1 / ratio, size=200_000)

    found = demand_quantile(mean=np.array([mean]), variance_to_mean=np.array([ratio]), level=0.98)[
        0
    ]

    assert (drawn <= found).mean() >= 0.975
    assert (drawn <= found - 1).mean() < 0.985
