"""The problem of who delivers what: suppliers, products, offers and the limits they share.

Euros are floats, without tax. Boxes are whole. The quantity of an offer is counted in boxes *paid*;
what comes is the boxes paid and the free ones with them. The objective adds, in euros::

    goods + line handling + order handling + carriage + cover cost of what each product receives

so that a discount is judged net of the work and of the stock it brings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Malformed(ValueError):
    """The instance contradicts itself: a bug of the one who built it, never a tight constraint."""


@dataclass(frozen=True, slots=True)
class Supplier:
    """One who delivers, and what an order to them costs beside the goods."""

    name: str
    order_cost: float = 0.0
    """Placing, receiving and checking one order, whatever it holds (euros)."""
    line_cost: float = 0.0
    """Handling one line: checking and putting away (euros)."""
    carriage: float = 0.0
    """Charged on an order whose goods stay below ``franco`` (euros)."""
    franco: float = 0.0
    """Goods from which carriage is free (euros)."""
    minimum: float = 0.0
    """Goods below which an order is refused (euros)."""
    commitment: float = 0.0
    """Goods we owe it to buy now, by contract (euros): elastic, see :class:`Limit`."""

    @property
    def levels(self) -> tuple[tuple[float, float], ...]:
        """Ways to order: (fixed charge, goods needed for it), the cheapest charge last."""
        free = (self.order_cost, max(self.minimum, self.franco))
        if self.carriage <= 0.0:
            return ((self.order_cost, self.minimum),)
        if self.franco <= self.minimum:
            return (free,)
        return ((self.order_cost + self.carriage, self.minimum), free)


@dataclass(frozen=True, slots=True)
class Product:
    """What we may receive, and what receiving that many boxes costs us."""

    name: str
    cover: tuple[float, ...]
    """Cost (euros) of receiving 0, 1, … boxes: missing, holding, waste. Its length sets the most
    boxes that may come: the expiry cap. The textbook formulation asks for a convex one."""
    volume: float = 0.0
    """Litres of one box in the reserve."""
    least: int = 0
    """Boxes that must come (promised, emergency list): elastic, see :class:`Limit`."""

    @property
    def most(self) -> int:
        """The most boxes that may come."""
        return len(self.cover) - 1


@dataclass(frozen=True, slots=True)
class Offer:
    """One supplier's terms for one product."""

    product: int
    """Place in ``Instance.products``."""
    supplier: int
    """Place in ``Instance.suppliers``."""
    tiers: tuple[tuple[int, float], ...]
    """(boxes paid from, euros per box paid), rising; the price of the tier holds for all boxes."""
    multiple: int = 1
    """Boxes per pack: only whole packs are sold."""
    minimum: int = 0
    """Fewest boxes of a line."""
    quota: int | None = None
    """Most boxes this supplier will sell us now."""
    buy: int = 0
    """Free units: for each ``buy`` boxes paid …"""
    get: int = 0
    """… so many come free."""

    def unit_price(self, paid: int) -> float:
        """Euros per box for so many boxes paid."""
        return [price for start, price in self.tiers if start <= paid][-1]

    def received(self, paid: int) -> int:
        """Boxes that come for so many paid."""
        return paid + (paid // self.buy * self.get if self.buy else 0)

    def sells(self, paid: int) -> bool:
        """Whether so many boxes can be ordered at all."""
        if paid == 0:
            return True
        first = self.tiers[0][0]
        return (
            paid > 0
            and paid % self.multiple == 0
            and paid >= max(self.minimum, first)
            and (self.quota is None or paid <= self.quota)
        )


@dataclass(frozen=True, slots=True)
class Instance:
    """All that is decided together."""

    suppliers: tuple[Supplier, ...]
    products: tuple[Product, ...]
    offers: tuple[Offer, ...]
    budget: float | None = None
    """Most euros of goods, all suppliers together."""
    room: float | None = None
    """Litres left in the reserve."""

    def __post_init__(self) -> None:
        for offer in self.offers:
            if not 0 <= offer.product < len(self.products):
                raise Malformed(f"no product {offer.product}")
            if not 0 <= offer.supplier < len(self.suppliers):
                raise Malformed(f"no supplier {offer.supplier}")
            starts = [start for start, _ in offer.tiers]
            if not starts or starts != sorted(set(starts)):
                raise Malformed("tiers must rise")
            if offer.multiple < 1 or min(price for _, price in offer.tiers) < 0:
                raise Malformed("packs and prices must be positive")
            if offer.buy < 0 or offer.get < 0 or (offer.get and not offer.buy):
                raise Malformed("free units need boxes to buy")
        for product in self.products:
            if not product.cover:
                raise Malformed(f"no cover cost for {product.name}")


class Limit(StrEnum):
    """A limit that may have to give way, or that shapes the answer."""

    BUDGET = "budget"
    ROOM = "room"
    COMMITMENT = "commitment"
    LEAST = "least"
    FRANCO = "franco"
    MINIMUM = "minimum"


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A limit that cannot hold with the others, and by how much it must give."""

    limit: Limit
    amount: float
    """Euros (budget, commitment), litres (room) or boxes (least)."""
    index: int | None = None
    """The supplier of a commitment, the product of a least quantity."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A limit that shapes the answer."""

    limit: Limit
    worth: float
    """Euros that the cost falls by, per unit (euro, litre) the limit is loosened."""
    index: int | None = None
    """The supplier, for a franco, a minimum or a commitment."""
