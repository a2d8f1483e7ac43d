"""The sub-command of ordering: propose, and send if asked."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backofficine.kernel import clock
from backofficine.kernel.commands import Command, report
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy import queries as pharmacy
from backofficine.planning import queries, services
from backofficine.planning.order_file import order_csv
from backofficine.planning.queries import Show
from backofficine.planning.services import NothingToOrderFrom
from backofficine.planning.why import Why, sentence
from backofficine.purchasing import queries as purchasing
from backofficine.purchasing.models import DeliveryRound, Order, OrderLine, Supplier
from backofficine.purchasing.services import generate_rounds
from backofficine.team.services import system_actor
from backofficine.web.templatetags.components import euros


class UnknownSupplier(DomainError):
    message = gettext_lazy("No supplier is called %(name)s. Known: %(known)s.")


class NoSupplier(DomainError):
    message = gettext_lazy(
        "There is no supplier yet. Add the wholesaler with “backofficine add-supplier”."
    )


class UnknownRound(DomainError):
    message = gettext_lazy(
        "%(supplier)s has no round at %(asked)s. To come: %(known)s. Write its cut-off or its hour "
        "of delivery, such as 2026-11-24T14:30."
    )


class UnwritableFile(DomainError):
    message = gettext_lazy(
        "The file %(path)s cannot be written, so nothing was done. Choose a folder that exists and "
        "is yours."
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--supplier", metavar="NAME", help=_("by default, the main wholesaler"))
    parser.add_argument(
        "--round", metavar="ISO", dest="delivery_round",
        help=_("cut-off or hour of delivery of the round; by default, the next one"),
    )  # fmt: skip
    parser.add_argument("--send", action="store_true", help=_("send the order, as a file"))
    parser.add_argument("--csv", metavar="FILE", type=Path, help=_("write the order as a CSV file"))


def propose_orders(options: argparse.Namespace) -> int:
    """Propose the order of a round, say why line by line, and send it if asked."""
    at = clock.now()
    actor = system_actor()
    generate_rounds(at=at)
    supplier = _supplier(options.supplier)
    delivery_round = _round(supplier, options.delivery_round, at=at)
    # An order is not sent if its file cannot be written: all of it, or none.
    with transaction.atomic():
        order = services.propose_orders(
            supplier=supplier, delivery_round=delivery_round, at=at, actor=actor
        )
        if options.send:
            services.send_order(
                order, channel=Order.Channel.FILE, at=at, actor=actor, request_id=uuid4()
            )
            order.refresh_from_db()
        if options.csv is not None:
            try:
                options.csv.write_bytes(order_csv(order))
            except OSError as error:
                raise UnwritableFile(path=options.csv) from error
    lines = list(queries.lines_shown(order, show=Show.ALL))
    report(options, data=_data(order, lines), text=_text(order, lines))
    return 0


def _supplier(name: str | None) -> Supplier:
    known = list(purchasing.suppliers())
    if not known:
        raise NoSupplier
    if name is None:
        return known[0]
    for one in known:
        if one.name.casefold() == name.strip().casefold():
            return one
    raise UnknownSupplier(name=name, known=", ".join(one.name for one in known))


def _round(supplier: Supplier, asked: str | None, *, at: datetime) -> DeliveryRound | None:
    if supplier.kind == Supplier.Kind.DIRECT:
        return None
    coming = list(purchasing.coming_rounds(supplier, at=at)[:6])
    if not coming:
        raise NothingToOrderFrom(supplier=supplier)
    if asked is None:
        return coming[0]
    wanted = _instant(asked)
    for one in purchasing.coming_rounds(supplier, at=at):
        if wanted in (one.cut_off_at, one.due_at):
            return one
    here = pharmacy.zone()
    raise UnknownRound(
        supplier=supplier,
        asked=asked,
        known=", ".join(f"{one.due_at.astimezone(here):%Y-%m-%dT%H:%M}" for one in coming),
    )


def _instant(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=pharmacy.zone())


def _data(order: Order, lines: list[OrderLine]) -> dict[str, Any]:
    totals = purchasing.totals(order)
    delivery_round = order.delivery_round
    return {
        "order": str(order),
        "supplier": order.supplier.name,
        "status": order.status,
        "round": delivery_round
        and {
            "cut_off_at": delivery_round.cut_off_at.isoformat(),
            "due_at": delivery_round.due_at.isoformat(),
        },
        "expected_at": order.expected_at and order.expected_at.isoformat(),
        "lines": [_line(line) for line in lines],
        "totals": {
            "lines": totals.lines,
            "boxes": totals.boxes,
            "amount": str(totals.amount),
            "unpriced": totals.unpriced,
            "to_look_at": sum(line.is_to_look_at for line in lines),
        },
    }


def _line(line: OrderLine) -> dict[str, Any]:
    why = Why.of(line.why)
    return {
        "code": line.product.cip13,
        "label": str(line.product),
        "on_hand": why.on_hand,
        "on_order": why.on_order,
        "promised": why.promised,
        "proposed": line.proposed_quantity,
        "quantity": line.quantity,
        "promised_boxes": line.promised_quantity,
        "unit_price": line.unit_price,
        "to_look_at": line.is_to_look_at,
        "why": sentence(why, quantity=line.proposed_quantity),
    }


def _text(order: Order, lines: list[OrderLine]) -> str:
    totals = purchasing.totals(order)
    head = f"{order} · {order.supplier} · {order.get_status_display()}"
    if order.delivery_round:
        head += " · " + _("cut-off %(cut_off)s, delivered %(due)s") % {
            "cut_off": purchasing.moment_text(order.delivery_round.cut_off_at),
            "due": purchasing.moment_text(order.delivery_round.due_at),
        }
    rows = [head]
    for line in lines:
        why = Why.of(line.why)
        rows += [
            f"{line.quantity:>5}  {line.product.cip13:<13}  {line.product}",
            f"       {sentence(why, quantity=line.proposed_quantity)}",
        ]
    count = ngettext("%(count)d line", "%(count)d lines", totals.lines) % {"count": totals.lines}
    boxes = ngettext("%(count)d box", "%(count)d boxes", totals.boxes) % {"count": totals.boxes}
    rows.append(f"{count}, {boxes}, {euros(totals.amount)}")
    return "\n".join(rows)


COMMANDS = [
    Command(
        "propose-orders",
        gettext_lazy("propose the order of a round with its reasons; --send hands it over"),
        propose_orders,
        _arguments,
    ),
]
