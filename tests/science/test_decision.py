"""The rule of least cost: found again by brute force, and by living many days under it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backofficine.science.decision import Laws, Spans, UnitCosts, thresholds
from backofficine.science.demand.laws import Law


def laws_of(rate, *, lead=0.5, review=0.5, life=400.0, size=np.inf):
    """Demand of ``rate`` units a day over each span, all products alike in shape."""
    rates = np.atleast_1d(np.asarray(rate, dtype=float))

    def law(days):
        return Law.single(rates * days, np.full(len(rates), float(size)))

    return Laws(lead=law(lead), cover=law(lead + review), review=law(review), life=law(life))


def costs_of(count=1, *, missing=4.0, holding=0.002, line=0.2, expired=3.0):
    def column(value):
        return np.full(count, float(value))

    return UnitCosts(
        missing=column(missing), holding=column(holding), line=column(line),
        expired=column(expired),
    )  # fmt: skip


def spans_of(lead=0.5, review=0.5, life=400.0):
    return Spans(lead=np.array(lead), review=np.array(review), life=np.array(life))


def day_at(position, laws, *, spans, costs):
    """What one open day at a position costs, term by term as the module states it."""

    def beyond(law):
        return float(law.missing(np.array([position]))[0])

    def below(law):
        return position - float(law.expected()[0]) + beyond(law)

    missing = (beyond(laws.cover) - beyond(laws.lead)) / float(spans.review)
    return (
        costs.missing[0] * max(missing, 0.0)
        + costs.holding[0] * (below(laws.lead) + below(laws.cover)) / 2
        + costs.expired[0] * below(laws.life) / float(spans.life)
    )


def rule_costs(minimum, batch, laws, *, spans, costs):
    """One open day under (minimum, batch)."""
    review = laws.review
    expected = float(review.expected()[0])
    lines = (expected - float(review.missing(np.array([batch]))[0])) / (batch * float(spans.review))
    days = [
        day_at(position, laws, spans=spans, costs=costs)
        for position in range(minimum, minimum + batch)
    ]
    return sum(days) / batch + costs.line[0] * lines


@settings(max_examples=30, deadline=None)
@given(
    rate=st.floats(0.01, 6), missing=st.floats(0.5, 20), holding=st.floats(0.0005, 0.05),
    line=st.floats(0.02, 1), size=st.sampled_from([np.inf, 1.0, 3.0]),
    case=st.sampled_from([1, 1, 3, 5]),
)  # fmt: skip
def test_no_pair_of_whole_numbers_costs_less(rate, missing, holding, line, size, case):
    laws, spans = laws_of(rate, size=size), spans_of()
    costs = costs_of(missing=missing, holding=holding, line=line)

    found = thresholds(laws, spans=spans, costs=costs, case=np.array([case]))

    minimum = int(found.minimum[0])
    batch = int(found.target[0]) - minimum + 1
    assert found.cost[0] <= found.cost_without[0] + 1e-12
    tried = [
        rule_costs(m, q * case, laws, spans=spans, costs=costs)
        for m, q in itertools.product(range(1, 30), (1, 2, 3, 4, 5, 6, 7, 8))
        if q * case <= max(batch, case)
    ]
    assert found.cost[0] <= min(tried) + 1e-9
    if minimum:
        assert batch % case == 0
        again = rule_costs(minimum, batch, laws, spans=spans, costs=costs)
        assert found.cost[0] == pytest.approx(again, rel=1e-9)
        within = laws.cover.cdf(np.array([minimum]))[0]
        assert found.chance[0] == pytest.approx(within)
    else:
        assert found.target[0] == 0
        assert min(tried) >= found.cost_without[0] - 1e-9


def lived(rate, minimum, target, *, costs, days, seed):
    """Euros a day of living under the rule: two looks a day, delivery at the next look."""
    rng = np.random.default_rng(seed)
    stock, coming, total = target, 0, 0.0
    for asked in rng.poisson(rate / 2, days * 2).tolist():
        stock, coming = stock + coming, 0
        if stock < minimum:
            coming = target - stock
            total += costs.line[0]
        # A promise waits: it is served from what comes next.
        total += costs.missing[0] * (max(asked - max(stock, 0), 0))
        total += costs.holding[0] / 2 * (max(stock, 0) + max(stock - asked, 0)) / 2
        stock -= asked
    return total / days


@pytest.mark.parametrize("rate", [0.3, 2.0])
def test_living_by_the_rule_costs_what_it_says_and_neighbours_cost_more(rate):
    """Lead and review of half a day each, as in a shop with two rounds."""
    costs = costs_of(missing=4.0, holding=0.02, line=0.2, expired=0.0)
    found = thresholds(laws_of(rate), spans=spans_of(), costs=costs, case=np.array([1]))
    minimum, target = int(found.minimum[0]), int(found.target[0])

    ours = lived(rate, minimum, target, costs=costs, days=40_000, seed=1)

    assert ours == pytest.approx(found.cost[0], rel=0.12)
    for lower, upper in ((-1, -1), (2, 2), (0, 8), (-1, 0), (3, 0)):
        if minimum + lower < 1 or target + upper < minimum + lower:
            continue
        other = lived(rate, minimum + lower, target + upper, costs=costs, days=40_000, seed=1)
        assert other > ours * 0.97


def test_what_hardly_sells_and_is_dear_is_kept_for_promises_only():
    laws = laws_of([0.002, 0.5])
    costs = costs_of(2, missing=4.0, holding=0.05, expired=150.0)

    found = thresholds(laws, spans=spans_of(), costs=costs, case=np.array([1, 1]))

    assert found.minimum.tolist()[0] == 0 < found.minimum.tolist()[1]


def test_never_more_than_is_allowed_but_one_case():
    laws = laws_of([4.0, 4.0, 4.0])

    found = thresholds(
        laws, spans=spans_of(), costs=costs_of(3), case=np.array([1, 1, 12]),
        most=np.array([9, 1, 5]),
    )  # fmt: skip

    assert found.target[0] <= 9
    assert found.target[1] <= 1
    assert found.target[2] <= 12


def test_a_product_near_its_date_is_bought_in_smaller_batches():
    long = thresholds(
        laws_of(0.05, life=500.0), spans=spans_of(life=500.0), costs=costs_of(), case=np.array([1])
    )
    short = thresholds(
        laws_of(0.05, life=30.0), spans=spans_of(life=30.0), costs=costs_of(), case=np.array([1])
    )

    assert short.target[0] < long.target[0]


def test_products_do_not_depend_on_their_company():
    rates = np.array([0.001, 0.02, 0.4, 3.0, 25.0, 80.0])
    together = thresholds(
        laws_of(rates, size=2.0), spans=spans_of(), costs=costs_of(6), case=np.ones(6, dtype=int)
    )
    for place, rate in enumerate(rates):
        alone = thresholds(
            laws_of(rate, size=2.0), spans=spans_of(), costs=costs_of(), case=np.array([1])
        )
        assert (alone.minimum[0], alone.target[0]) == (
            together.minimum[place],
            together.target[place],
        )
