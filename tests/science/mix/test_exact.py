"""On small instances the solver finds what counting every possibility finds, and says so."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backofficine.science.mix.bill import bill, penalties
from backofficine.science.mix.problem import Instance, Offer, Product, Supplier
from backofficine.science.mix.solve import best_mix, relative
from backofficine.science.mix.textbook import textbook

euros = st.integers(0, 400).map(lambda cents: cents / 10)


@st.composite
def convex_covers(draw, *, most: int) -> tuple[float, ...]:
    slopes = sorted(draw(st.lists(st.integers(-90, 30), min_size=most, max_size=most)))
    costs = [0.0]
    for slope in slopes:
        costs.append(costs[-1] + slope / 10)
    return tuple(round(cost - min(costs), 6) for cost in costs)


@st.composite
def instances(draw, *, demanding: bool = False) -> Instance:
    """Two or three suppliers, one to three products, every constraint at once."""
    suppliers = draw(
        st.lists(
            st.builds(
                Supplier,
                name=st.just("F"),
                order_cost=st.integers(0, 60).map(lambda c: c / 10),
                line_cost=st.integers(0, 10).map(lambda c: c / 10),
                carriage=st.integers(0, 80).map(lambda c: c / 10),
                franco=euros,
                minimum=st.sampled_from((0.0, 0.0, 5.0, 12.5)),
                commitment=st.sampled_from((0.0, 10.0, 30.0)) if demanding else st.just(0.0),
            ),
            min_size=2,
            max_size=3,
        )
    )
    products, offers = [], []
    for p in range(draw(st.integers(1, 3))):
        most = draw(st.integers(1, 7))
        products.append(
            Product(
                name=f"P{p}",
                cover=draw(convex_covers(most=most)),
                volume=draw(st.integers(0, 20)) / 10,
                least=draw(st.integers(0, most + 1)) if demanding else 0,
            )
        )
        for s in range(len(suppliers)):
            for _ in range(draw(st.sampled_from((0, 1, 1, 1, 2) if p == 0 else (0, 1, 1)))):
                buy, get = draw(st.sampled_from(((0, 0), (0, 0), (2, 1), (3, 1), (3, 2))))
                first = draw(st.integers(10, 90)) / 10
                tiers = [(draw(st.sampled_from((1, 1, 2))), first)]
                if draw(st.booleans()):
                    tiers.append((tiers[0][0] + draw(st.integers(1, 3)), round(first * 0.7, 2)))
                offers.append(
                    Offer(
                        product=p,
                        supplier=s,
                        tiers=tuple(tiers),
                        multiple=draw(st.sampled_from((1, 1, 2, 3))),
                        minimum=draw(st.sampled_from((0, 0, 2))),
                        quota=draw(st.sampled_from((None, None, 1, 3))),
                        buy=buy,
                        get=get,
                    )
                )
    return Instance(
        suppliers=tuple(suppliers),
        products=tuple(products),
        offers=tuple(offers),
        budget=draw(st.none() | euros),
        room=draw(st.none() | st.integers(0, 60).map(lambda litres: litres / 10)),
    )


def counted(instance: Instance) -> float:
    """The least cost of all possible orders, limits priced as the solver prices them."""
    prices = penalties(instance, elastic=False)
    quantities = [
        [n for n in range(instance.products[o.product].most + 1) if o.sells(n)]
        for o in instance.offers
    ]
    best = float("inf")
    for paid in itertools.product(*quantities):
        try:
            answer = bill(instance, paid)
        except ValueError:
            continue
        best = min(best, answer.total + prices.of(answer.broken))
    return best


def small_enough(instance: Instance) -> bool:
    count = 1
    for offer in instance.offers:
        count *= sum(offer.sells(n) for n in range(instance.products[offer.product].most + 1))
    return count <= 3_000


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(instance=instances().filter(small_enough))
def test_the_mix_is_the_best_of_all_possible_orders(instance):
    mix = best_mix(instance, gap=0.0)

    assert mix.relaxed == ()
    assert mix.bill == bill(instance, mix.paid)
    assert mix.cost == pytest.approx(counted(instance), abs=1e-6)
    assert mix.bound == pytest.approx(mix.cost, abs=1e-5)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(instance=instances(demanding=True).filter(small_enough))
def test_limits_that_cannot_all_hold_give_way_as_little_as_they_must(instance):
    mix = best_mix(instance, gap=0.0)

    broken = bill(instance, mix.paid).broken
    assert broken == mix.relaxed
    if not broken:
        assert mix.cost == pytest.approx(counted(instance), abs=1e-6)
    assert mix.bound <= mix.cost + 1e-5


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(instance=instances().filter(small_enough))
def test_the_textbook_formulation_means_the_same(instance):
    paid, bound = textbook(instance, gap=0.0, seconds=20.0)

    assert paid is not None
    assert bill(instance, paid.tolist()).total == pytest.approx(counted(instance), abs=1e-4)
    assert relative(counted(instance), bound=bound) <= 1e-5
