"""How likely a product held on record is not there: silence against rhythm and against death.

Three stories explain that a product with boxes on record has been silent for *L* periods:

- **alive**: it sells at hazard *h* and happens to be silent. The hazard is known from few events
  and drifts, so the tail is that of a gamma mixture (Pareto), ``S(L) = (1 + h·L/k)^-k``: the
  gamma-Poisson predictive, with ``1/(k-1) = 1/shape + 1/drift``;
- **ghost**: the boxes went at some instant since the shop was last counted, hazard *g* per period,
  and nothing could be sold since: ``G = g·∫ S(v) dv`` over the silences *v* that had passed at
  that instant. A ghost is never re-ordered, since its record stays above the reorder point: the
  silence is abrupt and has no end. A ghost older than the last count was most often found then,
  and a silence of less than three mean intervals is not worth a look;
- **dead**: the demand ended at hazard *d*, the boxes are there: ``D = d·R·∫ S(v) dv``. Dying
  demand often slows down before it ends, a ghost stops at full speed: *R* is, half and half, one
  and the likelihood ratio of the sales before the last one under a rate that falls in a line to
  zero over a time *F* (averaged over several *F*) against a steady rate. The rate itself is
  integrated out of its gamma law; boxes are divided by their variance-to-mean ratio.

Then ``P(ghost) = o·G / (o·G + D/o + S)``. The file itself tells *g* (posterior mode by EM, gamma
prior ``GHOSTS_A_YEAR``) and, as it was before the last count when what had stopped was no ghost,
*d* and ``drift``; *o* is what stays unknown of ghosts against deaths, log-normal, averaged over. A
product that was counted is a toss of its own chance: one count moves *o*, and so every other
probability.

The « alive or gone » competition is that of Schmittlein, Morrison and Colombo (1987) and of
Fader, Hardie and Lee (2005, BG/NBD) for customers; records that freeze sales are told by
DeHoratius, Mersereau and Schrage (2008), *Retail Inventory Management When Records Are Inaccurate*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    until,
)

YEAR_DAYS = 365.0
LEVEL = 0.9
"""Level of every interval: 5 % below, 5 % above."""
# Priors, in shares of the products held, each worth what so many product-years would tell.
GHOSTS_A_YEAR = 0.03
DEATHS_A_YEAR = 0.03
PRIOR_YEARS = 400.0
# Share of the older ghosts that a full count of the shop brings to light.
FOUND_BY_COUNT = 0.95
# Share of the deaths that slow down first, and the times they take to, in years.
FADING = 0.5
FADES = (0.1, 0.25, 0.5, 1.0)
# Values among which the file chooses: drift, in events; deaths a year; power of the hazard.
DRIFTS = np.geomspace(0.7, 40.0, 14)
DEATHS = np.geomspace(0.002, 0.6, 12)
SLOPES = (-1.0, -0.5, 0.0, 0.5)
USUAL_DRIFT = 8.0
# Mean intervals.
EDGES = (2.0, 3.0, 5.0, 8.0, 13.0)
PRIOR_WEIGHT = 1.0
# Dates at which the past is looked at, in parts of the file up to the last count.
PAST_PARTS = (0.8, 1.0)
LEAST_PRODUCTS = 50
MOST_PRODUCTS = 2000
STEPS = 60
# A silence shorter than so many mean intervals is nobody's ghost: it is not worth a look.
LEAST_INTERVALS = 3.0
# Spread, in logarithm, of what is not known of the odds of ghosts against deaths; steps of its law.
DOUBT = 0.8
NODES = 25


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
    there = held > 0
    past = _learn(bins, held=there, days=counted_days_ago)
    stories = _stories(bins, rhythm=rhythm, past=past, counted_days_ago=counted_days_ago)

    known = np.full(len(held), -1)
    for product, found in (counts or {}).items():
        known[product] = int(2 * found < held[product])
    hazard = _fit_ghosts(stories, held=there, a_year=YEAR_DAYS / bins.days)
    odds, belief = _doubt(stories, hazard, known=known)

    def under(one: float) -> Floats:
        return _settle(_shares(stories, hazard, odds=one)[0], held=there, known=known)

    tilted = np.array([under(one) for one in odds])
    # The weights add up to one but for the last binary digit.
    ghost = _settle(np.minimum(belief @ tilted, 1.0), held=there, known=known)
    dead = belief @ np.array([_shares(stories, hazard, odds=one)[1] for one in odds])
    dead = np.where(there, np.minimum(np.where(known == 1, 0.0, dead), 1.0 - ghost), 0.0)
    below = np.cumsum(belief)
    # Chances grow with the odds: the bounds of one are the bounds of the other.
    edges = [
        tilted[int(np.searchsorted(below, level))] for level in ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    ]
    edges = [np.minimum(edges[0], ghost), np.maximum(edges[1], ghost)]
    share = float(ghost.sum() / max(there.sum(), 1))
    shares = [float(edge.sum() / max(there.sum(), 1)) for edge in edges]
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
        boxes_low=np.where((known >= 0) | (edges[0] >= (1 + LEVEL) / 2), missing, 0.0),
        boxes_high=np.where(edges[1] > (1 - LEVEL) / 2, boxes, missing),
        dead=dead,
        alive=np.where(there, np.maximum(1.0 - ghost - dead, 0.0), 0.0),
        silence_days=rhythm.silence_days,
        interval_days=rhythm.interval_days,
        expected_sales=rhythm.hazard * rhythm.silence,
        slowdown=stories.slowdown,
        share=Interval(share, shares[0], shares[1]),
        drift=past.drift,
        rhythm=rhythm,
        scenarios=tilted,
        weights=belief,
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
    at_risk: Floats
    """Periods in which a product could become a ghost that is seen."""
    slowdown: Floats


def _tail(shape: Floats, *, drift: float) -> Floats:
    result: Floats = 1.0 + 1.0 / (1.0 / np.maximum(shape, 0.5) + 1.0 / drift)
    return result


def _survival(scaled: Floats, shape: Floats) -> Floats:
    """Chance of a silence of at least ``scaled`` mean intervals."""
    result: Floats = np.exp(-shape * np.log1p(scaled / shape))
    return result


def _area(scaled: Floats, shape: Floats) -> Floats:
    """Integral of the survival from 0, in mean intervals; tends to ``shape / (shape - 1)``."""
    result: Floats = -np.expm1((1.0 - shape) * np.log1p(scaled / shape)) * shape / (shape - 1.0)
    return result


def _stories(bins: Bins, *, rhythm: Rhythm, past: _Past, counted_days_ago: float) -> _Stories:
    hazard, silence = _hazard(rhythm, periods=bins.sales.shape[1]), rhythm.silence
    shape = _tail(rhythm.shape, drift=past.drift)
    # Silence that had passed when the shop was counted: ghosts born before were mostly found.
    before = np.maximum(rhythm.silence_days - counted_days_ago, 0.0)
    older = silence * before / np.maximum(rhythm.silence_days, TINY)
    whole, old = _area(hazard * silence, shape), _area(hazard * older, shape)
    slowdown = _slowdown(bins, rhythm=rhythm)
    least = LEAST_INTERVALS * np.where(np.isinf(rhythm.interval_days), 0.0, rhythm.interval_days)
    return _Stories(
        alive=_survival(hazard * silence, shape),
        ghost=np.where(rhythm.silence_days >= least, (whole - FOUND_BY_COUNT * old) / hazard, 0.0),
        at_risk=np.maximum(
            np.minimum(counted_days_ago / bins.days, bins.sales.shape[1]) - least / bins.days, 0.0
        ),
        dead=past.deaths(hazard) * whole * slowdown / hazard,
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
    ratios = []
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
    result: Floats = 1.0 - FADING + FADING * np.mean(ratios, axis=0)
    return np.where(rhythm.events >= 3, result, 1.0)


# What the file itself tells ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Past:
    """What the file tells of silences when there could be no ghost."""

    drift: float
    death: float
    """Hazard of death per period of a product of the middle hazard."""
    slope: float
    """Power of the hazard to which the hazard of death is proportional."""
    middle: float

    def deaths(self, hazard: Floats) -> Floats:
        result: Floats = self.death * (hazard / self.middle) ** self.slope
        return result


def _learn(bins: Bins, *, held: Bools, days: float) -> _Past:
    """The tail of the silences and the hazard of death: their posterior mean, from the past.

    On the day of the last count what was on record was there. At two dates up to that day, the
    silences are put in the classes that ``EDGES`` cut, in mean intervals: short ones, whose law
    does not matter here, make one. With *q* the chance that a product had died by then, *n* the
    periods since its first sale and *k* the shape of the tail, a silence is of *u* mean intervals
    at least with the chance::

        (1 - q)·(1 + u/k)^(1-k) + q·(1 - (u - 1)+/(h·n))        q = 1 - exp(-d·n)

    a recurrence time for the living, and for the dead one that began at any instant. Only whole
    periods are seen: *u* is rounded up to them.
    """
    a_year = YEAR_DAYS / bins.days
    count = bins.sales.shape[1]
    end = count - round(min(days, bins.days * count / 2) / bins.days)
    samples = []
    for part in PAST_PARTS:
        when = round(part * end)
        if when < 8:
            continue
        then = rhythms_of(until(bins, when))
        rows = np.flatnonzero(held & (then.events >= 3))
        rows = rows[:: 1 + len(rows) // MOST_PRODUCTS]
        samples.append(
            np.column_stack(
                (
                    then.hazard[rows],
                    then.silence[rows],
                    then.shape[rows],
                    when - then.first[rows],
                )
            )
        )
    known = np.concatenate(samples) if samples else np.zeros((0, 4))
    if len(known) < LEAST_PRODUCTS:
        return _Past(USUAL_DRIFT, DEATHS_A_YEAR / a_year, 0.0, 1.0)
    hazard, silence, shape, age = known.T
    middle = float(np.exp(np.log(hazard).mean()))
    edges = np.array(EDGES)
    which = np.searchsorted(edges, hazard * silence, side="right")
    rows = np.arange(len(known))
    # What a whole number of periods must reach to be beyond each edge.
    reach = hazard[:, None] * np.ceil(edges / hazard[:, None] - 1e-9)
    gone_on = np.clip(1.0 - np.maximum(reach - 1.0, 0.0) / (hazard * age)[:, None], 0.0, 1.0)

    def of_class(beyond: Floats) -> Floats:
        padded = np.pad(beyond, ((0, 0), (1, 1)), constant_values=((0, 0), (1.0, 0.0)))
        result: Floats = (padded[:, :-1] - padded[:, 1:])[rows, which]
        return result

    dead = of_class(gone_on)
    scores, points = [], []
    for drift in DRIFTS:
        tail = _tail(shape, drift=float(drift))[:, None]
        alive = of_class((1.0 + reach / tail) ** (1.0 - tail))
        for slope in SLOPES:
            power = (hazard / middle) ** slope
            for death in DEATHS:
                gone = -np.expm1(-death / a_year * power * age)
                # Weak priors, so that a small file keeps to what is usual.
                unusual = (
                    np.log(drift / USUAL_DRIFT) ** 2
                    + np.log(death / DEATHS_A_YEAR) ** 2
                    + slope * slope
                )
                likely = float(np.log((1.0 - gone) * alive + gone * dead + TINY).sum())
                scores.append(likely - PRIOR_WEIGHT * unusual)
                points.append((np.log(drift), np.log(death / a_year), slope))
    # The mean over what is credible: one product more does not make it jump.
    belief = np.exp(np.array(scores) - max(scores))
    drift, death, slope = (belief / belief.sum()) @ np.array(points)
    return _Past(float(np.exp(drift)), float(np.exp(death)), float(slope), middle)


def _fit_ghosts(stories: _Stories, *, held: Bools, a_year: float) -> float:
    """Hazard of ghosts per period: posterior mode by EM, gamma prior."""
    ghost = GHOSTS_A_YEAR / a_year
    at_risk = float(stories.at_risk[held].sum())
    for _ in range(STEPS):
        chance = _shares(stories, ghost)[0]
        ghost = (chance[held].sum() + GHOSTS_A_YEAR * PRIOR_YEARS) / (
            at_risk + PRIOR_YEARS * a_year
        )
    return float(ghost)


def _doubt(stories: _Stories, hazard: float, *, known: Ints) -> tuple[Floats, Floats]:
    """Odds of a ghost against what was learned, and the belief in each.

    Log-normal before any count; each product that was counted is then a toss of its own chance.
    """
    logs = np.linspace(-4.0, 4.0, NODES) * DOUBT
    score = -0.5 * (logs / DOUBT) ** 2
    for product in np.flatnonzero(known >= 0):
        ghost, dead, alive = (
            float(part[product]) for part in (stories.ghost, stories.dead, stories.alive)
        )
        chance = hazard * np.exp(logs) * ghost
        chance = chance / np.maximum(chance + dead / np.exp(logs) + alive, TINY)
        score += np.log(np.maximum(chance if known[product] else 1.0 - chance, 1e-6))
    belief = np.exp(score - score.max())
    return np.exp(logs), belief / belief.sum()


def _shares(stories: _Stories, hazard: float, *, odds: float = 1.0) -> tuple[Floats, Floats]:
    """Chances of ghost and of dead for each product, under a hazard of ghosts.

    :param odds: by which the ghosts are more, and the deaths less, common than was learned.
    """
    ghost, dead = hazard * odds * stories.ghost, stories.dead / odds
    whole = ghost + dead + stories.alive
    return ghost / whole, dead / whole


def _settle(chance: Floats, *, held: Bools, known: Ints) -> Floats:
    """Nothing held is no ghost; what was counted is known."""
    result: Floats = np.where(held, np.where(known >= 0, known == 1, chance), 0.0)
    return result
