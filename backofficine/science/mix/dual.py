"""Prices on the limits that products share, and the bound they prove for the full problem.

Let each supplier be in one state: closed, or open at one level of :attr:`Supplier.levels` (a fixed
charge, and goods to reach for it). Put prices on what ties the products together:

* ``reach`` on "the goods bought from a supplier reach what its level asks",
* ``budget``, ``room`` and ``commitment`` on these limits,
* ``using`` on "a line at a supplier means that it is open", one per offer.

For any non-negative prices, the least priced cost of every product (:mod:`tables`, over all its
splits) plus the least priced cost of every supplier's state, less what the limits allow, is at most
the cost of any answer to the full problem (weak duality). Good prices come from two steps. The
first three kinds are the row prices of a linear programme over options found so far, which asks
the tables for better ones until there are none (Dantzig and Wolfe, *Operations Research* 8, 1960).
Then ``using`` is raised supplier by supplier, up to what closing it would cost each product, until
its fixed charge is paid for (dual ascent: Erlenkotter, *Operations Research* 26, 1978).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from backofficine.science.mix.backend import Programme, merged
from backofficine.science.mix.bill import Penalties
from backofficine.science.mix.problem import Instance
from backofficine.science.mix.tables import Bools, Floats, Options, Prices, Tables

# A euro of goods missing for a carriage-free minimum costs this in the programme: it bounds the
# price, and only a hopeless minimum is worth more.
HOPELESS = 4.0
# Options are asked for until they would gain less than this share of the cost.
SETTLED = 1e-5
ROUNDS = 25


@dataclass(frozen=True, slots=True)
class States:
    """The states suppliers can be in: column 0 is closed, the others are levels."""

    charge: Floats
    """(suppliers, 3) euros."""
    goods: Floats
    """(suppliers, 3) euros of goods it asks for."""
    exists: Bools

    @classmethod
    def of(cls, instance: Instance) -> States:
        """The states of an instance's suppliers."""
        shape = (len(instance.suppliers), 3)
        charge, goods, exists = np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.bool_)
        exists[:, 0] = True
        for s, supplier in enumerate(instance.suppliers):
            for level, (fixed, least) in enumerate(supplier.levels, start=1):
                charge[s, level], goods[s, level], exists[s, level] = fixed, least, True
        return cls(charge=charge, goods=goods, exists=exists)


@dataclass(frozen=True, slots=True)
class Proof:
    """Prices, and the bound they prove where suppliers may be in the ``allowed`` states."""

    bound: float
    allowed: Bools
    """(suppliers, 3)"""
    prices: Prices
    reach: Floats
    """(suppliers,) euros per euro of goods."""
    commitment: Floats
    budget: float
    settled: float
    """Value of the linear programme: about the bound, before the charges of undecided suppliers."""
    share: Floats
    """(suppliers, 3) how far each state is taken in the linear programme; each row sums to one."""
    least: Floats = field(repr=False)
    """(products,) least priced costs."""
    state: Floats = field(repr=False)
    """(suppliers, 3) priced cost of each state, infinite if not allowed."""
    worthless: Bools = field(repr=False)
    """(suppliers,) those that save less than their charge: better closed, says the dual ascent."""


class Dual:
    """Proves bounds for one instance; keeps the options it meets."""

    def __init__(self, instance: Instance, *, tables: Tables, penalties: Penalties) -> None:
        self.instance = instance
        self.tables = tables
        self.states = States.of(instance)
        self._penalties = penalties
        self._suppliers = len(instance.suppliers)
        self._products = len(instance.products)
        self._budget = np.inf if instance.budget is None else instance.budget
        self._room = np.inf if instance.room is None else instance.room
        self._commitments = np.array([s.commitment for s in instance.suppliers])
        self._product_of = np.array([o.product for o in instance.offers], dtype=np.int64)
        self._found: list[Options] = []
        self._programme = self._started()
        self._first = self._programme.columns
        self._sow()

    @property
    def found(self) -> Options:
        """The options met so far."""
        if len(self._found) > 1:
            self._found = [Options.joined(self._found)]
        return self._found[0]

    def prove(self, allowed: Bools, *, until: float) -> Proof:
        """A bound for the suppliers' ``allowed`` states; ``until`` is a moment of the clock."""
        shut: Bools = np.logical_not(allowed[:, 1:].any(axis=1))
        proof = self._settled(allowed, shut=shut, until=until)
        return self._raised(proof, until=until)

    def _started(self) -> Programme:
        """Rows of the programme: products, goods to reach, states, commitments, budget, room."""
        s, p, infinite = self._suppliers, self._products, np.inf
        committed = np.where(self._commitments > 0.0, self._commitments, -infinite)
        programme = Programme(
            lower=np.concatenate(
                [np.ones(p), np.zeros(s), np.ones(s), committed, [-infinite, -infinite]]
            ),
            upper=np.concatenate(
                [
                    np.ones(p),
                    np.full(s, infinite),
                    np.ones(s),
                    np.full(s, infinite),
                    [self._budget, self._room],
                ]
            ),
        )
        # States, then slacks.
        place = np.arange(3 * s)
        supplier = place // 3
        row = np.concatenate([p + supplier, p + s + supplier])
        value = np.concatenate([-self.states.goods.ravel(), np.ones(3 * s)])
        programme.add(
            cost=self.states.charge.ravel(),
            upper=np.ones(3 * s),
            matrix=merged(row, np.tile(place, 2), value),
        )
        limits = np.array([self._penalties.budget, self._penalties.room])
        able = np.isfinite(limits)
        each = np.arange(s)
        last = p + 3 * s
        programme.add(
            cost=np.concatenate(
                [
                    np.full(s, HOPELESS),
                    np.full(s, self._penalties.commitment),
                    np.where(able, limits, 0.0),
                ]
            ),
            upper=np.concatenate([np.full(2 * s, infinite), np.where(able, infinite, 0.0)]),
            matrix=merged(
                np.concatenate([p + each, p + 2 * s + each, [last, last + 1]]),
                np.arange(2 * s + 2),
                np.concatenate([np.ones(2 * s), [-1.0, -1.0]]),
            ),
        )
        return programme

    def _sow(self) -> None:
        """First options: those of a few prices on money and on room, and to order nothing."""
        none = np.zeros(self._suppliers, dtype=np.bool_)
        ones, zeros = np.ones(self._suppliers), np.zeros(len(self.tables.supplier))
        litre = self._typical_litre()
        for money, room in ((1.0, 0.0), (1.15, 0.0), (1.4, 0.0), (0.9, 0.0), (1.0, 0.2 * litre)):
            prices = Prices(goods=ones * money, room=room, using=zeros, shut=none)
            self._keep(self.tables.chosen(prices)[1])
        nothing = Prices(goods=ones, room=0.0, using=zeros, shut=~none)
        self._keep(self.tables.chosen(nothing)[1])

    def _typical_litre(self) -> float:
        """Euros of goods in a litre."""
        boxes = sum(p.volume for p in self.instance.products)
        euros = sum(o.tiers[0][1] for o in self.instance.offers) / max(1, len(self.instance.offers))
        return euros * self._products / boxes if boxes else 0.0

    def _keep(self, options: Options) -> None:
        supplier = self.tables.supplier[options.offer]
        p, s = self._products, self._suppliers
        every = np.arange(len(options))
        committed = self._commitments[supplier] > 0.0
        row = np.concatenate(
            [
                options.product,
                p + supplier,
                (p + 2 * s + supplier)[committed],
                np.full(len(supplier), p + 3 * s),
                np.full(len(every), p + 3 * s + 1),
            ]
        )
        column = np.concatenate(
            [every, options.option, options.option[committed], options.option, every]
        )
        value = np.concatenate(
            [
                np.ones(len(every)),
                options.goods,
                options.goods[committed],
                options.goods,
                options.litres,
            ]
        )
        self._programme.add(
            cost=options.cost,
            upper=np.full(len(options), np.inf),
            matrix=merged(row, column, value),
        )
        self._found.append(options)

    def _settled(self, allowed: Bools, *, shut: Bools, until: float) -> Proof:
        """Prices of the linear programme, once no option would improve it."""
        capped = np.where(allowed, 1.0, 0.0)
        # A supplier that may be open is taken as open: its charge is dealt with afterwards.
        capped[:, 0] = np.where(shut, 1.0, 0.0)
        self._programme.cap(np.arange(3 * self._suppliers), upper=capped.ravel())
        found = self.found
        barred = np.zeros(len(found), dtype=np.bool_)
        barred[found.option[shut[self.tables.supplier[found.offer]]]] = True
        self._programme.cap(
            self._first + np.arange(len(found)), upper=np.where(barred, 0.0, np.inf)
        )
        best: Proof | None = None
        for _ in range(ROUNDS):
            answer = self._programme.solve(seconds=until - time.monotonic())
            if answer is None:
                break
            value, columns, rows = answer
            proof, options, product_prices = self._read(
                allowed, shut=shut, rows=rows, value=value, columns=columns
            )
            if best is None or proof.bound > best.bound:
                best = proof
            gain = product_prices - proof.least
            if gain.clip(min=0.0).sum() <= SETTLED * abs(value) or time.monotonic() > until:
                break
            self._keep(options.taken(gain[options.product] > 1e-9 * abs(value) / self._products))
        if best is None:
            # No time for good prices: free limits still prove a bound, a loose one.
            nothing = np.zeros(self._products + 3 * self._suppliers + 2)
            best, _, _ = self._read(
                allowed,
                shut=shut,
                rows=nothing,
                value=0.0,
                columns=np.zeros(self._programme.columns),
            )
        return best

    def _read(
        self, allowed: Bools, *, shut: Bools, rows: Floats, value: float, columns: Floats
    ) -> tuple[Proof, Options, Floats]:
        p, s = self._products, self._suppliers
        reach = np.clip(rows[p : p + s], 0.0, HOPELESS)
        commitment = np.clip(rows[p + 2 * s : p + 3 * s], 0.0, self._penalties.commitment)
        budget = float(np.clip(-rows[p + 3 * s], 0.0, self._penalties.budget))
        room = float(np.clip(-rows[p + 3 * s + 1], 0.0, self._penalties.room))
        prices = Prices(
            goods=1.0 + budget - reach - commitment,
            room=room,
            using=np.zeros(len(self.tables.supplier)),
            shut=shut,
        )
        least, options = self.tables.chosen(prices)
        share = columns[: 3 * s].reshape(s, 3)
        proof = self._proof(
            allowed,
            prices=prices,
            reach=reach,
            commitment=commitment,
            budget=budget,
            settled=value,
            share=share,
            least=least,
        )
        return proof, options, rows[:p]

    def _proof(
        self,
        allowed: Bools,
        *,
        prices: Prices,
        reach: Floats,
        commitment: Floats,
        budget: float,
        settled: float,
        share: Floats,
        least: Floats,
    ) -> Proof:
        """The Lagrangian bound of these prices."""
        paid_for = np.bincount(
            self.tables.supplier, weights=prices.using, minlength=self._suppliers
        )
        state = self.states.charge + reach[:, None] * self.states.goods
        state[:, 1:] -= paid_for[:, None]
        state[:, 0] = 0.0
        state = np.where(allowed, state, np.inf)
        allowance = float(commitment @ self._commitments)
        allowance -= budget * self._budget if budget else 0.0
        allowance -= prices.room * self._room if prices.room else 0.0
        return Proof(
            bound=float(least.sum()) + float(state.min(axis=1).sum()) + allowance,
            allowed=allowed,
            prices=prices,
            reach=reach,
            commitment=commitment,
            budget=budget,
            settled=settled,
            share=share,
            least=least,
            state=state,
            worthless=np.zeros(self._suppliers, dtype=np.bool_),
        )

    def _raised(self, proof: Proof, *, until: float) -> Proof:
        """The same, with undecided suppliers' charges shared among the lines that need them."""
        undecided = np.nonzero(proof.allowed[:, 0] & proof.allowed[:, 1:].any(axis=1))[0]
        least, using = proof.least.copy(), proof.prices.using.copy()
        prices, worthless = proof.prices, proof.worthless.copy()
        if not len(undecided):
            return proof
        offered = np.bincount(
            self.tables.supplier * self._products + self._product_of,
            minlength=self._suppliers * self._products,
        ).reshape(self._suppliers, self._products)
        for s in undecided:
            if time.monotonic() > until:
                return proof
            prices = Prices(goods=prices.goods, room=prices.room, using=using, shut=prices.shut)
            products, without = self.tables.without(int(s), prices=prices)
            loss = np.maximum(without - least[products], 0.0)
            worth = float((loss * offered[s, products]).sum())
            charge = float(proof.state[s, 1:].min())
            worthless[s] = worth < charge
            if worth <= 0.0 or charge <= 0.0:
                continue
            share = np.zeros(self._products)
            share[products] = loss * min(1.0, charge / worth)
            mine = self.tables.supplier == s
            using = using + np.where(mine, share[self._product_of], 0.0)
            least += share
        prices = Prices(goods=prices.goods, room=prices.room, using=using, shut=prices.shut)
        least, _ = self.tables.chosen(prices)
        raised = self._proof(
            proof.allowed,
            prices=prices,
            reach=proof.reach,
            commitment=proof.commitment,
            budget=proof.budget,
            settled=proof.settled,
            share=proof.share,
            least=least,
        )
        return replace(max(raised, proof, key=lambda one: one.bound), worthless=worthless)
