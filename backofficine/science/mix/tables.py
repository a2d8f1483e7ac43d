"""Every way to serve each product, split over suppliers or not, priced exactly.

With prices on the shared limits the products no longer depend on one another. For one product, let
``A_j(b)`` be the priced cost of receiving exactly *b* boxes from its offer *j* (tiers, packs, free
units, quotas and line handling included; infinite when no pack gives *b*) and ``C(b)`` that of
having received *b* in all. The cheapest way to serve it is a shortest path over its offers::

    f_0(t) = A_0(t)
    f_j(t) = min over b of f_{j-1}(t - b) + A_j(b)
    best   = min over t of f(t) + C(t)

(min-plus convolution), which looks at every split, so that its value is a lower bound over *all*
options and not over a list of them. Products of like size are computed together, as columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from backofficine.science.mix.bill import Penalties
from backofficine.science.mix.problem import Instance

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Products are computed together up to these caps (boxes): little is wasted on padding.
SIZES = (4, 8, 12, 18, 26, 38, 54, 76, 108, 152, 216, 304, 430, 608, 860)
# Most cells looked at in one step when paths are listed: bounds the memory (a few 100 MB).
CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices on what the products share."""

    goods: Floats
    """(suppliers,) what a euro of goods counts for: 1 + budget price - franco and commitment."""
    room: float
    """Euros per litre."""
    using: Floats
    """(offers,) surcharge on a line: its share of what opening the supplier costs."""
    shut: Bools
    """(suppliers,) those that may not be used."""


@dataclass(frozen=True, slots=True)
class Options:
    """Ways to serve products: columns, and the lines of each as (option, offer, paid, goods)."""

    product: Ints
    """(n,) place in ``Instance.products``."""
    cost: Floats
    """(n,) euros: goods, line handling and cover (penalties for missing least boxes included)."""
    litres: Floats
    option: Ints
    """(lines,) rising: the option of each line."""
    offer: Ints
    paid: Ints
    goods: Floats

    def __len__(self) -> int:
        return len(self.product)

    @staticmethod
    def joined(parts: list[Options]) -> Options:
        """One after the other."""
        starts = np.cumsum([0, *(len(part) for part in parts[:-1])])
        return Options(
            product=np.concatenate([part.product for part in parts]),
            cost=np.concatenate([part.cost for part in parts]),
            litres=np.concatenate([part.litres for part in parts]),
            option=np.concatenate(
                [part.option + start for part, start in zip(parts, starts, strict=True)]
            ),
            offer=np.concatenate([part.offer for part in parts]),
            paid=np.concatenate([part.paid for part in parts]),
            goods=np.concatenate([part.goods for part in parts]),
        )

    def taken(self, keep: Bools) -> Options:
        """Those marked."""
        lines = keep[self.option]
        place = np.cumsum(keep) - 1
        return Options(
            product=self.product[keep],
            cost=self.cost[keep],
            litres=self.litres[keep],
            option=place[self.option[lines]],
            offer=self.offer[lines],
            paid=self.paid[lines],
            goods=self.goods[lines],
        )

    def priced(self, prices: Prices, *, supplier: Ints) -> Floats:
        """Their cost under these prices."""
        extra = self.goods * (prices.goods[supplier[self.offer]] - 1.0) + prices.using[self.offer]
        return (
            self.cost
            + self.litres * prices.room
            + np.bincount(self.option, weights=extra, minlength=len(self))
        )


@dataclass(frozen=True, slots=True)
class Bucket:
    """Products of like size. Arrays are (slots, boxes + 1, products) or (boxes + 1, products).

    The products with most offers come first, so that slot *j* concerns only the first ``width[j]``.
    """

    product: Ints
    """(n,)"""
    offer: Ints
    """(slots, n), -1 where a product has fewer offers."""
    supplier: Ints
    """(slots, n), one past the last supplier where there is none."""
    goods: Floats
    """Euros of goods when exactly so many boxes come; zero where none can."""
    line: Floats
    """Line handling; infinite where no pack gives so many boxes."""
    paid: Ints
    cover: Floats
    """Infinite beyond a product's own cap."""
    volume: Floats
    steps: tuple[tuple[int, ...], ...]
    """For each slot, the quantities some product can receive."""
    width: Ints
    """(slots,)"""

    def priced(
        self, prices: Prices, *, columns: Bools | None = None
    ) -> tuple[list[Floats], Floats]:
        """``A_j`` for each slot, and ``C``; for some products only if ``columns`` says so."""
        where = slice(None) if columns is None else columns
        weight = np.append(prices.goods, 1.0)
        shut = np.append(np.where(prices.shut, np.inf, 0.0), 0.0)
        using = np.append(prices.using, 0.0)
        slots = []
        for j in range(len(self.offer)):
            supplier = self.supplier[j, where]
            cost = self.goods[j][:, where] * weight[supplier]
            cost += self.line[j][:, where]
            cost[1:] += using[self.offer[j, where]] + shut[supplier]
            slots.append(cost)
        boxes = np.arange(len(self.cover))[:, None]
        return slots, self.cover[:, where] + prices.room * self.volume[where] * boxes

    def paths(self, slots: list[Floats], *, width: Ints) -> list[Floats]:
        """``f_j`` for each slot."""
        found = [slots[0]]
        height = len(slots[0])
        for j in range(1, len(slots)):
            some = int(width[j])
            before, cost = found[-1], slots[j]
            after = before.copy()
            first, next_ = before[:, :some], after[:, :some]
            room = np.empty_like(first)
            for b in self.steps[j]:
                np.add(first[: height - b], cost[b, :some], out=room[b:])
                np.minimum(next_[b:], room[b:], out=next_[b:])
            found.append(after)
        return found

    def best(self, prices: Prices, *, columns: Bools | None = None) -> Floats:
        """(n,) the least cost of each product."""
        slots, cover = self.priced(prices, columns=columns)
        width = self.width
        if columns is not None:
            width = np.append(0, columns.cumsum())[width]
        best: Floats = (self.paths(slots, width=width)[-1] + cover).min(axis=0)
        return best

    def chosen(self, prices: Prices) -> tuple[Floats, Options]:
        """(n,) least costs, and a way that reaches each."""
        slots, cover = self.priced(prices)
        paths = self.paths(slots, width=self.width)
        last = paths[-1] + cover
        total = last.argmin(axis=0)
        columns = np.arange(len(total))
        boxes = np.zeros_like(self.offer)
        left = total.copy()
        for j in range(len(slots) - 1, 0, -1):
            # Only where the path changed at this slot is there something to find.
            some = columns[: self.width[j]]
            rest = left[some]
            some = some[paths[j][rest, some] < paths[j - 1][rest, some]]
            if not len(some):
                continue
            steps = np.array(self.steps[j], dtype=np.int64)[:, None]
            before = left[some] - steps
            ways = paths[j - 1][np.maximum(before, 0), some] + slots[j][steps, some]
            ways[before < 0] = np.inf
            boxes[j, some] = steps[ways.argmin(axis=0), 0]
            left[some] -= boxes[j, some]
        boxes[0] = left
        return last[total, columns], self.options(columns, boxes=boxes)

    def within(self, prices: Prices, *, slack: float) -> Iterator[tuple[Options, Floats]]:
        """All ways whose priced cost is within ``slack`` of the least, and by how much."""
        slots, cover = self.priced(prices)
        paths = self.paths(slots, width=self.width)
        over = paths[-1] + cover
        over -= over.min(axis=0)
        width = max(1, CELLS // (len(cover) * 50))
        for start in range(0, len(self.product), width):
            part = over[:, start : start + width]
            total, column = np.nonzero(part <= slack)
            yield self._walk(
                slots,
                paths=paths,
                column=column + start,
                left=total,
                over=part[total, column],
                slack=slack,
            )

    def _walk(
        self,
        slots: list[Floats],
        *,
        paths: list[Floats],
        column: Ints,
        left: Ints,
        over: Floats,
        slack: float,
    ) -> tuple[Options, Floats]:
        """Unroll paths backwards, keeping those still within the slack."""
        boxes = np.zeros((len(slots), len(column)), dtype=np.int64)
        for j in range(len(slots) - 1, 0, -1):
            kept = []
            for b in (0, *self.steps[j]):
                able = np.nonzero(left >= b)[0]
                here, rest = column[able], left[able] - b
                more = paths[j - 1][rest, here] + slots[j][b, here] - paths[j][left[able], here]
                good = np.nonzero(over[able] + more <= slack)[0]
                kept.append((able[good], np.full(len(good), b), (over[able] + more)[good]))
            place = np.concatenate([k[0] for k in kept])
            taken = np.concatenate([k[1] for k in kept])
            over = np.concatenate([k[2] for k in kept])
            column, left, boxes = column[place], left[place] - taken, boxes[:, place]
            boxes[j] = taken
        boxes[0] = left
        return self.options(column, boxes=boxes), over

    def options(self, columns: Ints, *, boxes: Ints) -> Options:
        """The options that receive ``boxes`` (slots, n) of the products at these columns."""
        slots = np.arange(len(self.offer))[:, None]
        goods = self.goods[slots, boxes, columns]
        line = np.where(boxes > 0, self.line[slots, boxes, columns], 0.0)
        total = boxes.sum(axis=0)
        option, slot = np.nonzero(boxes.T)
        return Options(
            product=self.product[columns],
            cost=goods.sum(axis=0) + line.sum(axis=0) + self.cover[total, columns],
            litres=self.volume[columns] * total,
            option=option,
            offer=self.offer[slot, columns[option]],
            paid=self.paid[slot, boxes[slot, option], columns[option]],
            goods=goods[slot, option],
        )


@dataclass(frozen=True, slots=True)
class Tables:
    """All the products of an instance."""

    buckets: tuple[Bucket, ...]
    supplier: Ints
    """(offers,)"""
    products: int
    serving: tuple[tuple[Bools, ...], ...] = field(repr=False)
    """For each supplier, for each bucket: (n,) the products it offers."""

    @classmethod
    def of(cls, instance: Instance, *, penalties: Penalties) -> Tables:
        """Lay out an instance."""
        offers = _Offers.of(instance)
        by_product: list[list[int]] = [[] for _ in instance.products]
        for o, offer in enumerate(instance.offers):
            by_product[offer.product].append(o)
        # Small packs first: the last slots then have few quantities to try.
        for group in by_product:
            group.sort(key=lambda o: instance.offers[o].multiple)
        groups: dict[int, list[int]] = {}
        for p, product in enumerate(instance.products):
            size = next((size for size in SIZES if product.most <= size), product.most)
            groups.setdefault(size, []).append(p)
        buckets = tuple(
            _bucket(
                instance,
                products=products,
                by_product=by_product,
                offers=offers,
                penalties=penalties,
            )
            for _, products in sorted(groups.items())
        )
        return cls(
            buckets=buckets,
            supplier=offers.supplier,
            products=len(instance.products),
            serving=tuple(
                tuple((bucket.supplier == s).any(axis=0) for bucket in buckets)
                for s in range(len(instance.suppliers))
            ),
        )

    def chosen(self, prices: Prices) -> tuple[Floats, Options]:
        """(products,) least costs, and one option per product that reaches it."""
        best = np.empty(self.products)
        parts = []
        for bucket in self.buckets:
            values, options = bucket.chosen(prices)
            best[bucket.product] = values
            parts.append(options)
        return best, Options.joined(parts)

    def without(self, supplier: int, *, prices: Prices) -> tuple[Ints, Floats]:
        """The products a supplier serves, and their least cost if it may not be used."""
        shut = prices.shut.copy()
        shut[supplier] = True
        other = Prices(goods=prices.goods, room=prices.room, using=prices.using, shut=shut)
        products, values = [], []
        for bucket, columns in zip(self.buckets, self.serving[supplier], strict=True):
            if columns.any():
                products.append(bucket.product[columns])
                values.append(bucket.best(other, columns=columns))
        if not products:
            return np.empty(0, dtype=np.int64), np.empty(0)
        return np.concatenate(products), np.concatenate(values)

    def within(self, prices: Prices, *, slack: float, most: int) -> tuple[Options, Floats] | None:
        """All options within ``slack`` euros of their product's least, or None if too many."""
        parts, overs, count = [], [], 0
        for bucket in self.buckets:
            for options, over in bucket.within(prices, slack=slack):
                parts.append(options)
                overs.append(over)
                count += len(options)
                if count > most:
                    return None
        return Options.joined(parts), np.concatenate(overs)


@dataclass(frozen=True, slots=True)
class _Offers:
    """The offers, as columns; tiers are (offers, tiers), padded with the last."""

    product: Ints
    supplier: Ints
    multiple: Ints
    least: Ints
    quota: Ints
    buy: Ints
    get: Ints
    start: Ints
    price: Floats
    line: Floats

    @classmethod
    def of(cls, instance: Instance) -> _Offers:
        offers = instance.offers
        deepest = max((len(offer.tiers) for offer in offers), default=1)
        tiers = [
            offer.tiers + (offer.tiers[-1],) * (deepest - len(offer.tiers)) for offer in offers
        ]
        huge = np.iinfo(np.int64).max // 4
        shape = (len(offers), deepest)
        return cls(
            product=np.array([o.product for o in offers], dtype=np.int64),
            supplier=np.array([o.supplier for o in offers], dtype=np.int64),
            multiple=np.array([o.multiple for o in offers], dtype=np.int64),
            least=np.array([max(o.minimum, o.tiers[0][0], 1) for o in offers], dtype=np.int64),
            quota=np.array([huge if o.quota is None else o.quota for o in offers], dtype=np.int64),
            buy=np.array([o.buy or huge for o in offers], dtype=np.int64),
            get=np.array([o.get for o in offers], dtype=np.int64),
            start=np.array([[s for s, _ in t] for t in tiers], dtype=np.int64).reshape(shape),
            price=np.array([[e for _, e in t] for t in tiers], dtype=np.float64).reshape(shape),
            line=np.array([instance.suppliers[o.supplier].line_cost for o in offers]),
        )


def _bucket(
    instance: Instance,
    *,
    products: list[int],
    by_product: list[list[int]],
    offers: _Offers,
    penalties: Penalties,
) -> Bucket:
    products = sorted(products, key=lambda p: -len(by_product[p]))
    slots = max(1, len(by_product[products[0]]))
    cap = np.array([instance.products[p].most for p in products], dtype=np.int64)
    height, n = int(cap.max()) + 1, len(products)
    offer = np.full((slots, n), -1, dtype=np.int64)
    for place, p in enumerate(products):
        offer[: len(by_product[p]), place] = by_product[p]

    goods = np.zeros((slots, height, n))
    line = np.full((slots, height, n), np.inf)
    line[:, 0] = 0.0
    paid = np.zeros((slots, height, n), dtype=np.int64)
    supplier = np.full((slots, n), len(instance.suppliers), dtype=np.int64)
    if len(offers.product):
        supplier = np.where(offer >= 0, offers.supplier[offer], supplier)
        for j in range(slots):
            column = np.nonzero(offer[j] >= 0)[0]
            o = offer[j, column]
            packs = np.arange(1, height)[:, None]
            quantity = packs * offers.multiple[o]
            comes = quantity + quantity // offers.buy[o] * offers.get[o]
            able = (
                (quantity >= offers.least[o])
                & (quantity <= offers.quota[o])
                & (comes <= cap[column])
            )
            row, at_offer = np.nonzero(able)
            quantity, comes, o = quantity[row, at_offer], comes[row, at_offer], o[at_offer]
            # Tiers rise, so the last one reached is the one that holds; padding repeats the last.
            tier = (quantity[:, None] >= offers.start[o]).sum(axis=1) - 1
            here = column[at_offer]
            goods[j, comes, here] = quantity * offers.price[o, tier]
            line[j, comes, here] = offers.line[o]
            paid[j, comes, here] = quantity

    cover = np.full((height, n), np.inf)
    for at, p in enumerate(products):
        product = instance.products[p]
        missing = np.maximum(product.least - np.arange(product.most + 1), 0)
        cover[: product.most + 1, at] = product.cover + penalties.least[p] * missing
    return Bucket(
        product=np.array(products, dtype=np.int64),
        offer=offer,
        supplier=supplier,
        goods=goods,
        line=line,
        paid=paid,
        cover=cover,
        volume=np.array([instance.products[p].volume for p in products]),
        steps=tuple(
            tuple(int(b) for b in np.nonzero(np.isfinite(line[j]).any(axis=1))[0] if b)
            for j in range(slots)
        ),
        width=(offer >= 0).sum(axis=1),
    )
