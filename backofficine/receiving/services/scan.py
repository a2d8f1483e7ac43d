"""Scans at the bench: each is a fact, answered at once, and undone by its mirror."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backofficine.catalog import queries as catalog
from backofficine.catalog.models import Product
from backofficine.formats.gs1 import Doubt, Reading, ReadingKind
from backofficine.kernel.errors import DomainError
from backofficine.kernel.ids import derived_id
from backofficine.kernel.prepared import Prepared
from backofficine.promises import queries as promises
from backofficine.promises import services as promising
from backofficine.promises.models import Promise
from backofficine.receiving.models import (
    ExtraKind,
    Receipt,
    ReceiptAnswer,
    ReceiptScan,
    UnknownKind,
    UnknownScan,
)
from backofficine.receiving.queries import (
    Ask,
    Heard,
    ScanResult,
    Tally,
    Tone,
    result_of,
    result_of_rows,
    tally,
    unknown_result,
)
from backofficine.stock.models import NO_DATE, Lot, LotHold
from backofficine.stock.services import RequestReused
from backofficine.team.models import Actor, Workstation

Verdict = ReceiptScan.Verdict

# Above both, a quantity is asked again: it is more often a slip than a delivery.
ABSURD_BOXES = 50
ABSURD_TIMES = 3
MOST_BOXES = 99_999


class ReceiptIsClosed(DomainError):
    message = gettext_lazy(
        "%(receipt)s is already closed: nothing more can be scanned in it. Start a new receipt for "
        "the boxes that are left."
    )


class NothingToUndo(DomainError):
    message = gettext_lazy("Nothing was scanned yet: there is nothing to undo.")


class NarcoticForPharmacist(DomainError):
    message = gettext_lazy(
        "%(product)s is a narcotic: only a pharmacist receives it. Hand the box to the pharmacist "
        "present; nothing was counted."
    )


class ImpossibleQuantity(DomainError):
    message = gettext_lazy("%(quantity)s is not a number of boxes. Type 1 to %(most)s.")


@dataclass(frozen=True, slots=True)
class Boxes:
    """``quantity`` boxes of one product and lot, as a scan or a file tells them.

    ``unit_price`` is that of the delivery note, in euros excl. VAT for one box.
    """

    product: Product
    quantity: int = 1
    lot_number: str = ""
    expires_on: date | None = None
    serial: str = ""
    unit_price: Decimal | None = None
    extra_kind: str = ""


@dataclass(slots=True)
class _Waiting:
    """A promise, and the boxes it still needs once earlier scans are counted."""

    promise: Promise
    boxes: int


@dataclass(slots=True)
class _Bench:
    """What must be known before rows are written, read once for all the boxes at hand."""

    counts: Tally
    on: date
    held: set[tuple[int, str]] = field(default_factory=set)
    dates: dict[tuple[int, str], set[date]] = field(default_factory=dict)
    serials_here: set[tuple[int, str]] = field(default_factory=set)
    serials_elsewhere: set[tuple[int, str]] = field(default_factory=set)
    waiting: dict[int, list[_Waiting]] = field(default_factory=dict)


_LOCKED = Prepared(
    lambda key: (
        Receipt.objects.select_for_update(of=("self",))
        .select_related("supplier", "delivery_round")
        .filter(pk=key)
    ),
    int,
)


def locked_receipt(receipt: Receipt) -> Receipt:
    """The receipt as it is now, kept still until the transaction ends."""
    now = _LOCKED.first(receipt.pk)
    if now is None:
        raise Receipt.DoesNotExist
    return now


def _open(receipt: Receipt) -> Receipt:
    receipt = locked_receipt(receipt)
    if receipt.status != Receipt.Status.OPEN:
        raise ReceiptIsClosed(receipt=receipt)
    return receipt


@transaction.atomic
def scan(
    receipt: Receipt,
    *,
    at: datetime,
    on: date,
    actor: Actor,
    by_pharmacist: bool,
    request_id: UUID,
    reading: Reading | None = None,
    product: Product | None = None,
    lot_number: str = "",
    expires_on: date | None = None,
    serial: str = "",
    quantity: int = 1,
    unit_price: Decimal | None = None,
    extra_kind: str = "",
    is_confirmed: bool = False,
    workstation: Workstation | None = None,
) -> ScanResult:
    """Count what was scanned, and say where it goes. This will append the facts of one act.

    Give a ``reading``, or the words themselves. ``on`` is the pharmacy's civil day. The same
    ``request_id`` counts once and is answered the same. An absurd quantity, a narcotic in the
    hands of someone else than a pharmacist and an ambiguous code write nothing and say so; an
    unknown code is kept aside.

    :raises ReceiptIsClosed: if the receipt was validated meanwhile.
    :raises ImpossibleQuantity: if ``quantity`` is not a number of boxes.
    """
    receipt = locked_receipt(receipt)
    known = _already(receipt, request_id, on=on)
    if known is not None:
        return known
    if receipt.status != Receipt.Status.OPEN:
        raise ReceiptIsClosed(receipt=receipt)
    if not 1 <= quantity <= MOST_BOXES:
        raise ImpossibleQuantity(quantity=quantity, most=MOST_BOXES)
    if reading is not None:
        lot_number, expires_on, serial = _words(reading)
        if reading.kind is ReadingKind.TWO_CODES:
            return _two_codes(reading)
        if product is None:
            found = catalog.find_by_code(reading.code or reading.text)
            if not found:
                return keep_unknown(
                    receipt, code=reading.raw, at=at, actor=actor, request_id=request_id,
                    workstation=workstation,
                )  # fmt: skip
            product = _choose(receipt, found, on=on)
            if product is None:
                return _ambiguous(reading.raw, found, quantity=quantity)
        if reading.kind is ReadingKind.CASE:
            quantity *= reading.inner_quantity or product.case_size
            if quantity > MOST_BOXES:
                raise ImpossibleQuantity(quantity=quantity, most=MOST_BOXES)
    assert product is not None, "a scan has a reading or a product"
    if product.is_narcotic and not by_pharmacist:
        return _narcotic(product)
    boxes = Boxes(product, quantity, lot_number, expires_on, serial, unit_price, extra_kind)
    bench = _look(receipt, [boxes], on=on)
    ordered = bench.counts.line(product.pk).ordered
    if quantity > max(ABSURD_BOXES, ABSURD_TIMES * ordered) and not is_confirmed:
        return _absurd(boxes, ordered=ordered, raw=reading.raw if reading else product.cip13)
    return _count(receipt, request_id, boxes, bench, at=at, actor=actor, workstation=workstation)


@transaction.atomic
def scan_many(
    receipt: Receipt,
    boxes: Iterable[Boxes],
    *,
    at: datetime,
    on: date,
    actor: Actor,
    by_pharmacist: bool,
    request_id: UUID,
    workstation: Workstation | None = None,
) -> list[ReceiptScan]:
    """Count many boxes at once, as files and simulations do; a few queries for all of them.

    The same rules as :func:`scan`, without its questions: quantities are taken as given. The same
    ``request_id`` counts once.

    :raises NarcoticForPharmacist: if a narcotic is there and ``by_pharmacist`` is false.
    :raises ReceiptIsClosed: if the receipt was validated meanwhile.
    """
    receipt = locked_receipt(receipt)
    acts = [(derived_id("scan", request_id, n), one) for n, one in enumerate(boxes)]
    if acts and ReceiptScan.objects.filter(receipt=receipt, act=acts[0][0]).exists():
        return list(
            ReceiptScan.objects.filter(receipt=receipt, act__in=[act for act, _one in acts])
        )
    if receipt.status != Receipt.Status.OPEN:
        raise ReceiptIsClosed(receipt=receipt)
    for _act, one in acts:
        if one.product.is_narcotic and not by_pharmacist:
            raise NarcoticForPharmacist(product=one.product)
        if not 1 <= one.quantity <= MOST_BOXES:
            raise ImpossibleQuantity(quantity=one.quantity, most=MOST_BOXES)
    bench = _look(receipt, [one for _act, one in acts], on=on)
    return _append(receipt, acts, bench, at=at, actor=actor, workstation=workstation)


@transaction.atomic
def keep_unknown(
    receipt: Receipt,
    *,
    code: str,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    workstation: Workstation | None = None,
) -> ScanResult:
    """Keep aside a code that no file knows; the round goes on. Control signs are spelt out."""
    receipt = _open(receipt)
    shown = "".join(sign if sign.isprintable() else "␝" for sign in code.strip())[:200] or "?"
    unknown, created = UnknownScan.objects.get_or_create(
        request_id=request_id,
        defaults={
            "receipt": receipt,
            "code": shown,
            "scanned_at": at,
            "actor": actor,
            "workstation": workstation,
        },
    )
    return unknown_result(unknown, is_repeat=not created)


@transaction.atomic
def undo_scan(
    receipt: Receipt,
    *,
    at: datetime,
    on: date,
    actor: Actor,
    by_pharmacist: bool,
    request_id: UUID,
    workstation: Workstation | None = None,
) -> ScanResult:
    """Take back the last scan that counted, by its mirror facts. Twice the same request is once.

    :raises NothingToUndo: if nothing is left to take back.
    :raises ReceiptIsClosed: if the receipt was validated meanwhile.
    """
    receipt = locked_receipt(receipt)
    known = _already(receipt, request_id, on=on) or _already_forgotten(receipt, request_id)
    if known is not None:
        return known
    if receipt.status != Receipt.Status.OPEN:
        raise ReceiptIsClosed(receipt=receipt)
    last = _last_act(receipt)
    unknown = (
        UnknownScan.objects.filter(receipt=receipt)
        .exclude(answers__answer=UnknownKind.UNDONE)
        .order_by("-pk")
        .first()
    )
    if unknown is not None and (not last or last[-1].scanned_at <= unknown.scanned_at):
        ReceiptAnswer.objects.create(
            receipt=receipt, question=ReceiptAnswer.Question.UNKNOWN, answer=UnknownKind.UNDONE,
            unknown=unknown, request_id=request_id, answered_at=at, actor=actor,
            workstation=workstation,
        )  # fmt: skip
        return _forgotten(unknown, request_id)
    if not last:
        raise NothingToUndo
    if not by_pharmacist and any(row.product.is_narcotic for row in last):
        return _narcotic(last[0].product)
    ReceiptScan.objects.bulk_create(
        [
            ReceiptScan(
                receipt=receipt,
                act=request_id,
                product=row.product,
                lot_number=row.lot_number,
                expires_on=row.expires_on,
                serial=row.serial,
                quantity=-row.quantity,
                verdict=Verdict.UNDONE,
                extra_kind=row.extra_kind,
                unit_price=row.unit_price,
                promise_id=row.promise_id,
                slot_id=row.slot_id,
                undoes=row,
                request_id=_part(request_id, number),
                scanned_at=at,
                actor=actor,
                workstation=workstation,
            )
            for number, row in enumerate(last)
        ]
    )
    result = result_of(receipt, request_id, on=on)
    assert result is not None, "the mirror was just written"
    return result


@transaction.atomic
def set_quantity(
    receipt: Receipt,
    *,
    quantity: int,
    at: datetime,
    on: date,
    actor: Actor,
    by_pharmacist: bool,
    request_id: UUID,
    is_confirmed: bool = False,
    workstation: Workstation | None = None,
) -> ScanResult:
    """``3 *``: the last scan was of so many boxes. This will mirror it and count again.

    :raises NothingToUndo: if nothing was scanned.
    :raises ImpossibleQuantity: if ``quantity`` is not a number of boxes.
    """
    receipt = locked_receipt(receipt)
    known = _already(receipt, request_id, on=on)
    if known is not None:
        return known
    if receipt.status != Receipt.Status.OPEN:
        raise ReceiptIsClosed(receipt=receipt)
    if not 1 <= quantity <= MOST_BOXES:
        raise ImpossibleQuantity(quantity=quantity, most=MOST_BOXES)
    last = _last_act(receipt)
    if not last:
        raise NothingToUndo
    row = last[0]
    if row.product.is_narcotic and not by_pharmacist:
        return _narcotic(row.product)
    ordered = tally(receipt, on=on).line(row.product_id).ordered
    boxes = Boxes(
        row.product, quantity, row.lot_number, row.expires_on, row.serial, row.unit_price,
        row.extra_kind,
    )  # fmt: skip
    if quantity > max(ABSURD_BOXES, ABSURD_TIMES * ordered) and not is_confirmed:
        return _absurd(boxes, ordered=ordered, raw=f"{quantity}*")
    undo_scan(
        receipt, at=at, on=on, actor=actor, by_pharmacist=by_pharmacist,
        request_id=derived_id("undo", request_id), workstation=workstation,
    )  # fmt: skip
    bench = _look(receipt, [boxes], on=on)
    return _count(receipt, request_id, boxes, bench, at=at, actor=actor, workstation=workstation)


def _count(
    receipt: Receipt,
    act: UUID,
    boxes: Boxes,
    bench: _Bench,
    *,
    at: datetime,
    actor: Actor,
    workstation: Workstation | None,
) -> ScanResult:
    """Write one act, and answer from what was written without reading it again."""
    rows = _append(receipt, [(act, boxes)], bench, at=at, actor=actor, workstation=workstation)
    for row in rows:
        bench.counts.fold(row)
    return result_of_rows(receipt, rows, counts=bench.counts, on=bench.on)


def _already(receipt: Receipt, request_id: UUID, *, on: date) -> ScanResult | None:
    """The answer given before, if this request was already heard."""
    # The first row of an act bears the very request of the scan.
    rows = ReceiptScan.objects.filter(request_id=request_id).values_list("receipt_id")
    unknown = UnknownScan.objects.filter(request_id=request_id).values_list("receipt_id")
    where = list(rows.union(unknown, all=True))
    if not where:
        return None
    if where[0][0] != receipt.pk:
        raise RequestReused
    return result_of(receipt, request_id, on=on, is_repeat=True)


def _already_forgotten(receipt: Receipt, request_id: UUID) -> ScanResult | None:
    answer = (
        ReceiptAnswer.objects.filter(receipt=receipt, request_id=request_id)
        .select_related("unknown")
        .first()
    )
    return _forgotten(answer.unknown, request_id) if answer and answer.unknown else None


def _forgotten(unknown: UnknownScan, request_id: UUID) -> ScanResult:
    return ScanResult(
        Tone.YES, Heard.UNDONE, _("Undone: the unknown code is forgotten"), act=request_id,
        code=unknown.code,
    )  # fmt: skip


def _last_act(receipt: Receipt) -> list[ReceiptScan]:
    """The rows of the last scan that counted and still does."""
    rows = (
        ReceiptScan.objects.filter(receipt=receipt, quantity__gt=0, undone_by=None)
        .select_related("product", "slot")
        .order_by("-pk")
    )
    last = rows.first()
    return list(rows.filter(act=last.act).order_by("pk")) if last else []


def _part(act: UUID, number: int) -> UUID:
    return act if number == 0 else derived_id("part", act, number)


def _words(reading: Reading) -> tuple[str, date | None, str]:
    """Lot, date and serial, without what the reader doubts too much to be recorded."""
    expires_on = None if Doubt.BAD_DATE in reading.doubts else reading.expires_on
    # A serial that may be wrong must not call a new box known.
    serial = "" if Doubt.SERIAL_UNSURE in reading.doubts else reading.serial[:20]
    return reading.lot[:20], expires_on, serial


def _choose(receipt: Receipt, found: Sequence[Product], *, on: date) -> Product | None:
    """The one product of an ambiguous code that this receipt awaits, if there is one."""
    if len(found) == 1:
        return found[0]
    counts = tally(receipt, on=on)
    awaited = [product for product in found if counts.line(product.pk).ordered]
    return awaited[0] if len(awaited) == 1 else None


def _look(receipt: Receipt, boxes: list[Boxes], *, on: date) -> _Bench:
    bench = _Bench(tally(receipt, on=on), on)
    keys = {one.product.pk for one in boxes}
    numbers = {one.lot_number for one in boxes if one.lot_number}
    if numbers:
        held = LotHold.objects.filter(lot=OuterRef("pk"), lifted_at=None)
        for product, number, expires_on, is_held in (
            Lot.objects.filter(product__in=keys, number__in=numbers)
            .annotate(is_held=Exists(held))
            .values_list("product_id", "number", "expires_on", "is_held")
        ):
            if expires_on != NO_DATE:
                bench.dates.setdefault((product, number), set()).add(expires_on)
            if is_held:
                bench.held.add((product, number))
    for key in keys:
        line = bench.counts.line(key)
        for lot in line.lots:
            if lot.expires_on and lot.number:
                bench.dates.setdefault((line.product_id, lot.number), set()).add(lot.expires_on)
    serials = {one.serial for one in boxes if one.serial}
    if serials:
        rows = (
            ReceiptScan.objects.filter(product__in=keys, serial__in=serials)
            .exclude(receipt__status=Receipt.Status.CANCELLED)
            .values_list("product_id", "serial", "receipt_id")
            .annotate(boxes=Sum("quantity"))
            .order_by()
        )
        for product, serial, where, count in rows:
            if count > 0:
                here = where == receipt.pk
                (bench.serials_here if here else bench.serials_elsewhere).add((product, serial))
    bench.waiting = _waiting([one.product for one in boxes])
    return bench


def _waiting(products: list[Product]) -> dict[int, list[_Waiting]]:
    by_key = {product.pk: product for product in products}
    if len(by_key) > 1:
        owed = promises.promised_by_product(list(by_key))
        by_key = {key: product for key, product in by_key.items() if owed.get(key)}
    elif not Promise.objects.filter(product__in=by_key, closed_at=None).exists():
        # Most boxes are promised to nobody: the long question is not asked.
        return {}
    waiting = {
        key: [
            _Waiting(promise, -(-promise.missing_quantity // product.doses_per_box))
            for promise in promises.waiting_for(product)
        ]
        for key, product in by_key.items()
    }
    every = [one for ones in waiting.values() for one in ones]
    if every:
        # Boxes announced by any open receipt are on their way to the slot already.
        announced = dict(
            ReceiptScan.objects.filter(
                promise__in=[one.promise for one in every], receipt__status=Receipt.Status.OPEN
            )
            .values_list("promise_id")
            .annotate(boxes=Sum("quantity"))
            .order_by()
        )
        for one in every:
            one.boxes -= announced.get(one.promise.pk, 0)
    return waiting


def _append(
    receipt: Receipt,
    acts: Sequence[tuple[UUID, Boxes]],
    bench: _Bench,
    *,
    at: datetime,
    actor: Actor,
    workstation: Workstation | None,
) -> list[ReceiptScan]:
    rows: list[ReceiptScan] = []
    for act, boxes in acts:
        expires_on = boxes.expires_on or _known_date(bench, boxes)
        verdict = _verdict(bench, boxes, expires_on)
        quantity = 0 if verdict == Verdict.AGAIN else boxes.quantity
        if boxes.serial and quantity:
            bench.serials_here.add((boxes.product.pk, boxes.serial))
        shares: list[tuple[Promise | None, int]] = [(None, quantity)]
        if verdict in ReceiptScan.GOOD and boxes.extra_kind != ExtraKind.ERROR:
            shares = _share(bench, boxes)
        rows += [
            ReceiptScan(
                receipt=receipt,
                act=act,
                product=boxes.product,
                lot_number=boxes.lot_number,
                expires_on=expires_on,
                serial=boxes.serial,
                quantity=share,
                verdict=verdict,
                extra_kind=boxes.extra_kind if verdict == Verdict.EXTRA else "",
                unit_price=boxes.unit_price,
                promise=promise,
                slot=promise.slot if promise else None,
                request_id=_part(act, number),
                scanned_at=at,
                actor=actor,
                workstation=workstation,
            )
            for number, (promise, share) in enumerate(shares)
        ]
    return ReceiptScan.objects.bulk_create(rows)


def _known_date(bench: _Bench, boxes: Boxes) -> date | None:
    """A code without its date never blanks a date that is known: that of the same lot."""
    dates = bench.dates.get((boxes.product.pk, boxes.lot_number), set())
    return next(iter(dates)) if boxes.lot_number and len(dates) == 1 else None


def _verdict(bench: _Bench, boxes: Boxes, expires_on: date | None) -> str:
    key = boxes.product.pk
    if boxes.serial and (key, boxes.serial) in bench.serials_here:
        return Verdict.AGAIN
    if boxes.serial and (key, boxes.serial) in bench.serials_elsewhere:
        return Verdict.KNOWN_SERIAL
    if expires_on is not None and expires_on < bench.on:
        return Verdict.EXPIRED
    if (key, boxes.lot_number) in bench.held:
        return Verdict.HELD
    if bench.counts.has_orders and not bench.counts.line(key).ordered:
        return Verdict.EXTRA
    return Verdict.COUNTED


def _share(bench: _Bench, boxes: Boxes) -> list[tuple[Promise | None, int]]:
    """Who gets how many of these boxes: the earliest promised first, the rest to the shelf."""
    left = boxes.quantity
    shares: Counter[int] = Counter()
    served: dict[int, Promise] = {}
    for one in bench.waiting.get(boxes.product.pk, []):
        taken = min(left, one.boxes)
        if taken <= 0:
            continue
        try:
            promising.reserve_slot(one.promise)
        except promising.NoSlot:
            # No slot to announce: the box goes to the shelf, and the promise still waits.
            continue
        one.boxes -= taken
        left -= taken
        served[one.promise.pk] = one.promise
        shares[one.promise.pk] += taken
    found: list[tuple[Promise | None, int]] = [
        (served[key], count) for key, count in shares.items()
    ]
    return [*found, (None, left)] if left or not found else found


def _two_codes(reading: Reading) -> ScanResult:
    return ScanResult(
        Tone.LOOK,
        Heard.TWO_CODES,
        _("Look: two codes were read at once, nothing was counted"),
        aside=_("hide one of the two and scan again"),
        code=reading.raw,
    )


def _ambiguous(raw: str, found: Sequence[Product], *, quantity: int) -> ScanResult:
    return ScanResult(
        Tone.LOOK,
        Heard.AMBIGUOUS,
        _("Look: several products bear this code. Which one is it?"),
        choices=tuple(found[:9]),
        code=raw,
        quantity=quantity,
        asks=(Ask.PRODUCT,),
    )


def _narcotic(product: Product) -> ScanResult:
    return ScanResult(
        Tone.STOP,
        Heard.NARCOTIC,
        _("Stop: narcotic, for a pharmacist. Nothing was counted"),
        aside=_("hand the box to the pharmacist present"),
        product=product,
    )


def _absurd(boxes: Boxes, *, ordered: int, raw: str) -> ScanResult:
    return ScanResult(
        Tone.LOOK,
        Heard.ABSURD,
        _("Look: %(quantity)s boxes where %(ordered)s are due. Is it right?")
        % {"quantity": boxes.quantity, "ordered": ordered},
        aside=_("nothing is counted until you confirm"),
        product=boxes.product,
        ordered=ordered,
        quantity=boxes.quantity,
        lot_number=boxes.lot_number,
        expires_on=boxes.expires_on,
        code=raw,
        asks=(Ask.QUANTITY,),
    )
