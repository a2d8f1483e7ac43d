"""Invented instances of the supplier mix, for the bench and the tests: one seed, one instance.

What is drawn, and why (the money of an order comes from ``domain.md`` § 2.4):

* **Products**: price without tax log-normal (median 6 €), need 1 to 40 boxes (geometric, mean five:
  most references sell rarely). Missing boxes cost 1.05 to 3 times the price, the first ones most;
  boxes beyond the need are worth 0.4 to 0.85 of the price, then less and less, so that a tier pays
  only as far as the cover it brings is worth it. The cap (expiry) is two to six times the need.
* **Suppliers**: one in five is a wholesaler (whole range, cheap handling, list price, single boxes,
  easy carriage-free minimum); the others are laboratories (a range of about a quarter of the
  products, 10 to 35 % cheaper, order handling 20 to 55 €, line handling 0.15 to 0.4 €, carriage 12
  to 45 € under a minimum drawn from 0.8 to 4 times what the supplier would sell if every product
  were shared alike, so that some are reached, some not, and some only if lines are moved there).
* **Offers**: packs of 1, 2, 3, 6 or 10; up to three tiers (each 3 to 9 % cheaper); free units on
  one direct offer in seven (10+1, 5+1, 12+2, 3+1); a quota on one offer in eight, often under the
  need.
* **Limits**: minimum orders at half of the laboratories, a budget of 0.75 to 0.95 times the value
  of all needs at the list price, a room of 1 to 1.5 times their volume; ``demanding`` adds boxes
  that must come (one product in twelve) and two commitments.

``python tools/mix_instances.py SEED`` prints the figures of an instance.
"""

import sys

import numpy as np

from backofficine.science.mix.problem import Instance, Offer, Product, Supplier

PACKS = (1, 1, 1, 2, 3, 6, 10)
FREE = ((10, 1), (5, 1), (12, 2), (3, 1))


def instance(
    seed: int, *, suppliers: int = 15, products: int = 2000, demanding: bool = False
) -> Instance:
    """Draw an instance; the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    wholesalers = max(1, suppliers // 5)
    price = np.round(rng.lognormal(np.log(6.0), 0.8, products), 2) + 0.5
    need = np.minimum(rng.geometric(0.2, products), 40)
    volume = np.round(rng.uniform(0.05, 0.6, products), 3)
    offers = _offers(rng, price=price, need=need, suppliers=suppliers, wholesalers=wholesalers)
    share = np.zeros(suppliers)
    sellers = np.bincount([offer.product for offer in offers], minlength=products)
    for offer in offers:
        share[offer.supplier] += need[offer.product] * offer.tiers[0][1] / sellers[offer.product]
    total = float((need * price).sum())
    goods = tuple(
        _product(
            rng,
            p=p,
            price=float(price[p]),
            need=int(need[p]),
            volume=float(volume[p]),
            demanding=demanding,
        )
        for p in range(products)
    )
    return Instance(
        suppliers=tuple(
            _supplier(
                rng,
                s=s,
                direct=s >= wholesalers,
                share=float(share[s]),
                committed=demanding and s in (wholesalers, wholesalers + 1),
            )
            for s in range(suppliers)
        ),
        products=goods,
        offers=tuple(offers),
        budget=round(total * rng.uniform(0.75, 0.95), 2),
        room=round(float((need * volume).sum()) * rng.uniform(1.0, 1.5), 1),
    )


def _product(
    rng: np.random.Generator, *, p: int, price: float, need: int, volume: float, demanding: bool
) -> Product:
    most = need * int(rng.integers(2, 7)) + 1
    first, last = rng.uniform(1.5, 3.0), rng.uniform(1.05, 1.35)
    half = need // 2
    slopes = np.full(most, 0.0)
    slopes[:half] = -first * price
    slopes[half:need] = -last * price
    # Three thirds of the extra cover, each worth less: less likely to sell before the next order.
    extra = np.arange(most - need)
    third = np.minimum(extra * 3 // max(1, most - need), 2)
    slopes[need:] = -price * rng.uniform(0.4, 0.85) * np.array([1.0, 0.85, 0.5])[third]
    cover = -slopes[::-1].cumsum()[::-1]
    # Starts from nothing missing: what is kept beyond the need is counted as a gain on the goods.
    cover = np.append(cover, 0.0) - cover[need] if need < most else np.append(cover, 0.0)
    least = int(rng.integers(1, need + 1)) if demanding and rng.random() < 1 / 12 else 0
    return Product(
        name=f"P{p:04d}",
        cover=tuple(round(float(c), 4) for c in cover),
        volume=volume,
        least=least,
    )


def _supplier(
    rng: np.random.Generator, *, s: int, direct: bool, share: float, committed: bool
) -> Supplier:
    if not direct:
        return Supplier(
            name=f"G{s:02d}",
            order_cost=round(rng.uniform(3.0, 6.0), 2),
            line_cost=round(rng.uniform(0.1, 0.2), 3),
            carriage=round(rng.uniform(5.0, 12.0), 2),
            franco=round(share * rng.uniform(0.05, 0.3), 2),
        )
    return Supplier(
        name=f"L{s:02d}",
        order_cost=round(rng.uniform(20.0, 55.0), 2),
        line_cost=round(rng.uniform(0.15, 0.4), 3),
        carriage=round(rng.uniform(12.0, 45.0), 2),
        franco=round(share * rng.uniform(0.8, 4.0), 2),
        minimum=round(share * rng.uniform(0.1, 0.4), 2) if rng.random() < 0.5 else 0.0,
        commitment=round(share * rng.uniform(0.5, 1.2), 2) if committed else 0.0,
    )


def _offers(
    rng: np.random.Generator,
    *,
    price: np.ndarray,
    need: np.ndarray,
    suppliers: int,
    wholesalers: int,
) -> list[Offer]:
    offers = []
    for s in range(suppliers):
        direct = s >= wholesalers
        carried = rng.random(len(price)) < (0.25 if direct else 0.8)
        for p in np.nonzero(carried)[0]:
            cut = rng.uniform(0.65, 0.9) if direct else rng.uniform(0.96, 1.0)
            euros = price[p] * cut
            multiple = int(rng.choice(PACKS)) if direct else 1
            tiers = [(1, round(float(euros), 2))]
            start = max(1, int(need[p] * 0.6))
            for _ in range(int(rng.integers(0, 4)) if direct else 0):
                start += max(1, round(float(need[p]) * rng.uniform(0.3, 0.9)))
                euros *= 1.0 - rng.uniform(0.03, 0.09)
                tiers.append((start, round(float(euros), 2)))
            buy, get = FREE[rng.integers(len(FREE))] if direct and rng.random() < 1 / 7 else (0, 0)
            quota = int(rng.integers(1, need[p] + 2)) if rng.random() < 1 / 8 else None
            offers.append(
                Offer(
                    product=int(p),
                    supplier=s,
                    tiers=tuple(tiers),
                    multiple=multiple,
                    quota=quota,
                    buy=buy,
                    get=get,
                )
            )
    return offers


if __name__ == "__main__":
    drawn = instance(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    print(
        f"{len(drawn.suppliers)} suppliers, {len(drawn.products)} products, "
        f"{len(drawn.offers)} offers, budget {drawn.budget} €, room {drawn.room} l"
    )
