"""What the bench answers to a scan: read back from the facts, so that a retry says the same."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backofficine.catalog.models import Product
from backofficine.promises.identity import initials_of
from backofficine.promises.models import Promise
from backofficine.receiving.models import Parcel, Receipt, ReceiptScan, UnknownScan
from backofficine.receiving.queries.destinations import Home, home_of, reserve
from backofficine.receiving.queries.tally import Line, Tally, tally
from backofficine.stock import queries as stock
from backofficine.stock.models import Location

Verdict = ReceiptScan.Verdict


class Tone(StrEnum):
    """The colour and the sound of an answer."""

    YES = "yes"
    LOOK = "look"
    STOP = "stop"


class Heard(StrEnum):
    """What happened to a scan."""

    COUNTED = "counted"
    AGAIN = "again"
    EXTRA = "extra"
    EXPIRED = "expired"
    KNOWN_SERIAL = "known_serial"
    HELD = "held"
    UNDONE = "undone"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    TWO_CODES = "two_codes"
    ABSURD = "absurd"
    NARCOTIC = "narcotic"
    PARCEL = "parcel"
    SLOT = "slot"
    WRONG_SLOT = "wrong_slot"
    NOTHING = "nothing"


class Ask(StrEnum):
    """What the bench must ask a person; none of it stops the round."""

    EXTRA = "extra"
    SHORT_DATED = "short_dated"
    EXPIRY = "expiry"
    UNKNOWN = "unknown"
    QUANTITY = "quantity"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Destination:
    """``quantity`` boxes to one place. ``promise`` when somebody waits for them.

    ``room`` is what still fits there afterwards, in stock units; ``None`` if not known.
    """

    location: Location
    quantity: int
    promise: Promise | None = None
    initials: str = ""
    room: int | None = None

    @property
    def kind(self) -> str:
        return self.location.kind

    @property
    def due(self) -> int:
        """Boxes owed to the patient and not yet in the slot."""
        assert self.promise is not None, "only a promise owes boxes"
        return -(-self.promise.missing_quantity // self.promise.product.doses_per_box)


@dataclass(frozen=True, slots=True)
class ScanResult:
    """One answer: a sentence, a sound, and where the box goes.

    ``act`` names the facts that were written; it is ``None`` when nothing was, and then
    ``quantity`` and the rest are what a person must confirm.
    """

    tone: Tone
    heard: Heard
    sentence: str
    aside: str = ""
    act: UUID | None = None
    product: Product | None = None
    received: int = 0
    ordered: int = 0
    quantity: int = 0
    lot_number: str = ""
    expires_on: date | None = None
    destinations: tuple[Destination, ...] = ()
    asks: tuple[Ask, ...] = ()
    unknown: UnknownScan | None = None
    parcel: Parcel | None = None
    choices: tuple[Product, ...] = ()
    code: str = ""
    is_repeat: bool = False
    tally: Tally | None = field(default=None, compare=False, repr=False)
    home: Home | None = field(default=None, compare=False, repr=False)

    @property
    def announcement(self) -> str:
        """« PROMIS — casier 27 », or nothing."""
        slots = [one.location.short_code for one in self.destinations if one.promise]
        return announce(slots) if slots else ""


def announce(slots: list[str]) -> str:
    """The words that come before anything else when a patient waits for the box."""
    return ngettext("PROMISE — slot %(slots)s", "PROMISE — slots %(slots)s", len(slots)) % {
        "slots": ", ".join(dict.fromkeys(slots))
    }


def is_short_dated(expires_on: date | None, *, months: int, on: date) -> bool:
    """Whether a date is nearer than the months declared for the supplier."""
    if expires_on is None or expires_on < on:
        return False
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return (expires_on.year, expires_on.month, expires_on.day) < (year, month + 1, on.day)


def month_text(expires_on: date | None) -> str:
    """« 02/2028 », as it is printed on boxes."""
    return f"{expires_on:%m/%Y}" if expires_on else _("not known")


def lot_text(lot_number: str, expires_on: date | None) -> str:
    """« lot B2409A · exp. 02/2028 », as little of it as is known."""
    parts = []
    if lot_number:
        parts.append(_("lot %(lot)s") % {"lot": lot_number})
    if expires_on:
        parts.append(_("exp. %(month)s") % {"month": month_text(expires_on)})
    return " · ".join(parts) or _("neither lot nor date in the code")


def result_of(
    receipt: Receipt, act: UUID, *, on: date, counts: Tally | None = None, is_repeat: bool = False
) -> ScanResult | None:
    """The answer to a scan that was recorded, or ``None`` if no fact bears that name."""
    rows = list(
        ReceiptScan.objects.filter(receipt=receipt, act=act)
        .select_related("product", "promise__identity", "promise__product", "slot", "undoes")
        .order_by("pk")
    )
    if not rows:
        unknown = UnknownScan.objects.filter(receipt=receipt, request_id=act).first()
        return unknown_result(unknown, is_repeat=is_repeat) if unknown else None
    counts = counts or tally(receipt, on=on)
    return result_of_rows(receipt, rows, counts=counts, on=on, is_repeat=is_repeat)


def unknown_result(unknown: UnknownScan, *, is_repeat: bool = False) -> ScanResult:
    """The answer to a code that no file knows."""
    return ScanResult(
        tone=Tone.LOOK,
        heard=Heard.UNKNOWN,
        sentence=_("Look: this code is in no file"),
        aside=_("the round goes on, nothing is blocked"),
        act=unknown.request_id,
        unknown=unknown,
        code=unknown.code,
        quantity=1,
        asks=(Ask.UNKNOWN,),
        is_repeat=is_repeat,
    )


def result_of_rows(
    receipt: Receipt,
    rows: list[ReceiptScan],
    *,
    counts: Tally,
    on: date,
    is_repeat: bool = False,
) -> ScanResult:
    """The answer to an act whose rows are at hand; ``counts`` includes them."""
    first = rows[0]
    line = counts.line(first.product_id)
    quantity = sum(row.quantity for row in rows)
    expires_on = first.expires_on or _answered_date(line, first)
    is_short = is_short_dated(expires_on, months=receipt.supplier.short_dated_months, on=on)
    home = home_of(first.product)
    tone, sentence = _say(rows, line, quantity, is_short=is_short, expires_on=expires_on)
    return ScanResult(
        tone=tone,
        heard=Heard(first.verdict),
        sentence=sentence,
        aside=lot_text(first.lot_number, expires_on),
        act=first.act,
        product=first.product,
        received=line.received,
        ordered=line.ordered,
        quantity=quantity,
        lot_number=first.lot_number,
        expires_on=expires_on,
        destinations=_destinations(rows, line, home),
        asks=_asks(first, line, expires_on, is_short=is_short),
        is_repeat=is_repeat,
        tally=counts,
        home=home,
    )


def _answered_date(line: Line, row: ReceiptScan) -> date | None:
    dates = {lot.expires_on for lot in line.lots if lot.number == row.lot_number}
    dates.discard(None)
    return dates.pop() if len(dates) == 1 else None


def _asks(
    row: ReceiptScan, line: Line, expires_on: date | None, *, is_short: bool
) -> tuple[Ask, ...]:
    asks = []
    if row.verdict == Verdict.EXTRA and not line.extra_kind:
        asks.append(Ask.EXTRA)
    if row.verdict in ReceiptScan.GOOD:
        if expires_on is None:
            asks.append(Ask.EXPIRY)
        if is_short and not line.short_reason:
            asks.append(Ask.SHORT_DATED)
    return tuple(asks)


def _say(
    rows: list[ReceiptScan],
    line: Line,
    quantity: int,
    *,
    is_short: bool,
    expires_on: date | None,
) -> tuple[Tone, str]:
    first = rows[0]
    match first.verdict:
        case Verdict.UNDONE:
            words = _("Undone: %(quantity)s, %(received)s of %(ordered)s remain counted")
            tone = Tone.YES
        case Verdict.AGAIN:
            words, tone = _("Already counted: this very box was scanned before"), Tone.LOOK
        case Verdict.EXPIRED:
            words, tone = _("Stop: expired, to quarantine only"), Tone.STOP
        case Verdict.HELD:
            words, tone = _("Stop: this lot is recalled or held, to quarantine"), Tone.STOP
        case Verdict.KNOWN_SERIAL:
            tone = Tone.STOP
            words = _("Stop: this very box already came once. Quarantine, call the pharmacist")
        case Verdict.EXTRA:
            words, tone = _("Look: not ordered, +%(quantity)s. What is this box?"), Tone.LOOK
            if line.extra_kind:
                words = _("Read: +%(quantity)s, not ordered, %(received)s boxes in all")
        case _:
            tone, words = _counted(line, is_short=is_short)
    said = words % {
        "quantity": f"{quantity}".replace("-", "−"),
        "received": line.received,
        "ordered": line.ordered,
        "month": month_text(expires_on),
    }
    slots = [row.slot.short_code for row in rows if row.slot and row.verdict != Verdict.UNDONE]
    if slots and first.verdict in ReceiptScan.GOOD:
        said = _("%(announcement)s: %(said)s") % {"announcement": announce(slots), "said": said}
    return tone, said


def _counted(line: Line, *, is_short: bool) -> tuple[Tone, str]:
    if is_short and not line.short_reason:
        return Tone.LOOK, _("Look: short date %(month)s, +%(quantity)s. Why keep it?")
    if line.ordered == 0:
        return Tone.YES, ngettext(
            "Read: +%(quantity)s, %(received)s box in all",
            "Read: +%(quantity)s, %(received)s boxes in all",
            line.received,
        )
    if line.received > line.ordered:
        return Tone.LOOK, _("Look: +%(quantity)s, %(received)s boxes where %(ordered)s were due")
    if line.received == line.ordered:
        return Tone.YES, ngettext(
            "Read: +%(quantity)s, line complete, %(received)s box of %(ordered)s",
            "Read: +%(quantity)s, line complete, %(received)s boxes of %(ordered)s",
            line.received,
        )
    return Tone.YES, ngettext(
        "Read: +%(quantity)s, that is %(received)s box of %(ordered)s",
        "Read: +%(quantity)s, that is %(received)s boxes of %(ordered)s",
        line.received,
    )


def _destinations(rows: list[ReceiptScan], line: Line, home: Home) -> tuple[Destination, ...]:
    """Promises first; then the address, and the reserve for what does not fit there."""
    if rows[0].verdict in ReceiptScan.HELD_BACK:
        return (Destination(stock.quarantine(), sum(row.quantity for row in rows)),)
    if rows[0].verdict in (Verdict.AGAIN, Verdict.UNDONE):
        return ()
    found = [
        Destination(row.slot, row.quantity, row.promise, initials_of(row.promise))
        for row in rows
        if row.promise is not None and row.slot is not None
    ]
    loose = sum(row.quantity for row in rows if row.promise is None)
    if not loose:
        return tuple(found)
    doses = rows[0].product.doses_per_box
    # What earlier scans of this receipt already sent there takes room too.
    room = None if home.room is None else home.room - line.received * doses
    if room is not None and room < 0:
        over = min(loose, -(room // doses))
        surplus = reserve()
        if surplus is not None and surplus.pk != home.location.pk:
            if loose > over:
                found.append(Destination(home.location, loose - over, room=0))
            found.append(Destination(surplus, over))
            return tuple(found)
    found.append(Destination(home.location, loose, room=None if room is None else max(0, room)))
    return tuple(found)
