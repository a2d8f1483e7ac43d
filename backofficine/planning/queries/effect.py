"""What an order does to the stock of the end of the month, in euros."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from backofficine.catalog.models import Product
from backofficine.planning.queries.calendar import OpenDays
from backofficine.planning.queries.demand import demand_at
from backofficine.planning.queries.series import seasons
from backofficine.planning.queries.training import latest_training
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing.models import Order
from backofficine.science.demand.laws import Law
from backofficine.science.demand.training import Trained, predict
from backofficine.stock import queries as stock

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """Servable stock at its last known cost, in whole euros excl. VAT.

    ``without`` and ``with_order`` are expected at the closing of ``on``: what is there and what is
    on its way, less what is sold until then, if nothing else is ordered meanwhile.
    """

    on: date
    now: Decimal
    without: Decimal
    with_order: Decimal

    @property
    def effect(self) -> Decimal:
        """What this order adds, once what it lets sell is sold."""
        return self.with_order - self.without


def month_end(order: Order, *, at: datetime) -> MonthEnd:
    """The stock of the end of the month with and without an order.

    The expectation of what is left of a stock S under a demand D is S − E[D] + E[(D − S)⁺]: a
    product does not sell more than it has. Products without a known cost count for nothing.
    """
    days = OpenDays.read()
    today = days.local_day(at)
    last = today.replace(day=calendar.monthrange(today.year, today.month)[1])
    on_hand = stock.on_hand_by_product(on=today)
    coming = purchasing.on_order_by_product()
    costs = {
        product: float(cost)
        for product, cost in Product.objects.order_by().values_list("pk", "unit_cost")
        if cost is not None
    }
    asked = {
        product: quantity * doses
        for product, quantity, doses in order.lines.filter(quantity__gt=0).values_list(
            "product", "quantity", "product__doses_per_box"
        )
    }
    keys = np.array(
        sorted(key for key in {*on_hand, *coming, *asked} if key in costs), dtype=np.int64
    )
    cost = np.array([costs[key] for key in keys.tolist()])

    def units(of: dict[int, int]) -> Ints:
        return np.array([of.get(key, 0) for key in keys.tolist()], dtype=np.int64)

    there = units(on_hand)
    law = _demand(keys, first=today + timedelta(days=1), last=last, at=at, days=days,
                  on_hand=on_hand)  # fmt: skip
    before = there + units(coming)
    stocks = np.stack([before, before + units(asked)], axis=1)
    left = stocks - law.expected()[:, None] + law.missing(stocks)
    without, with_order = (left * cost[:, None]).sum(axis=0)
    return MonthEnd(
        on=last,
        now=_euros(float((there * cost).sum())),
        without=_euros(without),
        with_order=_euros(with_order),
    )


def _euros(amount: float) -> Decimal:
    return Decimal(round(amount))


def _demand(
    keys: Ints, *, first: date, last: date, at: datetime, days: OpenDays, on_hand: dict[int, int]
) -> Law:
    """The law of what is asked of each product from ``first`` to ``last``, both included.

    By the last training; a product that it does not know, or before it, by its own rate of late.
    """
    length = max((last - first).days + 1, 0)
    weights = np.array([days.weight(first + timedelta(days=ahead)) for ahead in range(length)])
    learnt = latest_training(at=at)
    if learnt is not None and len(learnt.products):
        row = np.minimum(np.searchsorted(learnt.products, keys), len(learnt.products) - 1)
        known = np.flatnonzero(learnt.products[row] == keys)
        columns = {name: column[row[known]] for name, column in learnt.trained.columns().items()}
        trained = Trained.of(columns, learnt.trained.shared())
        found = predict(trained, weight=weights, season=seasons(first, length))
        # What was never learnt was never asked for.
        shape = (len(keys), found.mean.shape[1])
        mean, size, weight = np.zeros(shape), np.ones(shape), np.full(shape, 1 / shape[1])
        mean[known], size[known], weight[known] = found.mean, found.size, found.weight
        return Law(mean=mean, size=size, weight=weight)
    table = demand_at(at, on_hand=on_hand, open_days=days)
    rate = np.array(
        [
            one.quantity / max(table.days - one.days_out, 1) if one else 0.0
            for one in (table.by_product.get(key) for key in keys.tolist())
        ]
    )
    return Law.single(rate * float(weights.sum()), np.full(len(keys), np.inf))
