"""Replenishment policies: pure functions, fed with live stock by ``planning``, with days by a twin.

The plain min/max policy of the house. With *d* the demand per day, *L* the lead time, *R* the time
until the next chance to order, *v* the variance-to-mean ratio of demand and *z* the normal quantile
of the service level::

    minimum = d·L + safety                  order as soon as the position is below it
    target  = d·L + safety + d·R            and order up to this
    safety  = z·√(v·d·(L+R))                frequent products
            = Q(level) − d·(L+R)            slow ones: Q is the Poisson or negative-binomial
                                            quantile of the demand over L+R, because a normal law
                                            is wrong for a product that sells twice a month

(Textbook periodic-review inventory control: Silver, Pyke & Thomas, *Inventory and Production
Management in Supply Chains*, chapters 6 and 7.) The safety stock is rounded up to a tenth of a box
*before* it is used: the numbers a person reads are the numbers that gave the quantity, and
:func:`recompute` finds the same one from them.

Where the order engine has decided (:class:`Levels`, from ``science.decision``), its minimum and its
target take the place of these two formulas; position, promises, cases, floor and room count the
same. An engine's target already holds a whole case above its minimum, so cases are counted down to
it instead of up::

    quantity = ⌊(target − net) / case⌋ · case       when net is below the minimum

All days are of one kind, open days or calendar days: the caller chooses and keeps to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Below this mean demand over L+R (boxes) whole boxes matter, and the discrete quantile is used.
SLOW_BELOW = 10.0
# A single line counts for at most this many times the mean of the product's other lines.
PEAK_FACTOR = 3
# Bounds of the variance-to-mean ratio; FACTS § 1 measures 1 to 8 on real daily sales.
STEADIEST, WILDEST = 1.0, 10.0
# A product sold on its few days in stock is not known to sell as fast all year: at least one
# day in so many is counted as a day on which it could have sold.
ONE_DAY_IN = 10
# Absorbs the noise of binary fractions before rounding up: 3.0000000001 boxes are three boxes.
EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class StockPosition:
    """What we have and owe, in boxes. Boxes already set aside for a patient count nowhere here."""

    on_hand: int
    on_order: int
    promised: int

    @property
    def net(self) -> int:
        """Boxes that will be left once everything ordered has come and every promise is kept."""
        return self.on_hand + self.on_order - self.promised


@dataclass(frozen=True, slots=True)
class DemandSummary:
    """The demand of one product over a period, lost demand (promises, missed sales) included.

    ``squares`` is the sum of the squared line quantities: for lines that come independently, the
    variance-to-mean ratio of demand is ``squares / quantity``. Zero means unknown: Poisson.
    """

    quantity: int
    """Boxes asked for in the period."""
    days: int
    """Length of the period, in days."""
    days_out: int = 0
    """Days of the period when nothing could be sold: censored, they are not days of no demand."""
    largest_line: int = 0
    """Boxes of the largest single line, zero if unknown."""
    lines: int = 0
    """Lines (dispensings) that make the quantity, zero if unknown."""
    squares: int = 0

    @property
    def days_counted(self) -> int:
        """Days on which the product could have sold, never less than a tenth of the period."""
        return int(_days_counted(days=_column(self.days), days_out=_column(self.days_out))[0])

    @property
    def peak(self) -> int:
        """Boxes of the largest line taken for a one-off and left out of the rate (winsorised)."""
        return int(
            _peak(
                quantity=_column(self.quantity),
                largest=_column(self.largest_line),
                lines=_column(self.lines),
            )[0]
        )

    @property
    def rate_per_day(self) -> float:
        """Boxes per day in stock, one-off peak left out."""
        return (self.quantity - self.peak) / self.days_counted


@dataclass(frozen=True, slots=True)
class Cover:
    """How long an order must last, in days: until it arrives, then until the next one can."""

    lead_time_days: float
    review_days: float


@dataclass(frozen=True, slots=True)
class Terms:
    """How the product is bought and kept, in boxes."""

    case_size: int = 1
    minimum_floor: int = 0
    """Never keep less (the emergency list)."""
    maximum: int | None = None
    """Shelf room; promises are ordered beyond it, since they go to their slot."""
    on_request: bool = False
    """Ordered for a patient who asked, never to fill the shelf (expensive, exclusive)."""


@dataclass(frozen=True, slots=True)
class Service:
    """What the shop wants of its shelf."""

    level: float = 0.98
    """Probability of serving everything asked until the order after this one arrives."""
    kept_from_lines: int = 2
    """A product asked for less often than this in the period is ordered for promises only."""


@dataclass(frozen=True, slots=True)
class Level:
    """What the order engine decided for one product, and the numbers that decided it."""

    minimum: int
    """Order below this; zero: kept for promises only."""
    target: int
    """Never order beyond this: at least ``minimum + case_size − 1``."""
    expected: float
    """Units expected to be asked until the order after this one arrives, to a tenth."""
    chance: float
    """Probability that ``minimum`` units serve all of it, to a hundredth."""
    missing_cost: float
    """Euros lost for one unit asked for and not there, to a cent."""
    holding_cost: float
    """Euros lost for one unit kept a year, to a cent."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The same as :class:`Level`, as columns. Products the engine does not know are not ``known``:
    the plain formulas stand for them."""

    known: Bools
    minimum: Ints
    target: Ints
    expected: Floats
    chance: Floats
    missing_cost: Floats
    holding_cost: Floats

    def take(self, index: Ints) -> Levels:
        """The levels of the chosen products."""
        return Levels(**{name: getattr(self, name)[index] for name in Levels.__slots__})

    def __getitem__(self, index: int) -> Level | None:
        if not self.known[index]:
            return None
        return Level(
            minimum=int(self.minimum[index]),
            target=int(self.target[index]),
            expected=float(self.expected[index]),
            chance=float(self.chance[index]),
            missing_cost=float(self.missing_cost[index]),
            holding_cost=float(self.holding_cost[index]),
        )


class ReasonCode(StrEnum):
    """Why this quantity; the words a person reads are written by ``planning``."""

    ENOUGH = "enough"
    BELOW_MINIMUM = "below_minimum"
    BELOW_FLOOR = "below_floor"
    FOR_PROMISES = "for_promises"
    NO_DEMAND = "no_demand"
    ON_REQUEST = "on_request"
    NO_ROOM = "no_room"


REASONS: tuple[ReasonCode, ...] = tuple(ReasonCode)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Every number of the *why* sentence: enough to find the quantity again by hand."""

    position: StockPosition
    asked: int
    """Boxes asked for in the period, peak included."""
    peak: int
    days: int
    days_out: int
    days_counted: int
    kept: bool
    """Asked for often enough to be kept on the shelf, and not sold on request only."""
    lead_time_days: float
    review_days: float
    safety: float
    """Boxes, a whole number of tenths; may be negative for very slow products (Q − mean)."""
    minimum: int
    need: int
    """Boxes missing to reach the target, before case size and room."""
    terms: Terms
    service_level: float
    variance_to_mean: float
    level: Level | None = None
    """What the order engine decided, where it did."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A quantity to order, and all that explains it."""

    quantity: int
    reorder_point: int
    """Order when the net position is at or below this: one box under the minimum."""
    target: int
    rate_per_day: float
    reason_code: ReasonCode
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Proposals:
    """Proposals for many products, kept as columns; ``proposals[i]`` spells out one of them."""

    quantity: Ints
    reorder_point: Ints
    target: Ints
    rate_per_day: Floats
    reason: Ints
    """Index in :data:`REASONS`."""
    columns: Columns = field(repr=False)
    safety: Floats
    minimum: Ints
    need: Ints
    peak: Ints
    days_counted: Ints
    kept: Bools
    variance_to_mean: Floats

    def __len__(self) -> int:
        return len(self.quantity)

    def __getitem__(self, index: int) -> Proposal:
        return self._one(range(len(self))[index])

    def __iter__(self) -> Iterator[Proposal]:
        return (self._one(i) for i in range(len(self)))

    def _one(self, i: int) -> Proposal:
        columns = self.columns
        maximum = int(columns.maximum[i])
        return Proposal(
            quantity=int(self.quantity[i]),
            reorder_point=int(self.reorder_point[i]),
            target=int(self.target[i]),
            rate_per_day=float(self.rate_per_day[i]),
            reason_code=REASONS[int(self.reason[i])],
            numbers=Numbers(
                position=StockPosition(
                    on_hand=int(columns.on_hand[i]),
                    on_order=int(columns.on_order[i]),
                    promised=int(columns.promised[i]),
                ),
                asked=int(columns.asked[i]),
                peak=int(self.peak[i]),
                days=int(columns.days[i]),
                days_out=int(columns.days_out[i]),
                days_counted=int(self.days_counted[i]),
                kept=bool(self.kept[i]),
                lead_time_days=float(columns.lead_time_days[i]),
                review_days=float(columns.review_days[i]),
                safety=float(self.safety[i]),
                minimum=int(self.minimum[i]),
                need=int(self.need[i]),
                terms=Terms(
                    case_size=int(columns.case_size[i]),
                    minimum_floor=int(columns.minimum_floor[i]),
                    maximum=None if maximum == NO_MAXIMUM else maximum,
                    on_request=bool(columns.requested_only()[i]),
                ),
                service_level=columns.service.level,
                variance_to_mean=float(self.variance_to_mean[i]),
                level=columns.levels[i] if columns.levels is not None else None,
            ),
        )


NO_MAXIMUM = np.iinfo(np.int64).max // 4
"""What ``Columns.maximum`` holds for a product without a limit."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The inputs of :func:`propose_many`: one array per number, one element per product.

    Meanings and units are those of the classes above; ``maximum`` is :data:`NO_MAXIMUM` for none.
    """

    on_hand: Ints
    on_order: Ints
    promised: Ints
    asked: Ints
    days: Ints
    days_out: Ints
    largest_line: Ints
    lines: Ints
    squares: Ints
    lead_time_days: Floats
    review_days: Floats
    case_size: Ints
    minimum_floor: Ints
    maximum: Ints
    on_request: Bools | None = None
    """None when no product is."""
    service: Service = Service()
    levels: Levels | None = None
    """None when the plain formulas stand for all."""
    peak: Ints | None = None
    """Units of one-off peaks, where they were already set apart; None to find them here."""

    @classmethod
    def of(
        cls,
        positions: Sequence[StockPosition],
        *,
        demands: Sequence[DemandSummary],
        cover: Cover | Sequence[Cover],
        terms: Sequence[Terms],
        service: Service = Service(),
    ) -> Columns:
        """Columns from objects; one cover may stand for all products (one supplier, one round)."""
        covers = [cover] * len(positions) if isinstance(cover, Cover) else cover
        assert len(positions) == len(demands) == len(covers) == len(terms), "columns of one height"
        return cls(
            on_hand=_ints(p.on_hand for p in positions),
            on_order=_ints(p.on_order for p in positions),
            promised=_ints(p.promised for p in positions),
            asked=_ints(d.quantity for d in demands),
            days=_ints(d.days for d in demands),
            days_out=_ints(d.days_out for d in demands),
            largest_line=_ints(d.largest_line for d in demands),
            lines=_ints(d.lines for d in demands),
            squares=_ints(d.squares for d in demands),
            lead_time_days=np.array([c.lead_time_days for c in covers], dtype=np.float64),
            review_days=np.array([c.review_days for c in covers], dtype=np.float64),
            case_size=_ints(t.case_size for t in terms),
            minimum_floor=_ints(t.minimum_floor for t in terms),
            maximum=_ints(NO_MAXIMUM if t.maximum is None else t.maximum for t in terms),
            on_request=np.array([t.on_request for t in terms], dtype=np.bool_),
            service=service,
        )

    def requested_only(self) -> Bools:
        """Which products are ordered on request only."""
        if self.on_request is None:
            return np.zeros(len(self.on_hand), dtype=np.bool_)
        return self.on_request


def order_up_to(position: StockPosition, *, reorder_point: int, target: int) -> int:
    """Quantity to order now under an (s, S) policy; zero while above the reorder point."""
    if position.net > reorder_point:
        return 0
    return target - position.net


def propose(
    position: StockPosition,
    *,
    demand: DemandSummary,
    cover: Cover,
    terms: Terms,
    service: Service = Service(),
) -> Proposal:
    """What to order now for one product, and why (the module tells the formulas)."""
    return propose_many(
        Columns.of([position], demands=[demand], cover=[cover], terms=[terms], service=service)
    )[0]


def propose_many(columns: Columns) -> Proposals:
    """What to order now for many products at once: :func:`propose`, by columns.

    :raises ValueError: if a case is smaller than one box, or a lead or review time is negative.
    """
    if (columns.case_size < 1).any():
        raise ValueError("case_size must be at least 1")
    if (columns.lead_time_days < 0).any() or (columns.review_days < 0).any():
        raise ValueError("lead_time_days and review_days must not be negative")

    peak = columns.peak
    if peak is None:
        peak = _peak(quantity=columns.asked, largest=columns.largest_line, lines=columns.lines)
    sold = columns.asked - peak
    days_counted = _days_counted(days=columns.days, days_out=columns.days_out)
    rate = sold / days_counted
    often = np.where(columns.lines > 0, columns.lines, sold)
    on_request = columns.requested_only()
    kept = (often >= columns.service.kept_from_lines) & (sold > 0) & ~on_request

    ratio = _variance_to_mean(columns, peak=peak, sold=sold)
    span = columns.lead_time_days + columns.review_days
    safety = np.where(
        kept, _safety(mean=rate * span, ratio=ratio, level=columns.service.level), 0.0
    )
    # The floor of one box: a product worth keeping is on the shelf, however slowly it sells.
    least = np.maximum(columns.minimum_floor, np.where(kept, 1, 0))
    wanted_minimum = _up(rate * columns.lead_time_days + safety)
    wanted_target = _up(rate * columns.lead_time_days + safety + rate * columns.review_days)
    levels = columns.levels
    decided = np.zeros(len(peak), dtype=np.bool_)
    if levels is not None:
        kept = np.where(levels.known, (levels.minimum > 0) & ~on_request, kept)
        decided = levels.known & kept
        wanted_minimum = np.where(levels.known, levels.minimum, wanted_minimum)
        wanted_target = np.where(levels.known, levels.target, wanted_target)
        safety = np.where(levels.known, 0.0, safety)
        least = np.maximum(columns.minimum_floor, np.where(kept, 1, 0))
    minimum = np.maximum(np.where(kept, wanted_minimum, 0), least)
    target = np.maximum(np.where(kept, wanted_target, 0), minimum)
    target = np.where(decided, np.maximum(target, minimum + columns.case_size - 1), target)

    net = columns.on_hand + columns.on_order - columns.promised
    need = np.where(net < minimum, target - net, 0)
    owed = np.maximum(-net, 0)
    # Below zero the shelf is empty: boxes for promises come on top of what fits.
    room = np.maximum(columns.maximum - net, 0)
    cases = np.where(decided, need // columns.case_size, -(-need // columns.case_size))
    whole = cases * columns.case_size
    cut = whole > room
    quantity = np.where(cut, room // columns.case_size * columns.case_size, whole)
    # Promises come before room, and a case cannot be split.
    quantity = np.where(
        cut & (quantity < owed), -(-owed // columns.case_size) * columns.case_size, quantity
    )
    shelf_minimum = np.maximum(wanted_minimum, 1)
    reason = np.select(
        [
            (need == 0) & (kept | (columns.minimum_floor > 0)),
            (need == 0) & on_request,
            need == 0,
            quantity == 0,
            target == 0,
            ~kept | (net >= shelf_minimum),
        ],
        [
            REASONS.index(ReasonCode.ENOUGH),
            REASONS.index(ReasonCode.ON_REQUEST),
            REASONS.index(ReasonCode.NO_DEMAND),
            REASONS.index(ReasonCode.NO_ROOM),
            REASONS.index(ReasonCode.FOR_PROMISES),
            REASONS.index(ReasonCode.BELOW_FLOOR),
        ],
        default=REASONS.index(ReasonCode.BELOW_MINIMUM),
    )
    return Proposals(
        quantity=quantity,
        reorder_point=minimum - 1,
        target=target,
        rate_per_day=rate,
        reason=reason,
        columns=columns,
        safety=safety,
        minimum=minimum,
        need=need,
        peak=peak,
        days_counted=days_counted,
        kept=kept,
        variance_to_mean=ratio,
    )


def recompute(proposal: Proposal) -> int:
    """The quantity found again from the numbers of the *why* sentence alone, as by hand."""
    numbers = proposal.numbers
    terms = numbers.terms
    minimum = target = 0
    level = numbers.level if numbers.kept else None
    if level is not None:
        minimum, target = max(level.minimum, 1), level.target
    elif numbers.kept:
        rate = (numbers.asked - numbers.peak) / numbers.days_counted
        lead = rate * numbers.lead_time_days + numbers.safety
        minimum = max(_whole(lead), 1)
        target = _whole(lead + rate * numbers.review_days)
    minimum = max(minimum, terms.minimum_floor)
    target = max(target, minimum)
    if level is not None:
        target = max(target, minimum + terms.case_size - 1)

    need = order_up_to(numbers.position, reorder_point=minimum - 1, target=target)
    owed = max(-numbers.position.net, 0)
    cases = need // terms.case_size if level is not None else math.ceil(need / terms.case_size)
    quantity = cases * terms.case_size
    if terms.maximum is not None:
        room = max(terms.maximum - numbers.position.net, 0)
        if quantity > room:
            quantity = room // terms.case_size * terms.case_size
            if quantity < owed:
                quantity = math.ceil(owed / terms.case_size) * terms.case_size
    return quantity


def demand_quantile(*, mean: Floats, variance_to_mean: Floats, level: float) -> Ints:
    """Smallest whole demand not exceeded with probability ``level``.

    Negative binomial of the given mean and variance-to-mean ratio, Poisson where the ratio is 1.
    Meant for small means (tens of boxes): it walks the distribution up from zero.
    """
    spread = variance_to_mean - 1.0
    poisson = spread < 1e-6
    size = np.where(poisson, 1.0, mean / np.where(poisson, 1.0, spread))
    grows = np.where(poisson, 0.0, spread / variance_to_mean)
    mass = np.where(poisson, np.exp(-mean), np.exp(-size * np.log(variance_to_mean)))
    total = mass.copy()
    quantile = np.zeros(mean.shape, dtype=np.int64)
    # The bound is far beyond any level below 1 − 1e-12 for the means this is used with.
    for k in range(2000):
        short = total < level
        if not short.any():
            break
        step = np.where(poisson, mean / (k + 1), grows * (size + k) / (k + 1))
        mass = mass * step
        total = total + mass
        quantile = quantile + short
    return quantile


def _safety(*, mean: Floats, ratio: Floats, level: float) -> Floats:
    """Safety stock over the covered span, in boxes, rounded up to a tenth."""
    slow = mean < SLOW_BELOW
    quantile = demand_quantile(
        mean=np.where(slow, mean, 0.0), variance_to_mean=np.where(slow, ratio, 1.0), level=level
    )
    normal = NormalDist().inv_cdf(level) * np.sqrt(ratio * mean)
    exact = np.where(slow, quantile - mean, normal)
    tenths: Floats = np.ceil(exact * 10 - EPSILON) / 10
    return tenths


def _variance_to_mean(columns: Columns, *, peak: Ints, sold: Ints) -> Floats:
    largest = columns.largest_line
    capped = columns.squares - largest * largest + (largest - peak) * (largest - peak)
    known = (columns.squares > 0) & (sold > 0)
    ratio = np.where(known, capped / np.maximum(sold, 1), STEADIEST)
    clipped: Floats = np.clip(ratio, STEADIEST, WILDEST)
    return clipped


def _peak(*, quantity: Ints, largest: Ints, lines: Ints) -> Ints:
    """Boxes above what one line may count for; other lines of unknown size are single boxes."""
    others: Floats = np.where(lines >= 2, (quantity - largest) / np.maximum(lines - 1, 1), 1.0)
    limit = np.maximum(_up(PEAK_FACTOR * others), PEAK_FACTOR)
    peak: Ints = np.clip(largest - limit, 0, np.maximum(quantity, 0))
    return peak


def _days_counted(*, days: Ints, days_out: Ints) -> Ints:
    least = np.maximum(-(-days // ONE_DAY_IN), 1)
    counted: Ints = np.maximum(days - days_out, least)
    return counted


def _up(values: Floats) -> Ints:
    return np.ceil(values - EPSILON).astype(np.int64)


def _whole(value: float) -> int:
    return math.ceil(value - EPSILON)


def _ints(values: Iterator[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)


def _column(value: int) -> Ints:
    return np.array([value], dtype=np.int64)
