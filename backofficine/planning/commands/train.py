"""The sub-command that learns the demand again."""

import argparse
import sys
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backofficine.kernel import clock
from backofficine.kernel.commands import Command, bar, report
from backofficine.pharmacy import queries as pharmacy
from backofficine.planning.models import Training
from backofficine.planning.services import train_forecasts


def train(options: argparse.Namespace) -> int:
    """Learn the demand of every product from all the days that are over."""
    pharmacy.pharmacy()
    seen = -1

    def progress(share: float) -> None:
        nonlocal seen
        percent = round(share * 100)
        if percent != seen:
            seen = percent
            bar(percent, _("reading the past") if share < 1 / 2 else _("learning the demand"))

    training = train_forecasts(at=clock.now(), progress=progress)
    sys.stderr.write("\n")
    report(options, data=_data(training), text=_text(training))
    return 0


def _data(training: Training) -> dict[str, Any]:
    return {
        "trained_at": training.trained_at.isoformat(),
        "products": training.products,
        "first_day": training.first_day.isoformat(),
        "last_day": training.last_day.isoformat(),
        "open_days": training.open_days,
    }


def _text(training: Training) -> str:
    text = ngettext(
        "%(products)s product learnt, from %(first)s to %(last)s.",
        "%(products)s products learnt, from %(first)s to %(last)s.",
        training.products,
    )
    return text % {
        "products": f"{training.products}",
        "first": date_format(training.first_day),
        "last": date_format(training.last_day),
    }


COMMANDS = [
    Command(
        "train-forecasts",
        gettext_lazy("learn the demand of every product again; the server does it every night"),
        train,
    ),
]
