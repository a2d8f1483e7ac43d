"""What a choice costs and which limits it breaks, added up by hand: the solver's independent judge.

Plain loops over plain numbers; nothing here is shared with the solver.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from backofficine.science.mix.problem import Instance, Limit, Malformed, Relaxation

CENT = 0.005
"""Half a cent: below this, two amounts of euros are the same."""
DROP = 1e-4
"""Litres below this are noise."""


@dataclass(frozen=True, slots=True)
class Bill:
    """The cost of a choice, euros by supplier and by kind."""

    goods: tuple[float, ...]
    """Goods bought from each supplier."""
    lines: tuple[int, ...]
    """Lines ordered from each supplier."""
    carriage: tuple[float, ...]
    handling: tuple[float, ...]
    """Order and line handling, by supplier."""
    boxes: tuple[int, ...]
    """Boxes received of each product, free ones included."""
    litres: float
    cover: float
    """Missing, holding and waste, all products together."""
    broken: tuple[Relaxation, ...]
    """Limits this choice exceeds: empty for an admissible one."""

    @property
    def total(self) -> float:
        """Euros, all kinds together."""
        return sum(self.goods) + sum(self.carriage) + sum(self.handling) + self.cover


def bill(instance: Instance, paid: Sequence[int]) -> Bill:
    """Add up the choice of ``paid`` boxes, one number per offer.

    :raises ValueError: if an offer does not sell such a quantity, a product receives more than its
        cap, or a supplier's minimum order is not met: no limit can give way for these.
    """
    if len(paid) != len(instance.offers):
        raise ValueError("one quantity per offer")
    goods = [0.0] * len(instance.suppliers)
    lines: Counter[int] = Counter()
    boxes = [0] * len(instance.products)
    for offer, quantity in zip(instance.offers, paid, strict=True):
        if not offer.sells(quantity):
            raise ValueError(f"{quantity} boxes of product {offer.product} are not sold so")
        if quantity:
            goods[offer.supplier] += quantity * offer.unit_price(quantity)
            lines[offer.supplier] += 1
            boxes[offer.product] += offer.received(quantity)
    for product, received in zip(instance.products, boxes, strict=True):
        if received > product.most:
            raise ValueError(f"{received} boxes of {product.name} are more than {product.most}")

    carriage, handling = [], []
    for s, supplier in enumerate(instance.suppliers):
        if lines[s] and goods[s] < supplier.minimum - CENT:
            raise ValueError(f"{goods[s]:.2f} is under the minimum of {supplier.name}")
        pays = lines[s] and goods[s] < supplier.franco - CENT
        carriage.append(supplier.carriage if pays else 0.0)
        handling.append(supplier.order_cost + supplier.line_cost * lines[s] if lines[s] else 0.0)
    litres = sum(
        product.volume * received
        for product, received in zip(instance.products, boxes, strict=True)
    )
    return Bill(
        goods=tuple(goods),
        lines=tuple(lines[s] for s in range(len(goods))),
        carriage=tuple(carriage),
        handling=tuple(handling),
        boxes=tuple(boxes),
        litres=litres,
        cover=sum(
            product.cover[received]
            for product, received in zip(instance.products, boxes, strict=True)
        ),
        broken=_broken(instance, goods=goods, boxes=boxes, litres=litres),
    )


def _broken(
    instance: Instance, *, goods: Sequence[float], boxes: Sequence[int], litres: float
) -> tuple[Relaxation, ...]:
    found = []
    over = sum(goods) - instance.budget if instance.budget is not None else 0.0
    if over > CENT:
        found.append(Relaxation(Limit.BUDGET, over))
    over = litres - instance.room if instance.room is not None else 0.0
    if over > DROP:
        found.append(Relaxation(Limit.ROOM, over))
    for s, supplier in enumerate(instance.suppliers):
        if goods[s] < supplier.commitment - CENT:
            found.append(Relaxation(Limit.COMMITMENT, supplier.commitment - goods[s], s))
    for p, product in enumerate(instance.products):
        if boxes[p] < product.least:
            found.append(Relaxation(Limit.LEAST, product.least - boxes[p], p))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Penalties:
    """What a unit of each broken limit costs the solver, in euros; never part of a bill.

    A commitment gives way before the budget, the budget and the room before a box that must come.
    """

    budget: float
    room: float
    commitment: float
    least: tuple[float, ...]
    """Per box, one per product."""

    def of(self, broken: Sequence[Relaxation]) -> float:
        """Euros for all these."""
        return sum(relaxation.amount * self._unit(relaxation) for relaxation in broken)

    def _unit(self, relaxation: Relaxation) -> float:
        match relaxation.limit:
            case Limit.BUDGET:
                return self.budget
            case Limit.ROOM:
                return self.room
            case Limit.COMMITMENT:
                return self.commitment
            case Limit.LEAST:
                assert relaxation.index is not None, "a least quantity has its product"
                return self.least[relaxation.index]
        raise Malformed(f"{relaxation.limit} never gives way")


def penalties(instance: Instance, *, elastic: bool) -> Penalties:
    """Prices above anything a unit of the limit could save, found from the instance's own figures.

    Unless ``elastic``, budget and room never give way (their price is infinite): buying nothing
    keeps both, so that there is always an answer.
    """
    saved = [
        max((a - b for a, b in zip(p.cover, p.cover[1:], strict=False)), default=0.0)
        for p in instance.products
    ]
    cheapest = [float("inf")] * len(instance.products)
    dearest = [0.0] * len(instance.products)
    for offer in instance.offers:
        prices = [price for _, price in offer.tiers]
        share = offer.buy / (offer.buy + offer.get) if offer.buy else 1.0
        cheapest[offer.product] = min(cheapest[offer.product], min(prices) * share)
        dearest[offer.product] = max(dearest[offer.product], max(prices) * offer.multiple)
    per_euro = max((s / c for s, c in zip(saved, cheapest, strict=True) if c > 0.0), default=0.0)
    per_litre = max(
        (s / p.volume for s, p in zip(saved, instance.products, strict=True) if p.volume > 0.0),
        default=0.0,
    )
    budget = 4.0 * max(per_euro, 1.0)
    room = 4.0 * max(per_litre, 1.0)
    charges = sum(s.order_cost + s.carriage + s.line_cost for s in instance.suppliers)
    return Penalties(
        budget=budget if elastic else math.inf,
        room=room if elastic else math.inf,
        commitment=budget / 2.0,
        least=tuple(
            4.0 * (budget * high + room * product.volume + gain + charges)
            for high, product, gain in zip(dearest, instance.products, saved, strict=True)
        ),
    )
