"""The bench's ear: any text of the scan line, to the act that it asks for."""

import re
from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from backofficine.catalog import queries as catalog
from backofficine.catalog.models import Product
from backofficine.formats.gs1 import GS, Reading, ReadingKind, read, spellings
from backofficine.formats.keyboard import Layout
from backofficine.receiving.models import Parcel, Receipt, ReceiptScan
from backofficine.receiving.queries import Ask, Heard, ScanResult, Tone
from backofficine.receiving.services.drop import open_parcel
from backofficine.receiving.services.scan import keep_unknown, scan, set_quantity
from backofficine.stock.models import Location, Lot
from backofficine.team.models import Actor, Workstation

_QUANTITY = re.compile(r"(\d{1,6})\s*\*\s*")
_TYPED_NAME = re.compile(r"[^\W\d_]{3,}.*")
LONGEST_TEXT = 400


def hear(
    receipt: Receipt,
    *,
    text: str,
    at: datetime,
    on: date,
    actor: Actor,
    by_pharmacist: bool,
    request_id: UUID,
    product: Product | None = None,
    is_confirmed: bool = False,
    workstation: Workstation | None = None,
) -> ScanResult:
    """Take one text in, scanned or typed: a box, ``3*``, ``3*`` and a code, a parcel, a slot.

    ``product`` is the choice of a person when the code left one. A code that is not understood is
    kept aside as unknown; words that name nothing are not. Raises what :func:`scan` raises.
    """
    text = text.replace("\x00", "")[:LONGEST_TEXT].strip()  # no database keeps a NUL
    who: dict[str, Any] = {"actor": actor, "workstation": workstation}
    told: dict[str, Any] = {
        "at": at,
        "on": on,
        "by_pharmacist": by_pharmacist,
        "request_id": request_id,
        "is_confirmed": is_confirmed,
        **who,
    }
    quantity = 1
    if times := _QUANTITY.match(text):
        quantity, text = int(times[1]), text[times.end() :]
        if not text:
            return set_quantity(receipt, quantity=quantity, **told)
    if not text:
        return ScanResult(Tone.LOOK, Heard.NOTHING, _("Nothing was read. Scan again"))
    reading = _read(text, on=on, workstation=workstation)
    parcel = _parcel(receipt, reading)
    if parcel is not None:
        return _opened(open_parcel(parcel, at=at, receipt=receipt))
    if product is None and reading.kind is ReadingKind.TEXT:
        slot = _slot(text)
        if slot is not None:
            return _check_slot(receipt, slot)
        found = catalog.search(text, limit=6) if _TYPED_NAME.fullmatch(text) else []
        if found:
            return ScanResult(
                Tone.LOOK,
                Heard.AMBIGUOUS,
                _("Look: which of these products is it?"),
                choices=tuple(found),
                code=f"{quantity}*{text}" if quantity > 1 else text,
                quantity=quantity,
                asks=(Ask.PRODUCT,),
            )
        if _are_words(text):
            # Not a code: words typed here may be anyone's name, and facts stay for ever.
            return ScanResult(
                Tone.LOOK,
                Heard.NOTHING,
                _("Nothing answers to these words. Scan the code of the box, or try fewer letters"),
            )
    if product is None and reading.kind in (ReadingKind.TEXT, ReadingKind.PARCEL):
        return keep_unknown(receipt, code=text, at=at, request_id=request_id, **who)
    if reading.kind is ReadingKind.TEXT:
        # A name was typed and a product chosen: the text says no lot.
        return scan(receipt, product=product, quantity=quantity, **told)
    return scan(receipt, reading=reading, product=product, quantity=quantity, **told)


def _are_words(text: str) -> bool:
    """Letters and hardly anything else; a wrong keyboard reads digits as é, à, & and the like."""
    letters = sum(sign.isascii() and sign.isalpha() for sign in text)
    signs = sum(not sign.isspace() for sign in text)
    return 2 * letters > signs and not any(sign.isdigit() for sign in text)


def _read(text: str, *, on: date, workstation: Workstation | None) -> Reading:
    remembered = None
    separators = "|~#^"
    if workstation is not None:
        separators = workstation.separators
        if workstation.keyboard_layout in set(Layout):
            remembered = Layout(workstation.keyboard_layout)
    # Known lots only mend separators that were lost: a code that has its own needs none.
    known_lots = None if GS in text else _known_lots
    return read(text, today=on, remembered=remembered, separators=separators, known_lots=known_lots)


def _known_lots(code: str) -> Collection[str]:
    """Lots already known for a code: they mend a lost separator with certainty."""
    return set(
        Lot.objects.filter(product__codes__code=code)
        .exclude(number="")
        .values_list("number", flat=True)[:200]
    )


def _parcel(receipt: Receipt, reading: Reading) -> Parcel | None:
    """The parcel that bears this label; a new label names the next parcel without one."""
    if reading.kind not in (ReadingKind.PARCEL, ReadingKind.TEXT, ReadingKind.PRODUCT_CODE):
        return None
    labels = {reading.code, reading.text, *spellings(reading.raw)} - {""}
    ours = Parcel.objects.filter(Q(receipt=receipt) | Q(receipt=None, supplier=receipt.supplier_id))
    found = ours.filter(code__in=labels).order_by("emptied_at", "pk").first()
    if found is not None or reading.kind is not ReadingKind.PARCEL:
        return found
    blank = ours.filter(code="", opened_at=None).order_by("-is_cold", "pk").first()
    if blank is not None:
        blank.code = reading.code
        blank.save(update_fields=["code"])
    return blank


def _opened(parcel: Parcel) -> ScanResult:
    words = (
        _("Tote %(code)s opened, cold: straight to the fridge")
        if parcel.is_cold
        else _("Tote %(code)s opened")
        if parcel.kind == Parcel.Kind.TOTE
        else _("Carton %(code)s opened")
    )
    return ScanResult(
        Tone.YES, Heard.PARCEL, words % {"code": parcel.code}, parcel=parcel, code=parcel.code
    )


def _slot(text: str) -> Location | None:
    return (
        Location.objects.filter(code__in=spellings(text), kind=Location.Kind.PROMISE_SLOT)
        .order_by("pk")
        .first()
    )


def _check_slot(receipt: Receipt, slot: Location) -> ScanResult:
    """The slot scanned after a promised box: the right one, or the name of the right one."""
    last = (
        ReceiptScan.objects.filter(receipt=receipt, quantity__gt=0, undone_by=None)
        .order_by("-pk")
        .values_list("act", flat=True)
        .first()
    )
    wanted: list[Location] = []
    if last is not None:
        rows = ReceiptScan.objects.filter(receipt=receipt, act=last, slot__isnull=False)
        wanted = [row.slot for row in rows.select_related("slot").order_by("pk") if row.slot]
    if slot in wanted:
        return ScanResult(
            Tone.YES, Heard.SLOT, _("Slot %(slot)s: put there") % {"slot": slot.short_code},
            code=slot.code,
        )  # fmt: skip
    if wanted:
        words = _("Stop: not slot %(slot)s. The box goes to slot %(right)s")
        return ScanResult(
            Tone.STOP, Heard.WRONG_SLOT,
            words % {"slot": slot.short_code, "right": ", ".join(one.short_code for one in wanted)},
            code=slot.code,
        )  # fmt: skip
    return ScanResult(
        Tone.LOOK, Heard.WRONG_SLOT,
        _("Look: the last box read is promised to nobody, slot %(slot)s waits for nothing")
        % {"slot": slot.short_code}, code=slot.code,
    )  # fmt: skip
