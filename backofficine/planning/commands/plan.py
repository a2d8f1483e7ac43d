"""The sub-command that orders from files alone: no pharmacy, no database."""

import argparse
import math
from pathlib import Path

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backofficine.kernel.commands import Command, report
from backofficine.kernel.errors import DomainError
from backofficine.planning.plan_files import Periods, read_past, read_shelf, write_plan
from backofficine.science.demand.history import Ints
from backofficine.science.demand.plan import plan

# An order that must last longer is no order: a date or a number is wrong.
MOST_PERIODS = 400


class BadCost(DomainError):
    message = gettext_lazy(
        "--%(option)s %(value)s: a cost is an amount per unit and period, above zero."
    )


class BadTime(DomainError):
    message = gettext_lazy(
        "--%(option)s %(value)s: write a number of periods from %(least)s to %(most)s."
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--history", metavar="FILE", type=Path, required=True,
        help=_("what was sold: columns item, period, quantity, in_stock, and attr_* if any"),
    )  # fmt: skip
    parser.add_argument(
        "--state", metavar="FILE", type=Path, required=True,
        help=_("what is there: columns item, on_hand, arriving_1, arriving_2…"),
    )  # fmt: skip
    parser.add_argument(
        "--holding-cost", metavar="X", type=float, required=True,
        help=_("cost of a unit left at the end of a period"),
    )  # fmt: skip
    parser.add_argument(
        "--shortage-cost", metavar="X", type=float, required=True,
        help=_("cost of a unit asked for and not there"),
    )  # fmt: skip
    parser.add_argument(
        "--lead-time", metavar="N", type=int, required=True,
        help=_("periods before an order of now can be sold: N + 1 is the first that it serves"),
    )  # fmt: skip
    parser.add_argument(
        "--review", metavar="N", type=int, default=1,
        help=_("periods between two orders (1)"),
    )  # fmt: skip
    parser.add_argument(
        "--periods", choices=[str(each) for each in Periods], default=str(Periods.WEEK),
        help=_("what a line of the history sums up (week)"),
    )  # fmt: skip
    parser.add_argument(
        "--out", metavar="FILE", type=Path, required=True,
        help=_("where to write what to order: columns item, quantity"),
    )  # fmt: skip


def plan_orders(options: argparse.Namespace) -> int:
    """Read both files, decide what to order now, and write it."""
    _check(options)
    shelf = read_shelf(options.state)
    past = read_past(
        options.history,
        periods=Periods(options.periods),
        more=shelf.items,
        ahead=options.lead_time + options.review,
    )
    place = {item: row for row, item in enumerate(past.items)}
    rows = np.array([place[item] for item in shelf.items])
    quantity = plan(
        past.history,
        on_hand=_spread(shelf.on_hand, rows, len(past.items)),
        arriving=_spread(shelf.arriving, rows, len(past.items)),
        holding_cost=options.holding_cost,
        shortage_cost=options.shortage_cost,
        lead_time=options.lead_time,
        review=options.review,
        cycle=Periods(options.periods).cycle,
        weight_ahead=past.weight_ahead,
        season_ahead=past.season_ahead,
    )[rows]
    write_plan(options.out, items=shelf.items, quantity=quantity)
    units = int(quantity.sum())
    report(
        options,
        data={
            "file": str(options.out),
            "items": len(shelf.items),
            "ordered": int((quantity > 0).sum()),
            "units": units,
            "now": past.last.isoformat(),
        },
        text=_("%(items)s, %(units)s to order: %(file)s")
        % {
            "items": ngettext("%(count)d item", "%(count)d items", len(shelf.items))
            % {"count": len(shelf.items)},
            "units": ngettext("%(count)d unit", "%(count)d units", units) % {"count": units},
            "file": options.out,
        },
    )
    return 0


def _check(options: argparse.Namespace) -> None:
    for option in ("holding_cost", "shortage_cost"):
        value = getattr(options, option)
        if not math.isfinite(value) or value <= 0:
            raise BadCost(option=option.replace("_", "-"), value=value)
    for option, least in (("lead_time", 0), ("review", 1)):
        value = getattr(options, option)
        if not least <= value <= MOST_PERIODS:
            raise BadTime(
                option=option.replace("_", "-"), value=value, least=least, most=MOST_PERIODS
            )


def _spread(values: Ints, rows: Ints, count: int) -> Ints:
    """The rows of the state at their places in the history; elsewhere nothing."""
    spread = np.zeros((count, *values.shape[1:]), dtype=np.int64)
    spread[rows] = values
    return spread


COMMANDS = [
    Command(
        "plan-orders",
        gettext_lazy("decide from files what to order now; needs no database"),
        plan_orders,
        _arguments,
    ),
]
