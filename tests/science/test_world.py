"""The answers of the outside world: always the same ones, at the rates the mishaps state."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from backofficine.science.simulation.mishaps import Mishaps
from backofficine.science.simulation.profiles import PARIS, is_open
from backofficine.science.simulation.world import GapKind, World

DAY = date(2026, 6, 3)


@pytest.fixture(scope="module")
def world(assortment):
    return World(assortment, seed=1)


def test_the_same_question_gets_the_same_answer(assortment, world):
    other = World(assortment, seed=1)

    for product in range(0, 6000, 61):
        assert world.lot_for(product, day=DAY) == other.lot_for(product, day=DAY)
        assert world.pickup_delay_hours(product) == other.pickup_delay_hours(product)
        assert world.serial(product, number=3) == other.serial(product, number=3)


def test_another_seed_is_another_world(assortment, world):
    other = World(assortment, seed=2)

    same = [world.lot_for(p, day=DAY) == other.lot_for(p, day=DAY) for p in range(200)]

    assert np.mean(same) < 0.05


def test_few_products_are_short_at_any_time(world, assortment):
    short = [world.is_short(product.index, day=DAY) for product in assortment]

    assert np.mean(short) == pytest.approx(0.037, abs=0.01)


def test_a_shortage_lasts(world, assortment):
    short = [p.index for p in assortment if world.is_short(p.index, day=DAY)]

    still = [world.is_short(product, day=DAY + timedelta(days=14)) for product in short]

    assert np.mean(still) > 0.85


def test_the_wholesaler_fills_most_lines_and_never_more_than_asked(world):
    answers = [
        world.boxes_filled(product, asked=4, day=DAY + timedelta(days=day))
        for product in range(0, 6000, 7)
        for day in range(20)
    ]

    assert set(answers) == {0, 2, 4}
    # 98.5 % when nothing is short, 15 % for the 3.7 % that are.
    assert np.mean([answer == 4 for answer in answers]) == pytest.approx(0.954, abs=0.012)


def test_a_lot_is_shipped_for_weeks_and_never_expired(world):
    for product in range(0, 6000, 97):
        lots = [world.lot_for(product, day=DAY + timedelta(days=day)) for day in range(180)]
        assert all(lot.expires_on > DAY + timedelta(days=day) for day, lot in enumerate(lots))
        assert 1 <= len({lot.number for lot in lots}) <= 11


def test_expiry_is_printed_as_the_end_of_a_month(world):
    lot = world.lot_for(10, day=DAY)

    assert (lot.expires_on + timedelta(days=1)).day == 1


def test_serials_do_not_repeat(world):
    serials = {world.serial(product, number=n) for product in range(100) for n in range(100)}

    assert len(serials) == 10_000


def test_gaps_at_reception_come_at_their_rate_and_fit_the_line(world, assortment):
    found = [
        world.receiving_gap(product, boxes=3, day=DAY + timedelta(days=day))
        for product in range(3000)
        for day in range(10)
    ]
    gaps = [gap for gap in found if gap is not None]

    assert len(gaps) / len(found) == pytest.approx(Mishaps().gap_per_line, rel=0.25)
    assert {gap.kind for gap in gaps} == set(GapKind)
    for gap in gaps:
        assert (gap.boxes == 0) == (gap.kind is GapKind.PRICE)
        assert gap.boxes <= 3
        assert (gap.instead is not None) == (gap.kind is GapKind.SUBSTITUTED)
        assert (gap.price_factor > 1) == (gap.kind is GapKind.PRICE)


def test_a_substituted_box_is_a_look_alike(assortment):
    swapping = World(
        assortment,
        mishaps=replace(Mishaps(), gap_per_line=1.0, gap_kinds=(("substituted", 1.0),)),
        seed=1,
    )
    gaps = [swapping.receiving_gap(product, boxes=1, day=DAY) for product in range(100)]

    swapped = [(p, gap.instead) for p, gap in enumerate(gaps) if gap and gap.instead is not None]

    assert swapped
    for product, instead in swapped:
        assert assortment[product].substance == assortment[instead].substance
        assert assortment[product].strength != assortment[instead].strength


def test_one_promise_in_twenty_is_never_collected(world):
    never = [world.pickup_delay_hours(key) is None for key in range(20_000)]

    assert np.mean(never) == pytest.approx(0.05, abs=0.006)


def test_patients_come_back_while_the_shop_is_open_and_after_the_promise_is_ready(world):
    ready_at = datetime(2026, 7, 13, 17, 20, tzinfo=UTC)

    for key in range(500):
        comes_at = world.pickup_at(key, ready_at=ready_at)
        if comes_at is not None:
            local = comes_at.astimezone(PARIS)
            assert comes_at > ready_at
            assert is_open(local.date())
            assert 8.5 <= local.hour + local.minute / 60 <= 19.5


def test_people_seldom_miscount_and_never_below_zero(world):
    counted = [world.counted(product, present=5, day=DAY) for product in range(6000)]

    assert np.mean([count == 5 for count in counted]) == pytest.approx(0.98, abs=0.01)
    assert set(counted) == {4, 5, 6}
    assert min(world.counted(product, present=0, day=DAY) for product in range(6000)) == 0


def test_the_opening_stock_is_worth_what_a_pharmacy_holds(world, assortment):
    """Domain § 8.1: about 197 000 € for 2.25 M€ of sales; ours sell 1.6 M€."""
    lots = [(p, lot) for p in assortment for lot in world.opening_lots(p.index, day=DAY)]
    value = sum(float(product.unit_cost) * lot.boxes for product, lot in lots)

    assert 120_000 < value < 230_000
    assert all(lot.boxes > 0 for _, lot in lots)


def test_a_little_of_the_opening_stock_expires_soon(world, assortment):
    lots = [lot for p in assortment for lot in world.opening_lots(p.index, day=DAY)]

    soon = [lot for lot in lots if lot.expires_on < DAY + timedelta(days=180)]

    assert 0.01 < len(soon) / len(lots) < 0.15


def test_a_round_is_seldom_missed(world):
    start = datetime(2026, 1, 5, 10, 45, tzinfo=UTC)

    missed = [world.misses_round(0, cut_off_at=start + timedelta(days=day)) for day in range(5000)]

    assert np.mean(missed) == pytest.approx(0.01, abs=0.006)
