"""Suppliers from the command line: who delivers, and when."""

import argparse
import re
from datetime import time

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backofficine.kernel import clock
from backofficine.kernel.commands import Command, report
from backofficine.purchasing import services
from backofficine.purchasing.models import DeliveryRound, Supplier
from backofficine.purchasing.services import WeeklyRound

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_JOURS = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")
_ROUND = re.compile(
    r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?\s+"
    r"(?P<cut_off>\d{1,2}[:h]\d{2})\s+(?P<drop>\d{1,2}[:h]\d{2})(?:\s*\+(?P<days>[1-6]))?"
)


def weekly_rounds(text: str) -> list[WeeklyRound]:
    """Read ``mon-sat 11:45 14:30`` or ``lun-ven 19h00 7h00 +1``: days, cut-off, drop, days later.

    A drop that is not after its cut-off is understood to come the next day.
    """
    found = _ROUND.fullmatch(text.strip().lower())
    try:
        if found is None:
            raise ValueError(text)
        first = _weekday(found["first"])
        last = _weekday(found["last"]) if found["last"] else first
        cut_off, drop = _hour(found["cut_off"]), _hour(found["drop"])
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            _("“%(text)s” is not a round such as “mon-sat 11:45 14:30” or “mon-fri 19:00 7:00 +1”")
            % {"text": text}
        ) from error
    offset = int(found["days"] or (0 if drop > cut_off else 1))
    count = (last - first) % 7 + 1
    return [WeeklyRound((first + day) % 7, cut_off, drop, offset) for day in range(count)]


def _weekday(word: str) -> int:
    return _DAYS.index(word) if word in _DAYS else _JOURS.index(word)


def _hour(text: str) -> time:
    hour, minute = re.split("[:h]", text)
    return time(int(hour), int(minute))


def _days(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 365:
        raise argparse.ArgumentTypeError(
            _("“%(text)s” is not a number of days from 0 to 365") % {"text": text}
        )
    return int(text)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help=_("name of the supplier"))
    parser.add_argument(
        "--kind", choices=Supplier.Kind.values, default=str(Supplier.Kind.WHOLESALER),
        help=_("a wholesaler comes by rounds, a direct supplier after some days"),
    )  # fmt: skip
    parser.add_argument(
        "--round", dest="rounds", type=weekly_rounds, action="append", default=[],
        metavar="ROUND",
        help=_("days, last hour to order, hour of the drop: “mon-sat 11:45 14:30”; once for each"),
    )  # fmt: skip
    parser.add_argument(
        "--lead-days", type=_days, metavar="DAYS", help=_("delay of a direct supplier")
    )
    parser.add_argument("--customer-number", default="", help=_("our number at this supplier"))
    parser.add_argument("--main", action="store_true", help=_("ordered from first"))


def add_supplier(options: argparse.Namespace) -> None:
    """Create a supplier and date its coming rounds."""
    supplier = services.add_supplier(
        name=options.name,
        kind=Supplier.Kind(options.kind),
        rounds=[one for rounds in options.rounds for one in rounds],
        lead_time_days=options.lead_days,
        customer_number=options.customer_number,
        is_main=options.main,
        at=clock.now(),
    )
    coming = DeliveryRound.objects.filter(supplier=supplier).count()
    data = {
        "supplier": supplier.name,
        "kind": supplier.kind,
        "is_main": supplier.is_main,
        "rounds": coming,
    }
    text = ngettext(
        "%(supplier)s is known; %(rounds)d round is dated ahead.",
        "%(supplier)s is known; %(rounds)d rounds are dated ahead.",
        coming,
    )
    report(options, data=data, text=text % data)


COMMANDS = [
    Command(
        "add-supplier",
        gettext_lazy("make a supplier known, with its rounds or its delay"),
        add_supplier,
        _arguments,
    )
]
