"""How likely a product held on record is not there: silence weighed against rhythm and against death.

Three stories explain that a product with boxes on record has been silent for *L* periods:

- **alive**: it sells at hazard *h* and happens to be silent. The hazard is known from few events and
  drifts, so the tail is that of a gamma mixture (Pareto), ``S(L) = (1 + h·L/k)^-k``: the
  gamma-Poisson predictive, with ``1/(k-1) = 1/shape + 1/drift``. ``drift`` is fitted on the file: by
  maximum likelihood on the open silences at past dates of products that sold again later;
- **ghost**: the boxes went at some instant since the shop was last counted, hazard ``g`` per period,
  and nothing could be sold since: ``G = g·∫ S(v) dv`` over the silences *v* that had passed at that
  instant. A ghost is never re-ordered, since its record stays above the reorder point: the silence
  is abrupt and has no end. A ghost older than the last count would most often have been found then;
- **dead**: the demand ended at hazard ``d``, the boxes are there: ``D = d·R·∫ S(v) dv``. Dying
  demand slows down before it ends, a ghost stops at full speed: *R* is the likelihood ratio of the
  pattern before the last sale under a rate that falls in a line to zero over a time *F* (averaged
  over several *F*, none included) against a steady rate, the rate itself integrated out of
  its gamma law; boxes are divided by their variance-to-mean ratio (quasi-likelihood).

Then ``P(ghost) = G / (G + D + S)``. ``g`` and ``d`` are the posterior modes found by EM on the
file (gamma priors: see ``GHOSTS_A_YEAR``, ``DEATHS_A_YEAR``), where a product that was counted is
known to be a ghost or not: one count corrects the rates and so every other probability.

The « alive or gone » competition is that of Schmittlein, Morrison and Colombo (1987) and of
Fader, Hardie and Lee (2005, BG/NBD) for customers; records that freeze sales are told by
DeHoratius, Mersereau and Schrage (2008), *Retail Inventory Management When Records Are Inaccurate*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from backofficine.science.picture.rhythm import (
    TINY,
    Bins,
    Bools,
    Floats,
    Ints,
    Rhythm,
    bin_periods,
    rhythms_of,
)

YEAR_DAYS = 365.0
LEVEL = 0.9
"""Level of every interval: 5 % below, 5 % above."""
# Priors, in shares of the products held, each worth what so many product-years would tell.
GHOSTS_A_YEAR = 0.03
DEATHS_A_YEAR = 0.03
PRIOR_YEARS = 150.0
# Share of the older ghosts that a full count of the shop brings to light.
FOUND_BY_COUNT = 0.8
# Times a demand takes to fade, in years; none at all as likely as each of the others.
FADES = (0.1, 0.25, 0.5, 1.0)
# Values of the drift among which the file chooses, in events.
DRIFTS = np.geomspace(0.5, 60.0, 25)
PAST_DATES = (0.45, 0.55, 0.65, 0.75, 0.85)
STEPS = 60
# Spread of what is not known of the ghosts' rate against the deaths', in logarithm, before counts.
DOUBT = 0.5
NODES = 7


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and its interval at ``LEVEL``."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Ghosts:
    """For each product the chance that what the record says is there is not."""

    probability: Floats
    low: Floats
    high: Floats
    boxes: Floats
    """Boxes missing, in expectation."""
    boxes_low: Floats
    boxes_high: Floats
    dead: Floats
    """Chance that the demand has ended and the boxes are there."""
    alive: Floats
    silence_days: Floats
    interval_days: Floats
    expected_sales: Floats
    """Periods with a sale that its rhythm promised for the length of its silence."""
    slowdown: Floats
    """Likelihood ratio *R*: above one it slowed down before it stopped, as what dies does."""
    share: Interval
    """Share of the products held that are ghosts."""
    drift: float
    """Events after which a rate is no better known, fitted on the file."""
    rhythm: Rhythm
    scenarios: Floats
    """(nodes, n) probabilities when ghosts are rarer or more common among the stopped."""
    weights: Floats
    """(nodes,) weight of each."""

    def ranked(self) -> Ints:
        """Products by probability, the highest first; those with no chance are left out."""
        order = np.argsort(-self.probability, kind="stable")
        return order[self.probability[order] > 0].astype(np.int64)


def find_ghosts(
    sales: Floats,
    on_hand: Floats,
    *,
    period_days: float = 1.0,
    available: Bools | None = None,
    months: Ints | None = None,
    groups: Ints | None = None,
    counted_days_ago: float = YEAR_DAYS,
    counts: Mapping[int, int] | None = None,
) -> Ghosts:
    """Weigh the three stories for each product held.

    :param sales: (n, T) boxes, oldest period first, the last one ending today.
    :param on_hand: (n,) boxes on record; zero or less is never a ghost.
    :param available: (n, T) false in a known shortage: not silence.
    :param months: (T,) calendar month of each period, 1 to 12.
    :param counted_days_ago: days since the whole shop was last counted.
    :param counts: boxes found on the shelf by product, typed after a look: fewer than half of the
        record is a ghost, more is not.
    """
    held = np.asarray(on_hand, dtype=np.float64)
    bins = bin_periods(sales, period_days=period_days, available=available, months=months)
    rhythm = rhythms_of(bins, groups=groups)
    drift = _fit_drift(bins, rhythm=rhythm)
    stories = _stories(bins, rhythm=rhythm, drift=drift, counted_days_ago=counted_days_ago)

    known = np.full(len(held), -1)
    for product, found in (counts or {}).items():
        known[product] = int(2 * found < held[product])
    rates = _fit_rates(stories, held=held > 0, known=known, bins=bins, days=counted_days_ago)
    ghost, dead = _shares(stories, rates)
    counted = int((known >= 0).sum())

    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    spread = DOUBT / np.sqrt(1.0 + counted / 5.0)
    scenarios = []
    for node in nodes:
        tilt = np.exp(spread * node)
        scenario = _shares(stories, (rates[0] * tilt, rates[1] / tilt))[0]
        scenarios.append(_settle(scenario, held=held, known=known))
    tilted = np.array(scenarios)
    ghost = _settle(ghost, held=held, known=known)
    dead = np.where(held > 0, np.where(known >= 0, np.where(known == 1, 0.0, dead), dead), 0.0)
    tail = NormalDist().inv_cdf((1 + LEVEL) / 2)
    edges = [
        _settle(
            _shares(stories, (rates[0] * np.exp(side), rates[1] / np.exp(side)))[0],
            held=held,
            known=known,
        )
        for side in (-tail * spread, tail * spread)
    ]
    share = float(ghost.sum() / max((held > 0).sum(), 1))
    shares = [float(edge.sum() / max((held > 0).sum(), 1)) for edge in edges]
    boxes = np.maximum(held, 0.0)
    for product, found in (counts or {}).items():
        # What was found is known: the rest is missing.
        boxes[product] = max(held[product] - found, 0.0)
    missing = np.where(known >= 0, boxes, ghost * boxes)
    return Ghosts(
        probability=ghost,
        low=edges[0],
        high=edges[1],
        boxes=missing,
        boxes_low=np.where(known >= 0, boxes, np.where(edges[0] >= (1 + LEVEL) / 2, boxes, 0.0)),
        boxes_high=np.where(known >= 0, boxes, np.where(edges[1] > (1 - LEVEL) / 2, boxes, 0.0)),
        dead=dead,
        alive=np.where(held > 0, np.maximum(1.0 - ghost - dead, 0.0), 0.0),
        silence_days=rhythm.silence_days,
        interval_days=rhythm.interval_days,
        expected_sales=rhythm.hazard * rhythm.silence,
        slowdown=stories.slowdown,
        share=Interval(share, shares[0], shares[1]),
        drift=drift,
        rhythm=rhythm,
        scenarios=tilted,
        weights=weights / weights.sum(),
    )


def hit_rate(ghosts: Ghosts, chosen: Ints) -> Interval:
    """Share of the products of a list that will be found missing, with its interval.

    Each is a toss of its own probability (Poisson-binomial law, by convolution); what is not known
    of the share of ghosts among what stopped moves all of them together.
    """
    count = len(chosen)
    if not count:
        return Interval(0.0, 0.0, 0.0)
    total = np.zeros(count + 1)
    for scenario, weight in zip(ghosts.scenarios, ghosts.weights, strict=True):
        law = np.ones(1)
        for chance in scenario[chosen]:
            law = np.convolve(law, (1.0 - chance, chance))
        total += weight * law
    below = np.cumsum(total)
    low = int(np.searchsorted(below, (1 - LEVEL) / 2))
    high = int(np.searchsorted(below, (1 + LEVEL) / 2))
    mean = float(ghosts.probability[chosen].mean())
    return Interval(mean, min(low / count, mean), max(min(high, count) / count, mean))


# The three stories -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stories:
    """Weights of the stories, up to one factor per product."""

    alive: Floats
    ghost: Floats
    """Per unit of ghost hazard."""
    dead: Floats
    """Per unit of death hazard."""
    slowdown: Floats


def _tail_shape(rhythm: Rhythm, *, drift: float) -> Floats:
    result: Floats = 1.0 + 1.0 / (1.0 / np.maximum(rhythm.shape, 0.5) + 1.0 / drift)
    return result


def _survival(scaled: Floats, shape: Floats) -> Floats:
    """Chance of a silence of at least ``scaled`` mean intervals."""
    result: Floats = np.exp(-shape * np.log1p(scaled / shape))
    return result


def _area(scaled: Floats, shape: Floats) -> Floats:
    """Integral of the survival from 0, in mean intervals; tends to ``shape / (shape - 1)``."""
    result: Floats = -np.expm1((1.0 - shape) * np.log1p(scaled / shape)) * shape / (shape - 1.0)
    return result


def _stories(bins: Bins, *, rhythm: Rhythm, drift: float, counted_days_ago: float) -> _Stories:
    hazard, silence = _hazard(rhythm, periods=bins.sales.shape[1]), rhythm.silence
    shape = _tail_shape(rhythm, drift=drift)
    # Silence that had passed when the shop was counted: ghosts born before were mostly found.
    before = np.maximum(rhythm.silence_days - counted_days_ago, 0.0)
    older = silence * before / np.maximum(rhythm.silence_days, TINY)
    whole, old = _area(hazard * silence, shape), _area(hazard * older, shape)
    slowdown = _slowdown(bins, rhythm=rhythm)
    return _Stories(
        alive=_survival(hazard * silence, shape),
        ghost=(whole - FOUND_BY_COUNT * old) / hazard,
        dead=whole * slowdown / hazard,
        slowdown=slowdown,
    )


def _hazard(rhythm: Rhythm, *, periods: int) -> Floats:
    """Hazard, low for what never sold in the file: half an event in all of it."""
    return np.where(rhythm.events > 0, rhythm.hazard, 0.5 / max(periods, 1))


def _slowdown(bins: Bins, *, rhythm: Rhythm) -> Floats:
    """Likelihood ratio of a fading rate against a steady one before the last sale, *R* above."""
    products, count = bins.sales.shape
    longest = min(count, int(np.ceil(max(FADES) * YEAR_DAYS / bins.days)))
    lag = np.arange(longest)
    at = rhythm.last[:, None] - lag
    there = (at >= np.maximum(rhythm.first, 0)[:, None]) & (rhythm.events > 0)[:, None]
    rows = np.arange(products)[:, None]
    place = np.maximum(at, 0)
    boxes = np.where(there, bins.sales[rows, place], 0.0) / rhythm.dispersion[:, None]
    weight = np.where(there, bins.weight[rows, place], 0.0)
    # The end is a little after the last sale: half a mean interval.
    after = np.minimum(0.5 / np.maximum(rhythm.hazard, TINY), count)
    total = rhythm.quantity / rhythm.dispersion
    exposure = rhythm.exposure + after
    ratios = [np.ones(products)]
    for fade in FADES:
        length = max(fade * YEAR_DAYS / bins.days, 1.0)
        ramp = np.minimum((lag + 0.5 + after[:, None]) / length, 1.0)
        lost = (weight * (1.0 - ramp)).sum(axis=1)
        # Nothing sold in the time after the last sale either, at a rate that ended at zero.
        lost = lost + after * (1.0 - np.minimum(after / length / 2, 1.0))
        gain = (boxes * np.log(ramp)).sum(axis=1)
        left = np.maximum(exposure - lost, 0.02 * exposure)
        ratio = gain - (total + 0.5) * (np.log(left + 1.0) - np.log(exposure + 1.0))
        ratios.append(np.exp(np.clip(ratio, -30.0, 30.0)))
    result: Floats = np.mean(ratios, axis=0)
    return np.where(rhythm.events >= 3, result, 1.0)


# What the file itself tells ----------------------------------------------------------------------


def _fit_drift(bins: Bins, *, rhythm: Rhythm) -> float:
    """The drift under which the silences open at past dates, of products alive then, are likely."""
    count = bins.sales.shape[1]
    score = np.zeros(len(DRIFTS))
    seen = 0
    for part in PAST_DATES:
        upto = int(round(part * count))
        if upto < 8:
            continue
        past = rhythms_of(bins, upto=upto)
        alive = (past.events >= 3) & (rhythm.last >= upto)
        seen += int(alive.sum())
        scaled = (past.hazard * past.silence)[alive]
        for place, drift in enumerate(DRIFTS):
            shape = _tail_shape(past, drift=float(drift))[alive]
            score[place] += float(
                (-shape * np.log1p(scaled / shape) + np.log1p(-1.0 / shape)).sum()
            )
    if seen < 30:
        return 8.0
    return float(DRIFTS[int(score.argmax())])


def _fit_rates(
    stories: _Stories, *, held: Bools, known: Ints, bins: Bins, days: float
) -> tuple[float, float]:
    """Hazards of ghosts and of deaths per period, posterior modes by EM."""
    a_year = YEAR_DAYS / bins.days
    ghost, dead = GHOSTS_A_YEAR / a_year, DEATHS_A_YEAR / a_year
    prior = PRIOR_YEARS * a_year
    count = float(held.sum())
    periods = bins.sales.shape[1]
    at_risk = count * min(days / bins.days, periods)
    for _ in range(STEPS):
        of_ghost, of_dead = _shares(stories, (ghost, dead))
        # Who was counted is known; who was not a ghost is dead or alive in their proportions.
        rest = np.maximum(1.0 - of_ghost, TINY)
        of_dead = np.where(known == 0, of_dead / rest, np.where(known == 1, 0.0, of_dead))
        of_ghost = np.where(known >= 0, known == 1, of_ghost)
        ghost = (of_ghost[held].sum() + GHOSTS_A_YEAR * PRIOR_YEARS) / (at_risk + prior)
        dead = (of_dead[held].sum() + DEATHS_A_YEAR * PRIOR_YEARS) / (count * periods + prior)
    return float(ghost), float(dead)


def _shares(stories: _Stories, rates: tuple[float, float]) -> tuple[Floats, Floats]:
    """Chances of ghost and of dead for each product."""
    ghost, dead = rates[0] * stories.ghost, rates[1] * stories.dead
    whole = ghost + dead + stories.alive
    return ghost / whole, dead / whole


def _settle(chance: Floats, *, held: Floats, known: Ints) -> Floats:
    """Nothing held is no ghost; what was counted is known."""
    result: Floats = np.where(held > 0, np.where(known >= 0, known == 1, chance), 0.0)
    return result
