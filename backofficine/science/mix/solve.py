"""The best mix of suppliers, with the proof of how far it may be from the best.

A tree over the suppliers' states: each node proves a bound (:mod:`dual`) for the states it allows,
and the loosest node is split first, on the supplier whose fixed charge the bound counts least. Good
answers come from HiGHS (:mod:`choice`) over the options the bound found interesting. Where the
options within reach of the best answer are few enough they are *all* listed, and HiGHS settles the
node: an option left out would cost more than the slack above the node's bound.

The gap is relative and against the full problem: ``(cost - bound) / cost``. When limits cannot all
hold, those that must give way are loosened by what is missing, said so, and the gap is that of the
problem so loosened. Deterministic, unless the time runs out.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from backofficine.science.mix.bill import Bill, bill, penalties
from backofficine.science.mix.choice import choose, programme
from backofficine.science.mix.dual import Dual, Proof
from backofficine.science.mix.problem import Binding, Instance, Limit, Relaxation
from backofficine.science.mix.tables import Bools, Options, Tables

# All options are listed and settled by HiGHS up to so many; more take it too long.
LISTED = 6_000
# An open level taken by less than this share in the linear programme is not a level to aim at.
AIMED = 0.85
# Options offered to HiGHS in search of an answer: within this share of the mean cost of a product …
WORTH = 0.05
# … and so many of them beyond one per product.
EXTRA = 1_500
# Of the gap asked for, the share left to HiGHS.
LEFT_TO_CHOICE = 0.1
# How many nodes may look for a better answer.
SEARCHES = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the solver is."""

    cost: float
    """Euros of the best answer so far."""
    bound: float
    seconds: float

    @property
    def gap(self) -> float:
        """Share of the cost that might still be saved."""
        return relative(self.cost, bound=self.bound)


@dataclass(frozen=True, slots=True)
class Mix:
    """What to buy from whom."""

    paid: tuple[int, ...]
    """Boxes paid, one number per offer."""
    bill: Bill
    bound: float
    """No answer costs less (with the limits loosened as ``relaxed`` says)."""
    relaxed: tuple[Relaxation, ...]
    """Limits that could not hold together, and by how much they gave way; usually none."""
    binding: tuple[Binding, ...]
    """Limits that shape the answer, the dearest first."""
    nodes: int
    seconds: float

    @property
    def cost(self) -> float:
        """Euros, all kinds together."""
        return self.bill.total

    @property
    def gap(self) -> float:
        """Share of the cost that might still be saved, at most."""
        return relative(self.cost, bound=self.bound)


def relative(cost: float, *, bound: float) -> float:
    """The gap between a cost and a bound, as a share of the cost."""
    if cost - bound <= 1e-9 * max(1.0, abs(cost)):
        return 0.0
    return (cost - bound) / abs(cost) if cost and math.isfinite(bound) else math.inf


def best_mix(
    instance: Instance,
    *,
    gap: float = 1e-3,
    seconds: float = 30.0,
    progress: Callable[[Progress], None] | None = None,
) -> Mix:
    """The cheapest mix found, to a relative ``gap`` or as far as ``seconds`` allow.

    Always an answer: at worst to order nothing, with the limits this breaks.
    """
    began = time.monotonic()
    search = _Search(instance, gap=gap, began=began, seconds=seconds, progress=progress)
    search.run()
    if not bill(instance, search.paid).broken:
        return search.mix(relaxed=())
    # What must come cannot all come within budget and room: let them give way, see by how much.
    elastic = _Search(
        instance,
        gap=gap,
        began=began,
        seconds=seconds,
        progress=progress,
        paid=search.paid,
        elastic=True,
    )
    elastic.run()
    answer = bill(instance, elastic.paid)
    loosened = _Search(
        _loosened(instance, broken=answer.broken),
        gap=gap,
        began=began,
        seconds=seconds,
        progress=progress,
        paid=elastic.paid,
    )
    loosened.run()
    return replace(
        loosened.mix(relaxed=answer.broken), nodes=search.nodes + elastic.nodes + loosened.nodes
    )


def _loosened(instance: Instance, *, broken: tuple[Relaxation, ...]) -> Instance:
    """The same, each broken limit loosened by what it lacks."""
    suppliers, products = list(instance.suppliers), list(instance.products)
    budget, room = instance.budget, instance.room
    for one in broken:
        match one:
            case Relaxation(limit=Limit.BUDGET):
                assert budget is not None, "only a budget that exists breaks"
                budget += one.amount
            case Relaxation(limit=Limit.ROOM):
                assert room is not None, "only a room that exists breaks"
                room += one.amount
            case Relaxation(limit=Limit.COMMITMENT, index=int(s)):
                suppliers[s] = replace(
                    suppliers[s], commitment=suppliers[s].commitment - one.amount
                )
            case Relaxation(limit=Limit.LEAST, index=int(p)):
                products[p] = replace(products[p], least=products[p].least - round(one.amount))
    return replace(
        instance, suppliers=tuple(suppliers), products=tuple(products), budget=budget, room=room
    )


class _Search:
    """One tree."""

    def __init__(
        self,
        instance: Instance,
        *,
        gap: float,
        began: float,
        seconds: float,
        progress: Callable[[Progress], None] | None,
        paid: tuple[int, ...] | None = None,
        elastic: bool = False,
    ) -> None:
        self._instance = instance
        self._gap = gap
        self._began = began
        self._until = began + seconds
        self._progress = progress
        self._penalties = penalties(instance, elastic=elastic)
        self.paid = paid or (0,) * len(instance.offers)
        self._cost = self._priced(self.paid)
        self._bound = -math.inf
        self._tried: set[bytes] = set()
        self.nodes = 0
        self._dual: Dual | None = None

    def run(self) -> None:
        """Search until the gap is met or the time is out."""
        if not self._instance.offers:
            self._bound = self._cost
            return
        tables = Tables.of(self._instance, penalties=self._penalties)
        self._dual = Dual(self._instance, tables=tables, penalties=self._penalties)
        root = self._dual.prove(self._dual.states.exists, until=self._until)
        self._bound = root.bound
        self._tell()
        self._aim(root)
        root = self._decided(root)
        order = 0
        open_: list[tuple[float, int, Proof]] = [(root.bound, order, root)]
        settled = math.inf
        while open_ and not self._late():
            bound, _, proof = heapq.heappop(open_)
            self._bound = min(bound, settled, self._cost)
            self._tell()
            if self._enough(self._bound):
                heapq.heappush(open_, (bound, order, proof))
                break
            done = self._settle(proof)
            if done is not None:
                settled = min(settled, done)
                continue
            supplier = self._loosest(proof)
            if supplier is None:
                # Nothing left to split: the bound of this node is what can be proven.
                settled = min(settled, self._settle(proof, always=True) or bound)
                continue
            for allowed in _halves(proof, supplier=supplier):
                child = self._dual.prove(allowed, until=self._until)
                self.nodes += 1
                if not self._enough(child.bound):
                    self._aim(child)
                order += 1
                heapq.heappush(open_, (max(bound, child.bound), order, child))
        left = open_[0][0] if open_ else math.inf
        self._bound = max(self._bound, min(left, settled, self._cost))
        self._tell()

    def mix(self, *, relaxed: tuple[Relaxation, ...]) -> Mix:
        """The answer."""
        answer = bill(self._instance, self.paid)
        return Mix(
            paid=self.paid,
            bill=answer,
            bound=self._bound,
            relaxed=relaxed,
            binding=self._binding(answer),
            nodes=self.nodes,
            seconds=time.monotonic() - self._began,
        )

    def _priced(self, paid: tuple[int, ...]) -> float:
        answer = bill(self._instance, paid)
        return answer.total + self._penalties.of(answer.broken)

    def _enough(self, bound: float) -> bool:
        return relative(self._cost, bound=bound) <= self._gap

    def _late(self) -> bool:
        return time.monotonic() >= self._until

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(
                Progress(cost=self._cost, bound=self._bound, seconds=time.monotonic() - self._began)
            )

    def _aim(self, proof: Proof) -> None:
        """Look for an answer where suppliers are at the levels this bound leans to."""
        assert self._dual is not None
        aimed = proof.allowed.copy()
        levels = proof.allowed[:, 1:]
        lean = proof.share[:, 2] >= AIMED
        aimed[:, 2] &= lean | ~proof.allowed[:, 1]
        aimed[:, 1] &= ~lean | ~proof.allowed[:, 2]
        aimed[:, 0] &= proof.worthless | ~levels.any(axis=1)
        if aimed.tobytes() in self._tried or len(self._tried) >= SEARCHES or self._late():
            return
        self._tried.add(aimed.tobytes())
        here = self._dual.prove(aimed, until=self._until)
        if here.bound >= self._cost:
            return
        # A few hundred products with a second choice are enough to meet the shared limits closely.
        products = len(self._instance.products)
        worth = WORTH * max(abs(here.settled), 1.0) / products
        near = None
        while near is None and not self._late():
            near = self._dual.tables.within(here.prices, slack=worth, most=20 * LISTED)
            worth /= 4
        if near is None:
            return
        options, over = near
        if len(options) > products + EXTRA:
            options = options.taken(over <= np.partition(over, products + EXTRA)[products + EXTRA])
        self._choose(options, allowed=aimed, gap=self._gap * LEFT_TO_CHOICE)

    def _choose(self, options: Options, *, allowed: Bools, gap: float) -> float:
        """Try these options; returns a bound over them."""
        assert self._dual is not None
        mixed = programme(
            self._instance,
            options=options,
            supplier=self._dual.tables.supplier,
            states=self._dual.states,
            allowed=allowed,
            penalties=self._penalties,
        )
        boxes, answer = choose(
            mixed,
            options=options,
            offers=len(self._instance.offers),
            gap=gap,
            seconds=self._until - time.monotonic(),
        )
        if boxes is not None:
            paid = tuple(int(b) for b in boxes)
            cost = self._priced(paid)
            if cost < self._cost:
                self._cost, self.paid = cost, paid
        return answer.bound

    def _decided(self, proof: Proof) -> Proof:
        """The same, without the states that alone would cost more than the best answer."""
        assert self._dual is not None
        enough = self._cost - self._gap * abs(self._cost)
        allowed = proof.allowed.copy()
        now = proof.state.min(axis=1)
        allowed &= proof.bound - now[:, None] + proof.state <= enough
        for s in np.nonzero(allowed[:, 0] & allowed[:, 1:].any(axis=1))[0]:
            if self._late():
                return proof
            products, without = self._dual.tables.without(int(s), prices=proof.prices)
            lost = float((without - proof.least[products]).sum())
            # Its surcharges need no longer be paid back either.
            allowed[s, 0] = proof.bound - now[s] + lost <= enough
        keep: Bools = np.any(allowed, axis=1)
        return replace(proof, allowed=np.where(keep[:, None], allowed, proof.allowed))

    def _settle(self, proof: Proof, *, always: bool = False) -> float | None:
        """Close a node by listing all its options within reach; None if there are too many."""
        assert self._dual is not None
        slack = max(self._cost - proof.bound, 0.0) + 1e-7 * abs(self._cost)
        listed = self._dual.tables.within(proof.prices, slack=slack, most=LISTED)
        while listed is None:
            if not always:
                return None
            slack /= 2
            listed = self._dual.tables.within(proof.prices, slack=slack, most=LISTED)
        bound = self._choose(listed[0], allowed=proof.allowed, gap=self._gap * LEFT_TO_CHOICE)
        return max(proof.bound, min(bound, proof.bound + slack))

    def _loosest(self, proof: Proof) -> int | None:
        """The undecided supplier whose charge the bound counts least."""
        assert self._dual is not None
        open_ = proof.allowed.sum(axis=1) > 1
        if not open_.any():
            return None
        share, charge = proof.share, self._dual.states.charge
        between = proof.allowed[:, 1] & proof.allowed[:, 2]
        free = np.minimum(share[:, 2], 1.0 - share[:, 2])
        loss = np.where(between, (charge[:, 1] - charge[:, 2]) * free, 0.0)
        # Whether to open at all: the dual ascent has counted it, so only when nothing else is left.
        loss = np.where(open_, loss + 1e-6 * charge.max(axis=1), -1.0)
        return int(loss.argmax())

    def _binding(self, answer: Bill) -> tuple[Binding, ...]:
        """Prices of the limits, where suppliers are in the states of the answer."""
        dual = self._dual
        if dual is None:
            return ()
        allowed = np.zeros_like(dual.states.exists)
        for s in range(len(allowed)):
            if not answer.lines[s]:
                allowed[s, 0] = True
            elif dual.states.exists[s, 2] and not answer.carriage[s]:
                allowed[s, 2] = True
            else:
                allowed[s, 1] = True
        proof = dual.prove(allowed, until=math.inf)
        found = [Binding(Limit.BUDGET, proof.budget), Binding(Limit.ROOM, proof.prices.room)]
        for s in range(len(allowed)):
            supplier = self._instance.suppliers[s]
            franco = not answer.carriage[s] and supplier.franco > supplier.minimum
            limit = Limit.FRANCO if franco else Limit.MINIMUM
            found.append(Binding(limit, float(proof.reach[s]), s))
            found.append(Binding(Limit.COMMITMENT, float(proof.commitment[s]), s))
        return tuple(sorted((b for b in found if b.worth > 1e-6), key=lambda b: -b.worth))


def _halves(proof: Proof, *, supplier: int) -> tuple[Bools, Bools]:
    """Two ways to split a node: carriage free or not, else open or closed."""
    first, second = proof.allowed.copy(), proof.allowed.copy()
    if proof.allowed[supplier, 2] and proof.allowed[supplier, :2].any():
        first[supplier, 2] = False
        second[supplier, :2] = False
    else:
        first[supplier, 0] = False
        second[supplier, 1:] = False
    return first, second
