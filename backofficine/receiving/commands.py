"""Sub-commands of the bench and of the walk: receive orders, put everything away."""

import argparse
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backofficine.kernel import clock
from backofficine.kernel.commands import Command, report
from backofficine.kernel.errors import DomainError
from backofficine.kernel.files import read_bytes
from backofficine.kernel.ids import derived_id
from backofficine.pharmacy.queries import local_day
from backofficine.purchasing.models import Order
from backofficine.receiving import services
from backofficine.receiving.models import Receipt, ReceiptScan
from backofficine.receiving.queries import on_the_dock, walk
from backofficine.receiving.services.scan_file import ScanFile, read_scans
from backofficine.team.services import system_actor


class UnknownOrder(DomainError):
    message = gettext_lazy("No order is called %(number)s. Write its number, such as C12 or 12.")


class OrderNotAwaited(DomainError):
    message = gettext_lazy(
        "%(order)s is “%(status)s”: only an order that was sent can be received."
    )


class OneDelivery(DomainError):
    message = gettext_lazy(
        "These orders come from several suppliers or rounds, and the file holds one delivery. "
        "Receive them one by one."
    )


def _receive_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("orders", nargs="+", metavar="ORDER", help=_("order number: C12, or 12"))
    parser.add_argument(
        "--scans", metavar="FILE", type=Path,
        help=_("CSV of code, lot, expiry, quantity, or one DataMatrix a line; by default "
               "all that was answered, or ordered, is taken as come"),
    )  # fmt: skip
    parser.add_argument(
        "--pharmacist", action="store_true",
        help=_("a pharmacist holds the boxes: narcotics may be received"),
    )  # fmt: skip


def receive(options: argparse.Namespace) -> int:
    """Receive orders: scan, validate, and tell what was missing and promised."""
    at = clock.now()
    on = local_day(at)
    deliveries: dict[tuple[int, int | None], list[Order]] = {}
    for order in map(_order, options.orders):
        deliveries.setdefault((order.supplier_id, order.delivery_round_id), []).append(order)
    file = None
    if options.scans is not None:
        if len(deliveries) > 1:
            raise OneDelivery
        file = read_scans(read_bytes(options.scans), on=on)
    actor = system_actor()
    receipts = []
    with transaction.atomic():
        for orders in deliveries.values():
            done = _received(orders)
            if done is not None:
                receipts.append(done)
                continue
            request_id = derived_id("receive", *sorted(order.number for order in orders))
            receipt = services.start_receipt(
                supplier=orders[0].supplier, delivery_round=orders[0].delivery_round,
                orders=orders, at=at, request_id=request_id,
            )  # fmt: skip
            if receipt.status == Receipt.Status.OPEN and file is not None:
                _keep_unknown(receipt, file, request_id, at=at, actor=actor)
            done = services.receive_all(
                receipt,
                file.boxes if file else None,
                at=at,
                on=on,
                actor=actor,
                by_pharmacist=options.pharmacist,
                request_id=request_id,
            )
            receipts.append(done)
    data = {
        "receipts": [_told(receipt) for receipt in receipts],
        "unknown": [{"line": line, "code": code} for line, code in file.unknown] if file else [],
        "rejected": [{"line": line, "reason": why} for line, why in file.rejected] if file else [],
    }
    report(options, data=data, text=_text(data))
    return 0


def _received(orders: list[Order]) -> Receipt | None:
    """The receipt that already brought these orders: nothing comes twice."""
    if any(order.status != Order.Status.RECEIVED for order in orders):
        return None
    return (
        Receipt.objects.filter(receipt_orders__order__in=orders, status=Receipt.Status.VALIDATED)
        .select_related("supplier")
        .order_by("-pk")
        .first()
    )


def _order(word: str) -> Order:
    digits = word.strip().upper().removeprefix("C")
    found = None
    if digits.isdecimal() and len(digits) < 10:
        found = (
            Order.objects.filter(number=int(digits))
            .select_related("supplier", "delivery_round")
            .first()
        )
    if found is None:
        raise UnknownOrder(number=word)
    if found.status in (Order.Status.DRAFT, Order.Status.CANCELLED, Order.Status.CLOSED):
        raise OrderNotAwaited(order=found, status=found.get_status_display())
    return found


def _keep_unknown(receipt: Receipt, file: ScanFile, request_id: UUID, **who: Any) -> None:
    for line, code in file.unknown:
        services.keep_unknown(
            receipt, code=code, request_id=derived_id("unknown", request_id, line), **who
        )


def _told(receipt: Receipt) -> dict[str, Any]:
    scans = ReceiptScan.objects.filter(receipt=receipt)
    promised = (
        scans.filter(promise__isnull=False, quantity__gt=0, undone_by=None)
        .select_related("product", "promise", "slot")
        .order_by("pk")
    )
    good = list(
        scans.filter(verdict__in=ReceiptScan.GOOD, undone_by=None).values_list(
            "product_id", "quantity"
        )
    )
    return {
        "receipt": str(receipt),
        "supplier": receipt.supplier.name,
        "orders": [str(one.order) for one in receipt.receipt_orders.select_related("order")],
        "lines": len({product for product, _quantity in good}),
        "boxes": sum(quantity for _product, quantity in good),
        "quarantine": sum(
            scans.filter(verdict__in=ReceiptScan.HELD_BACK, undone_by=None).values_list(
                "quantity", flat=True
            )
        ),
        "gaps": [
            {
                "kind": gap.kind,
                "product": str(gap.product),
                "cip13": gap.product.cip13,
                "ordered": gap.ordered,
                "received": gap.received,
                "expected_price": gap.expected_price,
                "actual_price": gap.actual_price,
            }
            for gap in receipt.gaps.select_related("product").order_by("pk")
        ],
        # The slot and the number of the promise; never a name.
        "promises": [
            {
                "promise": row.promise.number if row.promise else None,
                "slot": row.slot.code if row.slot else "",
                "product": str(row.product),
                "boxes": row.quantity,
            }
            for row in promised
        ],
    }


def _text(data: dict[str, Any]) -> str:
    lines = []
    for told in data["receipts"]:
        lines.append(
            _("%(receipt)s, %(supplier)s: %(boxes)s boxes of %(lines)s products received.") % told
        )
        if told["quarantine"]:
            lines.append(_("  %(count)s boxes in quarantine.") % {"count": told["quarantine"]})
        lines += [
            _("  PROMISE — slot %(slot)s, no. %(promise)s: %(boxes)s × %(product)s") % one
            for one in told["promises"]
        ]
        lines += [
            _("  Gap, %(word)s: %(product)s, %(received)s of %(ordered)s")
            % {**gap, "word": _gap_word(gap["kind"])}
            for gap in told["gaps"]
        ]
    if data["unknown"]:
        count = len(data["unknown"])
        lines.append(
            ngettext(
                "%(count)s unknown code kept aside.", "%(count)s unknown codes kept aside.", count
            )
            % {"count": count}
        )
    lines += [
        _("Line %(line)s left out: %(reason)s") % {"line": one["line"], "reason": one["reason"]}
        for one in data["rejected"]
    ]
    return "\n".join(lines)


def _gap_word(kind: str) -> str:
    from backofficine.receiving.models import Gap

    return str(Gap.Kind(kind).label)


def _put_away_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--all", action="store_true", help=_("put away all that waits; else only list the walk")
    )
    parser.add_argument(
        "--pharmacist", action="store_true",
        help=_("a pharmacist holds the boxes: narcotics too"),
    )  # fmt: skip


def put_away(options: argparse.Namespace) -> int:
    """List the walk, or put everything away."""
    at = clock.now()
    stops = walk(at=at)
    data: dict[str, Any] = {
        "stops": [
            {
                "place": stop.target.code,
                "product": str(stop.product),
                "boxes": stop.boxes,
                "overflow": stop.is_overflow,
            }
            for stop in stops
        ],
        "put_away": 0,
    }
    lines = [
        f"{one['place']:<10} {one['boxes']:>4} × {one['product']}"
        + (_(" (reserve: the address is full)") if one["overflow"] else "")
        for one in data["stops"]
    ]
    if options.all and stops:
        posting = services.put_away_all(
            at=at, actor=system_actor(), by_pharmacist=options.pharmacist, request_id=uuid4()
        )
        data["put_away"] = posting.moves.count() if posting else 0
        left = on_the_dock()
        data["waiting"] = left
        lines.append(
            _("%(count)s lines put away, %(left)s products still on the dock.")
            % {"count": data["put_away"], "left": left}
        )
    report(options, data=data, text="\n".join(lines) or _("Nothing waits on the dock."))
    return 0


COMMANDS = [
    Command(
        "receive",
        gettext_lazy("receive the boxes of orders, and validate the receipt"),
        receive,
        _receive_arguments,
    ),
    Command(
        "put-away",
        gettext_lazy("list what waits on the dock in walking order, or put it all away"),
        put_away,
        _put_away_arguments,
    ),
]
