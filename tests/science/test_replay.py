"""A past lived again: nothing appears, nothing vanishes, nobody sees the future."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backofficine.science.replay.baselines import Cover, Everything, NormalSafety, Plain
from backofficine.science.replay.curves import Point, efficient, missing_at, stock_at
from backofficine.science.replay.past import Arrival, Costs, Lines, Past, Round, Shelf
from backofficine.science.replay.record import Record
from backofficine.science.replay.run import Recorded, replay

DAYS, START, MEASURED = 60, 40, 45
BEFORE_NOON, AFTERNOON = 0.45, 0.62


def past_of(
    *,
    seed=0,
    products=12,
    rate=0.4,
    leave=0.3,
    on_hand=2,
    dated=None,
    life=100_000,
    received=None,
    short=(),
    coming=(),
    promised=0,
):
    """A small shop: one round a day, ordered before noon, delivered in the afternoon."""
    random = np.random.default_rng(seed)
    count = random.poisson(rate * products * DAYS)
    at = np.sort(random.uniform(0, DAYS, count))
    whole = np.full(products, 1, dtype=np.int64)
    return Past(
        days=DAYS,
        start=START,
        measured=MEASURED,
        lines=Lines(
            product=random.integers(0, products, count),
            at=at,
            quantity=1 + random.poisson(0.5, count),
            waits=random.random(count) >= leave,
        ),
        open=np.ones(DAYS),
        known=np.ones((products, DAYS), dtype=np.bool_),
        rounds=tuple(
            Round(
                cut_off=day + BEFORE_NOON,
                due=day + AFTERNOON,
                lead=0.2,
                review=1.0,
                short=np.array(short, dtype=np.int64),
            )
            for day in range(START, DAYS)
        ),
        on_hand=whole * on_hand,
        promised=whole * promised,
        dated=dated or {},
        coming=tuple(coming),
        received=received,
        orders_sent=7,
        shelf=Shelf.plain(products, life=life),
        costs=Costs(
            unit=whole * 2.0,
            missing=whole * 3.0,
            holding=whole * 0.01,
            line=whole * 0.1,
            expired=whole * 2.5,
        ),
    )


POLICIES = [Plain(0.95), Cover(10), NormalSafety.of_level(0.95), Everything(3)]


def conserved(flow):
    return flow.initial + flow.received == (
        flow.served + flow.handed_over + flow.expired + flow.left
    )


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    leave=st.sampled_from([0.0, 0.3, 1.0]),
    life=st.sampled_from([1, 3, 15, 100_000]),
    on_hand=st.integers(0, 5),
    promised=st.integers(0, 2),
    policy=st.sampled_from(POLICIES),
)
def test_every_box_is_served_handed_over_expired_or_left(
    seed, leave, life, on_hand, promised, policy
):
    dated = {START + 2: (np.arange(12), np.full(12, min(on_hand, 1)))} if on_hand else {}
    past = past_of(
        seed=seed, leave=leave, life=life, on_hand=on_hand, promised=promised, dated=dated
    )

    (outcome,) = replay(past, [policy])

    flow, figures = outcome.flow, outcome.figures
    assert conserved(flow).all()
    assert (flow.promised + past.promised == flow.handed_over + flow.owed).all()
    assert min(flow.left.min(), flow.owed.min(), flow.expired.min()) >= 0
    asked = past.lines.at >= START
    by_product = np.bincount(
        past.lines.product[asked], weights=past.lines.quantity[asked], minlength=12
    )
    assert (flow.served + flow.promised + flow.lost == by_product).all()
    assert figures.asked == figures.served + figures.promised + figures.lost
    assert 0 <= figures.fill <= 1
    assert figures.lines_served <= figures.lines


class Watching:
    """Keeps what a policy was shown and what it decided."""

    def __init__(self, policy):
        self.policy = policy
        self.seen = []

    def decide(self, now):
        quantity = self.policy.decide(now)
        daily = now.record.daily(today=now.today)
        self.seen.append((now.round, now.on_hand.copy(), daily.quantity.copy(), quantity.copy()))
        return quantity


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    policy=st.sampled_from(POLICIES),
    cut=st.integers(START + 1, DAYS - 1),
)
def test_scrambling_the_future_changes_no_decision_before_it(seed, policy, cut):
    past = past_of(seed=seed)
    later = past.lines.at >= cut
    random = np.random.default_rng(seed + 1)
    lines = past.lines
    scrambled = replace(
        past,
        lines=Lines(
            product=np.where(later, random.permutation(lines.product), lines.product),
            at=lines.at,
            quantity=np.where(later, lines.quantity + 7, lines.quantity),
            waits=np.where(later, ~lines.waits, lines.waits),
        ),
        known=np.where(np.arange(DAYS) >= cut, False, past.known),
    )
    true, other = Watching(policy), Watching(policy)

    replay(past, [true])
    replay(scrambled, [other])

    before = [one for one in true.seen if past.rounds[one[0]].cut_off < cut]
    assert len(before) == cut - START
    for mine, theirs in zip(before, other.seen, strict=False):
        for here, there in zip(mine, theirs, strict=True):
            assert np.array_equal(here, there)


def test_a_record_holds_nothing_of_the_days_to_come():
    past = past_of(seed=3)

    record = Record(past)

    assert record.window(today=DAYS - 1, days=DAYS - START).quantity.sum() == 0
    assert record.window(today=START - 1, days=START).quantity.sum() > 0
    with pytest.raises(ValueError, match="read-only"):
        record.daily(today=START).quantity[0, 0] = 1


def test_who_keeps_more_than_anyone_asks_serves_everything():
    past = past_of(seed=4, on_hand=1000)

    (outcome,) = replay(past, [Everything(1000)])

    assert outcome.figures.fill == outcome.figures.fill_of_lines == 1
    assert outcome.figures.missing == 0
    assert outcome.figures.costs.missing == 0


def test_who_orders_nothing_serves_what_was_there():
    past = past_of(seed=5, on_hand=3)

    (outcome,) = replay(past, [Nothing()])

    assert outcome.flow.received.sum() == 0
    assert (outcome.flow.served + outcome.flow.left == 3).all()
    assert outcome.figures.orders == outcome.figures.order_lines == 0


class Nothing:
    def decide(self, now):
        return np.zeros(len(now.on_hand), dtype=np.int64)


class Once:
    """Orders ``boxes`` of everything at the first round, then nothing."""

    def __init__(self, boxes):
        self.boxes = boxes

    def decide(self, now):
        return np.full(len(now.on_hand), self.boxes if now.round == 0 else 0, dtype=np.int64)


class Less:
    def decide(self, now):
        return np.full(len(now.on_hand), -1, dtype=np.int64)


def test_more_stock_never_serves_less():
    past = past_of(seed=6)

    outcomes = replay(past, [Everything(boxes) for boxes in (1, 2, 4, 8)])

    fills = [one.figures.fill for one in outcomes]
    stocks = [one.figures.stock_value for one in outcomes]
    assert fills == sorted(fills)
    assert stocks == sorted(stocks)
    assert fills[0] < fills[-1]


def test_policies_replayed_together_live_what_each_lives_alone():
    past = past_of(seed=7)

    together = replay(past, POLICIES)

    for policy, outcome in zip(POLICIES, together, strict=True):
        (alone,) = replay(past, [policy])
        assert alone.figures == outcome.figures


def test_a_promise_is_kept_by_the_next_boxes_before_the_shelf():
    past = by_hand([(START + 0.1, 3)], on_hand=1)

    (outcome,) = replay(past, [Once(5)])

    flow = outcome.flow
    assert (flow.served[0], flow.promised[0], flow.handed_over[0]) == (1, 2, 2)
    assert flow.left[0] == 3


def test_a_patient_who_leaves_takes_no_box_later():
    past = by_hand([(START + 0.1, 3)], on_hand=1, waits=False)

    (outcome,) = replay(past, [Once(5)])

    flow = outcome.flow
    assert (flow.served[0], flow.lost[0], flow.handed_over[0], flow.left[0]) == (1, 2, 0, 5)


def test_boxes_ordered_now_serve_nobody_before_the_drop():
    past = by_hand([(START + 0.5, 1), (START + 0.7, 1)], on_hand=0, waits=False)

    (outcome,) = replay(past, [Once(1)])

    assert (outcome.flow.lost[0], outcome.flow.served[0]) == (1, 1)


def test_the_first_come_is_the_first_served():
    past = by_hand([(START + 0.1, 2), (START + 0.2, 2)], on_hand=3)

    (outcome,) = replay(replace(past, measured=START), [Nothing()])

    assert outcome.figures.lines_served == 1
    assert outcome.figures.served == 3


def test_a_box_is_thrown_away_at_its_date_and_the_shortest_dated_leaves_first():
    dated = {START + 3: (np.array([0]), np.array([2]))}
    past = by_hand([(START + 1.5, 1)], on_hand=4, dated=dated)

    (outcome,) = replay(past, [Nothing()])

    assert (outcome.flow.served[0], outcome.flow.expired[0], outcome.flow.left[0]) == (1, 1, 2)


def test_a_box_received_lives_its_shelf_life():
    past = by_hand([], on_hand=0, life=4)

    (outcome,) = replay(replace(past, measured=START), [Once(2)])

    assert (outcome.flow.expired[0], outcome.figures.expired) == (2, 2)
    # On the shelf on four evenings: of its day and of the three that follow.
    assert outcome.figures.stock_boxes == pytest.approx(2 * 4 / (DAYS - START))
    assert outcome.figures.costs.expired == pytest.approx(2 * 2.5)


def test_the_stock_is_the_mean_of_the_evenings():
    past = by_hand([(MEASURED + 0.3, 4)], on_hand=10)

    (outcome,) = replay(past, [Nothing()])

    assert outcome.figures.stock_value == pytest.approx(6 * 2.0)
    assert outcome.figures.costs.holding == pytest.approx(6 * 0.01 * (DAYS - MEASURED))


def test_days_of_settling_in_count_nowhere():
    past = by_hand([(START + 0.1, 5)], on_hand=0)

    (outcome,) = replay(past, [Once(9)])

    figures = outcome.figures
    assert (figures.asked, figures.missing, figures.orders, figures.received) == (0, 0, 0, 0)
    assert outcome.flow.promised[0] == 5


def test_what_the_supplier_does_not_have_does_not_come():
    past = by_hand([], on_hand=0, short=[0])

    (outcome,) = replay(replace(past, measured=START), [Once(9)])

    assert (outcome.flow.received[0], outcome.figures.order_lines) == (0, 0)


def test_what_was_on_its_way_comes_and_is_counted_as_ordered_until_then():
    coming = [Arrival(at=START + 0.3, product=np.array([0]), quantity=np.array([4]))]
    past = by_hand([], on_hand=0, coming=coming)
    watching = Watching(Cover(0))

    (outcome,) = replay(past, [watching])

    assert outcome.flow.received[0] == 4
    assert watching.seen[0][1][0] == 4


def test_the_orders_really_received_are_lived_as_they_came():
    arrivals = (
        Arrival(at=MEASURED + 0.5, product=np.array([0]), quantity=np.array([3])),
        Arrival(at=MEASURED + 1.5, product=np.array([0]), quantity=np.array([2])),
    )
    past = by_hand([(MEASURED + 1.0, 1)], on_hand=0, received=arrivals)

    recorded, plain = replay(past, [Recorded(), Nothing()])

    assert (recorded.flow.received[0], recorded.flow.left[0]) == (5, 4)
    assert (recorded.figures.orders, recorded.figures.order_lines) == (7, 2)
    assert plain.flow.received[0] == 0


def test_orders_that_are_not_known_are_not_replayed():
    with pytest.raises(ValueError, match="not known"):
        replay(past_of(), [Recorded()])


def test_a_policy_cannot_order_less_than_nothing():
    with pytest.raises(ValueError, match="none or more"):
        replay(past_of(), [Less()])


def test_the_floor_is_kept_and_whole_cases_come():
    past = past_of(seed=8, rate=0.0, on_hand=0)
    shelf = replace(past.shelf, case=past.shelf.case * 4, floor=past.shelf.floor + 2)

    for outcome in replay(replace(past, shelf=shelf), POLICIES[:3]):
        assert (outcome.flow.left == 4).all()


def test_room_is_not_exceeded_but_for_promises():
    past = past_of(seed=9, rate=1.5, leave=0.0, on_hand=0)
    shelf = replace(past.shelf, maximum=past.shelf.maximum * 0 + 2)

    (outcome,) = replay(replace(past, shelf=shelf), [Cover(60)])

    assert outcome.flow.left.max() <= 2
    assert outcome.flow.owed.max() <= 12  # of the last half day at most


def test_days_of_cover_hold_that_many_days_of_sales():
    at = np.arange(DAYS) + 0.9
    past = by_hand([(moment, 2) for moment in at], on_hand=0)

    (outcome,) = replay(past, [Cover(5)])

    # Two a day: raised to ten each noon but for what today has not asked yet; two leave at night.
    assert 7 <= outcome.figures.stock_boxes <= 8
    assert outcome.figures.fill == 1


def by_hand(asked, *, on_hand, waits=True, life=100_000, **given):
    """One product, and the lines given as (instant, quantity)."""
    past = past_of(products=1, rate=0.0, on_hand=on_hand, life=life, **given)
    return replace(
        past,
        lines=Lines(
            product=np.zeros(len(asked), dtype=np.int64),
            at=np.array([at for at, _quantity in asked], dtype=np.float64),
            quantity=np.array([quantity for _at, quantity in asked], dtype=np.int64),
            waits=np.full(len(asked), waits),
        ),
    )


# Curves -------------------------------------------------------------------------------------------


def test_a_curve_is_read_between_its_points():
    points = [Point(stock=100, fill=0.90, missing=50), Point(stock=200, fill=0.95, missing=25)]

    assert stock_at(points, fill=0.92) == pytest.approx(140)
    assert missing_at(points, stock=150) == pytest.approx(37.5)
    assert stock_at(points, fill=0.95) == 200


def test_nothing_is_said_beyond_the_points():
    points = [Point(stock=100, fill=0.90, missing=50), Point(stock=200, fill=0.95, missing=25)]

    assert stock_at(points, fill=0.96) is None
    assert missing_at(points, stock=90) is None
    assert stock_at([], fill=0.5) is None


def test_a_point_beaten_on_both_counts_is_left_out():
    good, bad = Point(stock=100, fill=0.9, missing=5), Point(stock=120, fill=0.89, missing=6)

    assert efficient([bad, good]) == [good]
