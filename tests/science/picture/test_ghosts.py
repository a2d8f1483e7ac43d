"""Probable ghosts: laws that hold whatever the file."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from backofficine.science.picture.ghosts import Ghosts, find_ghosts, hit_rate

WEEKS = 104


def every(weeks: int, *, silent: int) -> np.ndarray:
    """A product that sold ten times, one box every so many weeks, then nothing."""
    sales = np.zeros(WEEKS)
    sales[WEEKS - silent - 1 :: -weeks][:10] = 1.0
    return sales


def chance(crowd: np.ndarray, product: np.ndarray) -> float:
    sales = np.vstack([product, crowd])
    return float(find_ghosts(sales, np.full(len(sales), 3.0), period_days=7).probability[0])


@settings(max_examples=20, deadline=None)
@given(pace=st.integers(1, 5), silences=st.tuples(st.integers(0, 50), st.integers(0, 50)))
def test_the_longer_the_silence_since_the_count_the_likelier(crowd, pace, silences):
    short, long = sorted(silences)

    assert (
        chance(crowd, every(pace, silent=short)) <= chance(crowd, every(pace, silent=long)) + 0.02
    )


def test_for_one_silence_the_more_frequent_product_is_likelier(crowd):
    chances = [chance(crowd, every(pace, silent=24)) for pace in (8, 6, 4, 2, 1)]

    assert chances == sorted(chances)
    assert chances[-1] > 0.5 > chances[0]


def test_a_product_that_still_sells_is_no_ghost(crowd):
    assert chance(crowd, every(2, silent=1)) == 0.0


def test_a_demand_that_faded_is_less_of_a_ghost_than_one_that_stopped(crowd):
    stopped = np.where(np.arange(WEEKS) < 80, 4.0, 0.0)
    faded = stopped * np.clip((80 - np.arange(WEEKS)) / 40, 0, 1)

    assert chance(crowd, faded) < chance(crowd, stopped)


def test_a_silence_that_the_last_count_saw_is_a_death(crowd):
    sales = np.vstack([every(1, silent=40), crowd])
    on_hand = np.full(len(sales), 3.0)

    recent = find_ghosts(sales, on_hand, period_days=7, counted_days_ago=365)
    just = find_ghosts(sales, on_hand, period_days=7, counted_days_ago=60)

    assert recent.probability[0] > 0.5 > just.probability[0]
    assert just.dead[0] > 0.5


def test_a_known_shortage_is_not_silence(crowd):
    sales = np.vstack([every(1, silent=24), crowd])
    available = np.ones(sales.shape, dtype=bool)
    available[0, -24:] = False

    told = find_ghosts(sales, np.full(len(sales), 3.0), period_days=7, available=available)

    assert told.probability[0] < 0.05


def test_a_season_explains_the_silence_of_its_end():
    """Sold every week of the cold months only: in September it is not missing."""
    draw = np.random.default_rng(3)
    months = (np.arange(156) * 7 // 30.4).astype(int) % 12 + 1
    cold = np.isin(months, (11, 12, 1, 2, 3))
    winter = draw.poisson(np.where(cold, 1.5, 0.0), size=(60, 156)).astype(float)
    flat = draw.poisson(1.0, size=(200, 156)).astype(float)
    flat[:, -24:] = np.where(np.arange(200)[:, None] < 5, 0.0, flat[:, -24:])
    end = 148  # in the warm months
    sales = np.vstack([winter, flat])[:, :end]
    groups = np.repeat((0, 1), (60, 200))

    told = find_ghosts(sales, np.ones(260), period_days=7, months=months[:end], groups=groups)
    blind = find_ghosts(sales, np.ones(260), period_days=7)

    assert told.probability[:60].mean() < blind.probability[:60].mean() / 2


sales_of_any_file = arrays.arrays(
    np.float64,
    st.tuples(st.integers(0, 6), st.integers(1, 40)),
    elements=st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.0, 30.0]),
)


@settings(max_examples=60, deadline=None)
@given(sales=sales_of_any_file, days=st.sampled_from([1.0, 7.0, 30.44]), data=st.data())
def test_whatever_the_file_the_stories_share_one(sales, days, data):
    held = np.array(
        data.draw(st.lists(st.integers(-2, 9), min_size=len(sales), max_size=len(sales))),
        dtype=float,
    )
    months = np.arange(sales.shape[1]) % 12 + 1

    found = find_ghosts(sales, held, period_days=days, months=months)

    there = held > 0
    assert np.allclose((found.probability + found.dead + found.alive)[there], 1.0)
    assert (found.probability[~there] == 0).all()
    assert (found.boxes[~there] == 0).all()
    assert (found.low <= found.probability).all()
    assert (found.probability <= found.high).all()
    assert (found.boxes_low <= found.boxes + 1e-9).all()
    assert (found.boxes <= found.boxes_high + 1e-9).all()
    assert set(found.ranked()) <= set(np.flatnonzero(there))


def test_the_same_file_gives_the_same_numbers(crowd):
    on_hand = np.arange(len(crowd)) % 4.0

    first, second = (find_ghosts(crowd, on_hand, period_days=7) for _ in range(2))

    assert first.probability.tobytes() == second.probability.tobytes()
    assert first.ranked().tolist() == second.ranked().tolist()


def test_negative_sales_are_refused():
    with pytest.raises(ValueError, match="negative"):
        find_ghosts(np.full((2, 30), -1.0), np.ones(2))


# What a count changes ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def silent(crowd) -> np.ndarray:
    """The crowd with thirty products silent for months."""
    sales = crowd.copy()
    busy = np.argsort(-crowd.sum(axis=1), kind="stable")[10:40]
    sales[busy, -30:] = 0.0
    return sales


def look(sales: np.ndarray, **more) -> Ghosts:
    return find_ghosts(sales, np.full(len(sales), 4.0), period_days=7, **more)


def test_what_was_counted_is_known(silent):
    before = look(silent)
    lost, kept = (int(place) for place in before.ranked()[:2])

    after = look(silent, counts={lost: 1, kept: 4})

    assert after.probability[lost] == 1
    assert after.boxes[lost] == 3
    assert after.probability[kept] == 0
    assert after.boxes[kept] == 0


def test_empty_shelves_make_the_others_likelier_and_full_ones_less(silent):
    before = look(silent)
    first, rest = before.ranked()[:8], before.ranked()[8:25]

    missing = look(silent, counts=dict.fromkeys(map(int, first), 0))
    present = look(silent, counts=dict.fromkeys(map(int, first), 4))

    assert (missing.probability[rest] > before.probability[rest]).all()
    assert (present.probability[rest] < before.probability[rest]).all()
    assert hit_rate(present, rest).value < hit_rate(before, rest).value / 2


def test_the_hit_rate_lies_in_its_interval(silent):
    before = look(silent)

    for top in (1, 5, 20):
        rate = hit_rate(before, before.ranked()[:top])
        assert 0 <= rate.low <= rate.value <= rate.high <= 1


def test_counts_narrow_what_is_not_known_of_the_odds(silent):
    before = look(silent)
    half = {int(place): 4 * (rank % 2) for rank, place in enumerate(before.ranked()[:10])}

    after = look(silent, counts=half)

    assert after.weights.max() > 1.5 * before.weights.max()


def test_an_empty_list_hits_nothing(silent):
    assert hit_rate(look(silent), np.zeros(0, dtype=np.int64)).value == 0
