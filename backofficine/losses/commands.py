"""The loss ledger on the command line: ``losses --from DATE --to DATE``."""

import argparse
from collections import defaultdict
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backofficine.kernel import clock
from backofficine.kernel.commands import Command, report
from backofficine.kernel.errors import DomainError
from backofficine.kernel.money import to_cents
from backofficine.losses import queries
from backofficine.losses.loss import Loss, State
from backofficine.losses.queries import Amounts
from backofficine.losses.rules import BY_KEY
from backofficine.pharmacy.queries import local_day
from backofficine.web.templatetags.components import age, euros


class DaysReversed(DomainError):
    message = gettext_lazy("The first day, %(start)s, comes after the last, %(end)s: swap them.")


def civil_day(text: str) -> date:
    """A day such as 2026-11-24; far from our century, time zones overflow."""
    try:
        day = date.fromisoformat(text)
        if not 2000 <= day.year < 2100:
            raise ValueError(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            _("“%(text)s” is not a day such as 2026-11-24") % {"text": text}
        ) from error
    return day


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="start", type=civil_day, metavar="DATE",
        help=_("first day; by default the first of this month"),
    )  # fmt: skip
    parser.add_argument(
        "--to", dest="end", type=civil_day, metavar="DATE",
        help=_("last day, included; by default today"),
    )  # fmt: skip


def _losses(options: argparse.Namespace) -> None:
    today = local_day(clock.now())
    end = options.end or today
    start = options.start or queries.first_of(end)
    if start > end:
        raise DaysReversed(start=f"{start:%d/%m/%Y}", end=f"{end:%d/%m/%Y}")
    lines = queries.losses(start, end)
    groups = by_rule_and_state(lines)
    whole = queries.statement_of(lines, start=start, end=end)
    data = {
        "from": start.isoformat(),
        "to": end.isoformat(),
        "proved": _amounts(whole.proved),
        "states": {str(state): _amounts(amounts) for state, amounts in whole.states.items()},
        "groups": [
            {"rule": rule, "state": str(state), **_amounts(amounts)}
            for (rule, state), amounts in groups.items()
        ],
        "lines": [_line(one) for one in lines],
    }
    report(options, data=data, text=_text(start, end, groups, whole))


def by_rule_and_state(lines: list[Loss]) -> dict[tuple[str, State], Amounts]:
    """Minutes and euros by rule and by the state of each amount."""
    groups: dict[tuple[str, State], Amounts] = defaultdict(Amounts)
    for one in lines:
        for state in {one.time_state, one.cash_state if one.cash else one.time_state}:
            groups[one.rule, state].add(
                one, time=one.time_state == state, cash=one.cash_state == state
            )
    return dict(sorted(groups.items()))


def _amounts(amounts: Amounts) -> dict[str, Any]:
    return {
        "count": amounts.count,
        "minutes": float(round(amounts.minutes, 4)),
        "cash": str(to_cents(amounts.cash)),
        "time_cost": str(to_cents(amounts.time_cost)),
    }


def _line(one: Loss) -> dict[str, Any]:
    return {
        "key": one.key,
        "rule": one.rule,
        "at": one.occurred_at.isoformat(),
        "day": one.day.isoformat(),
        "cip13": one.product.cip13,
        "product": str(one.product),
        "quantity": one.quantity,
        "minutes": float(one.minutes),
        "cash": str(to_cents(one.cash)),
        "time_cost": str(to_cents(one.time_cost)),
        "state": str(one.state),
        "cash_state": str(one.cash_state),
        "time_state": str(one.time_state),
        "waste": str(one.waste),
        "cause": str(one.cause),
        "sufferer": str(one.sufferer),
        "tags": [str(tag) for tag in one.tags],
        "tariffs": [
            {
                "key": row.key,
                "amount": str(row.amount.normalize()),
                "evidence": row.evidence,
                "source": row.source,
                "valid_from": row.valid_from.isoformat(),
            }
            for row in (one.time_tariff, one.hour_tariff)
        ],
        "facts": [
            {"kind": str(fact.kind), "number": fact.number, "at": fact.at.isoformat()}
            for fact in one.proof
        ],
    }


def _text(
    start: date,
    end: date,
    groups: dict[tuple[str, State], Amounts],
    whole: queries.Statement,
) -> str:
    head = _("Losses from %(start)s to %(end)s.") % {
        "start": f"{start:%d/%m/%Y}",
        "end": f"{end:%d/%m/%Y}",
    }
    rows = [
        _("%(rule)s, %(state)s: %(count)d lines, %(cash)s of cash, %(time)s worth %(worth)s")
        % {
            "rule": BY_KEY[rule].label,
            "state": state.label,
            "count": amounts.count,
            "cash": euros(amounts.cash),
            "time": age(float(amounts.minutes)),
            "worth": euros(amounts.time_cost),
        }
        for (rule, state), amounts in groups.items()
    ]
    foot = _(
        "Proved: %(cash)s of cash and %(time)s of time. "
        "The two are not added; the rest stands apart."
    ) % {"cash": euros(whole.proved.cash), "time": age(float(whole.proved.minutes))}
    return "\n".join([head, *rows, foot])


COMMANDS = [
    Command(
        "losses",
        gettext_lazy("list the losses of some days, by rule and by state"),
        _losses,
        _arguments,
    )
]
