"""All constraints at once on a whole order, the bill that judges it, and limits that give way."""

import numpy as np
import pytest

from backofficine.science.mix.backend import merged
from backofficine.science.mix.bill import bill, penalties
from backofficine.science.mix.problem import (
    Instance,
    Limit,
    Malformed,
    Offer,
    Product,
    Relaxation,
    Supplier,
)
from backofficine.science.mix.solve import best_mix
from backofficine.science.mix.tables import Prices, Tables
from tools.mix_instances import instance

GAP = 1e-3


def one_product(*, least: int = 0, budget: float | None = None, quota: int | None = None):
    """Ten boxes at 4 euros wanted; each missing box costs 9."""
    return Instance(
        suppliers=(Supplier(name="G", order_cost=1.0),),
        products=(Product(name="P", cover=tuple(9.0 * n for n in range(10, -1, -1)), least=least),),
        offers=(Offer(product=0, supplier=0, tiers=((1, 4.0),), quota=quota),),
        budget=budget,
    )


@pytest.mark.parametrize("demanding", [False, True])
def test_all_constraints_at_once_are_kept_with_a_proven_gap(demanding):
    drawn = instance(11, suppliers=8, products=250, demanding=demanding)

    mix = best_mix(drawn, gap=GAP)

    answer = bill(drawn, mix.paid)
    assert answer.broken == mix.relaxed == ()
    assert answer.total == pytest.approx(mix.cost)
    assert mix.bound <= mix.cost * (1 + 1e-9)
    assert mix.gap <= GAP
    assert sum(answer.goods) <= drawn.budget
    assert any(offer.get and paid for offer, paid in zip(drawn.offers, mix.paid, strict=True))
    assert any(offer.quota and paid for offer, paid in zip(drawn.offers, mix.paid, strict=True))


def test_the_same_instance_gives_the_same_mix():
    drawn = instance(3, suppliers=6, products=120)

    assert best_mix(drawn).paid == best_mix(drawn).paid


def test_progress_tells_a_bound_that_rises_and_a_cost_that_falls():
    told = []

    mix = best_mix(instance(4, suppliers=8, products=200), gap=1e-4, progress=told.append)

    costs, bounds = [p.cost for p in told], [p.bound for p in told]
    assert len(told) > 1
    assert costs == sorted(costs, reverse=True)
    assert bounds == sorted(bounds)
    assert costs[-1] == pytest.approx(mix.cost)


def test_a_time_limit_still_gives_an_admissible_answer_and_its_bound():
    drawn = instance(5, suppliers=8, products=300)

    mix = best_mix(drawn, gap=0.0, seconds=0.0)

    assert bill(drawn, mix.paid).broken == ()
    assert mix.bound <= mix.cost


def test_a_budget_too_small_for_what_must_come_says_what_it_lacks():
    mix = best_mix(one_product(least=5, budget=12.0), gap=0.0)

    assert mix.relaxed == (Relaxation(Limit.BUDGET, pytest.approx(8.0)),)
    assert mix.bill.boxes == (5,)
    assert mix.gap == 0.0


def test_a_quota_under_what_must_come_says_how_many_boxes_are_missing():
    mix = best_mix(one_product(least=5, quota=3), gap=0.0)

    assert mix.relaxed == (Relaxation(Limit.LEAST, 2, 0),)


def test_a_budget_that_shapes_the_answer_tells_what_a_euro_more_would_save():
    mix = best_mix(one_product(budget=20.0), gap=0.0)

    assert mix.relaxed == ()
    assert mix.bill.boxes == (5,)
    # One box costs 4 and spares 9: each euro spares a euro and a quarter.
    assert [(b.limit, b.worth) for b in mix.binding] == [(Limit.BUDGET, pytest.approx(1.25))]


def test_nothing_to_choose_from_is_an_answer():
    mix = best_mix(Instance(suppliers=(), products=(), offers=()))

    assert (mix.paid, mix.cost, mix.gap) == ((), 0.0, 0.0)


def test_the_bill_refuses_what_nobody_sells():
    drawn = one_product(quota=3)

    with pytest.raises(ValueError, match="not sold so"):
        bill(drawn, [4])


def test_a_bill_counts_tiers_free_units_and_carriage():
    drawn = Instance(
        suppliers=(
            Supplier(name="L", order_cost=20.0, line_cost=0.5, carriage=15.0, franco=100.0),
        ),
        products=(Product(name="P", cover=(0.0,) * 20, volume=0.5),),
        offers=(Offer(product=0, supplier=0, tiers=((1, 5.0), (10, 4.0)), buy=5, get=1),),
    )

    answer = bill(drawn, [10])

    assert (answer.goods, answer.boxes, answer.litres) == ((40.0,), (12,), 6.0)
    assert (answer.carriage, answer.handling) == ((15.0,), (20.5,))


def test_an_instance_that_contradicts_itself_is_refused():
    with pytest.raises(Malformed, match="no supplier"):
        Instance(
            suppliers=(),
            products=(Product(name="P", cover=(0.0,)),),
            offers=(Offer(product=0, supplier=0, tiers=((1, 1.0),)),),
        )


def test_an_entry_repeated_in_a_row_is_added_up():
    matrix = merged(np.array([0, 0, 1]), np.array([2, 2, 0]), np.array([1.0, 2.5, 4.0]))

    assert list(zip(matrix.row, matrix.column, matrix.value, strict=True)) == [
        (1, 0, 4.0),
        (0, 2, 3.5),
    ]


def test_the_options_within_reach_are_all_there_is():
    """Listing by reduced cost equals listing everything and keeping what is near."""
    drawn = instance(6, suppliers=4, products=6)
    tables = Tables.of(drawn, penalties=penalties(drawn, elastic=False))
    prices = Prices(
        goods=np.full(4, 1.1),
        room=0.2,
        using=np.zeros(len(drawn.offers)),
        shut=np.zeros(4, dtype=np.bool_),
    )
    everything, over = tables.within(prices, slack=1e9, most=10**7)
    near, _ = tables.within(prices, slack=3.0, most=10**7)
    best, _ = tables.chosen(prices)

    priced = everything.priced(prices, supplier=tables.supplier) - best[everything.product]
    assert priced == pytest.approx(over, abs=1e-6)
    assert len(near) == int((over <= 3.0).sum())
