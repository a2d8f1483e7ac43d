"""What a scanned or typed text is, anywhere in the house: it reads, it never writes."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from django.db.models import Q

from backofficine.catalog import queries as catalog
from backofficine.catalog.models import Product
from backofficine.formats.gs1 import Doubt, Reading, ReadingKind, Repair, read, spellings
from backofficine.formats.keyboard import Layout, undo
from backofficine.promises.models import Promise
from backofficine.purchasing.models import Order
from backofficine.receiving.models import Parcel
from backofficine.stock.models import SLOT_WORD, Location, Lot
from backofficine.team.models import User, Workstation

LONGEST_TEXT = 400
FOUND = 8
_LOTS = 200
_PROMISE = re.compile(r"PROMIS-?([0-9]{1,9})")
_ORDER = re.compile(r"C([0-9]{1,9})")


class Kind(StrEnum):
    """What a text turned out to be."""

    PRODUCT = "product"
    LOT = "lot"
    CASE = "case"
    LOCATION = "location"
    PARCEL = "parcel"
    ORDER = "order"
    PROMISE = "promise"
    BADGE = "badge"
    WORDS = "words"  # typed: to be searched
    UNKNOWN = "unknown"  # a code nobody knows here
    NOTHING = "nothing"


@dataclass(frozen=True)
class Resolution:
    """One text and what answers to it.

    ``learnt``: a keyboard layout proved right that this workstation did not know yet.
    """

    kind: Kind
    text: str
    products: tuple[Product, ...] = ()
    lot: Lot | None = None
    lot_number: str = ""
    expires_on: date | None = None
    serial: str = ""
    inner_quantity: int | None = None
    location: Location | None = None
    parcel: Parcel | None = None
    order: Order | None = None
    promise: Promise | None = None
    user: User | None = None
    doubts: tuple[Doubt, ...] = ()
    has_lost_separators: bool = False
    learnt: Layout | None = None

    @property
    def product(self) -> Product | None:
        """The one product it names; ``None`` if there is a choice, or none."""
        return self.products[0] if len(self.products) == 1 else None

    @property
    def is_ambiguous(self) -> bool:
        return len(self.products) > 1

    @property
    def has_sure_lot(self) -> bool:
        """Whether the lot read is the box's own, beyond doubt."""
        unsure = {Doubt.LOT_UNSURE, Doubt.CASE_UNSURE, Doubt.BAD_KEY} & set(self.doubts)
        return bool(self.lot_number) and not unsure


def resolve(text: str, *, workstation: Workstation | None, today: date) -> Resolution:
    """Say what a text is: product(s) with lot, date and serial, lot, place, parcel, order, promise
    slip, badge, words to search, or an unknown code.

    The layout and the separators that this workstation remembers are tried first; lots already
    known mend a lost separator. Our own codes win over a product's: we gave them.
    """
    # A reader may send a NUL, which no database keeps.
    clean = text.replace("\x00", "")[:LONGEST_TEXT].strip()
    if not clean:
        return Resolution(Kind.NOTHING, "")
    remembered = _remembered(workstation)
    reading = read(
        clean,
        today=today,
        remembered=remembered,
        separators=workstation.separators if workstation else "|~#^",
        known_lots=known_lot_numbers,
    )
    # A whole GS1 message is nobody's label: the counter does not look further.
    is_box = reading.kind in (ReadingKind.BOX, ReadingKind.CASE) and not reading.doubts
    own = None if is_box else _own(clean, remembered)
    if own is not None:
        return own
    if reading.kind is not ReadingKind.TEXT:
        return _coded(reading, remembered)
    lot = _lot(clean)
    if lot is None:
        return Resolution(Kind.WORDS if _is_words(clean) else Kind.UNKNOWN, clean)
    return Resolution(
        Kind.LOT,
        clean,
        products=(lot.product,),
        lot=lot,
        lot_number=lot.number,
        expires_on=lot.expires_on if lot.has_known_date else None,
    )


def _remembered(workstation: Workstation | None) -> Layout | None:
    known = {str(layout): layout for layout in Layout}
    return known.get(workstation.keyboard_layout) if workstation is not None else None


def known_lot_numbers(code: str) -> Collection[str]:
    """Lot numbers already known for a code."""
    return set(
        Lot.objects.filter(product__codes__code__in=catalog.spellings(code))
        .exclude(number="")
        .values_list("number", flat=True)[:_LOTS]
    )


def _coded(reading: Reading, remembered: Layout | None) -> Resolution:
    learnt = _learnt(reading, remembered)
    if reading.kind is ReadingKind.PARCEL:
        parcel = (
            Parcel.objects.filter(code__in=[reading.code, reading.text]).order_by("-pk").first()
        )
        kind = Kind.PARCEL if parcel else Kind.UNKNOWN
        return Resolution(kind, reading.code, parcel=parcel, doubts=reading.doubts, learnt=learnt)
    codes = reading.codes or (reading.code,)
    found = {product.pk: product for code in codes for product in catalog.find_by_code(code)}
    kind = Kind.UNKNOWN
    if found:
        kind = Kind.CASE if reading.kind is ReadingKind.CASE else Kind.PRODUCT
    products = tuple(found.values())
    lot = None
    if len(products) == 1 and reading.lot:
        lot = _known_lot(products[0], reading)
    return Resolution(
        kind,
        reading.code,
        products=products,
        lot=lot,
        lot_number=reading.lot,
        expires_on=reading.expires_on,
        serial=reading.serial,
        inner_quantity=reading.inner_quantity,
        doubts=reading.doubts,
        has_lost_separators=Repair.SEPARATOR in reading.repairs,
        learnt=learnt,
    )


def _learnt(reading: Reading, remembered: Layout | None) -> Layout | None:
    repaired = {Repair.KEYBOARD, Repair.CASE} & set(reading.repairs)
    return reading.layout if repaired and reading.layout != remembered else None


def _known_lot(product: Product, reading: Reading) -> Lot | None:
    lots = Lot.objects.filter(product=product, number=reading.lot)
    if reading.expires_on is not None:
        return lots.filter(expires_on=reading.expires_on).first()
    # A box without a date keeps the date that its lot is known by.
    known = list(lots[:2])
    return known[0] if len(known) == 1 else None


def _own(clean: str, remembered: Layout | None) -> Resolution | None:
    """A code that we printed or declared, through whatever keyboard it came."""
    written = list(_written(clean, remembered))
    texts = list(dict.fromkeys(text for _layout, text in written))
    for resolution in (
        _promise(texts), _order(texts), _location(texts), _parcel(texts), _badge(texts)
    ):  # fmt: skip
        if resolution is not None:
            layout = next(layout for layout, text in written if text == resolution.text)
            is_new = layout not in (Layout.AS_SENT, Layout.CASE_INVERTED, remembered)
            return replace(resolution, learnt=layout) if is_new else resolution
    return None


def _written(clean: str, remembered: Layout | None) -> Iterator[tuple[Layout, str]]:
    """What the text may have been, likeliest first, with the layout that says so, in capitals."""
    for spelling in spellings(clean, remembered=remembered):
        yield _layout_of(clean, spelling), spelling.upper()


def _layout_of(clean: str, spelling: str) -> Layout:
    return next(layout for layout in Layout if undo(clean, layout) == spelling)


def _promise(texts: list[str]) -> Resolution | None:
    for text in texts:
        if slip := _PROMISE.fullmatch(text):
            promise = (
                Promise.objects.filter(number=int(slip[1]))
                .select_related("product", "slot__parent", "identity")
                .first()
            )
            kind = Kind.PROMISE if promise else Kind.UNKNOWN
            return Resolution(kind, text, promise=promise)
    return None


def _order(texts: list[str]) -> Resolution | None:
    for text in texts:
        wanted = Q()
        if number := _ORDER.fullmatch(text):
            wanted = Q(number=int(number[1]))
        elif (key := _uuid(text)) is not None:
            wanted = Q(public_id=key)
        else:
            continue
        order = Order.objects.filter(wanted).select_related("supplier").first()
        if order is not None:
            return Resolution(Kind.ORDER, text, order=order)
    return None


def _uuid(text: str) -> UUID | None:
    if len(text) not in (32, 36):
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


def _location(texts: list[str]) -> Resolution | None:
    """A place of the plan, by its code; ``CASIER-27`` and ``27`` alone are not the same word."""
    codes = {form: text for text in texts for form in _location_codes(text)}
    location = (
        Location.objects.filter(code__in=codes, is_active=True, holds_stock=True)
        .select_related("parent")
        .order_by("pk")
        .first()
    )
    if location is None:
        return None
    return Resolution(Kind.LOCATION, codes[location.code], location=location)


def _location_codes(text: str) -> tuple[str, ...]:
    if text.startswith(SLOT_WORD):
        return text, text.removeprefix(SLOT_WORD)
    return (text,)


def _parcel(texts: list[str]) -> Resolution | None:
    # Upper case loses nothing: labels are digits and capitals.
    parcel = Parcel.objects.filter(code__in=texts).select_related("receipt").order_by("-pk").first()
    return Resolution(Kind.PARCEL, parcel.code, parcel=parcel) if parcel else None


def _badge(texts: list[str]) -> Resolution | None:
    user = User.objects.filter(badge__in=texts, is_active=True).first()
    return Resolution(Kind.BADGE, user.badge or "", user=user) if user else None


def _lot(clean: str) -> Lot | None:
    """A lot typed by its number, if one alone bears it."""
    if len(clean) < 4 or " " in clean or not any(sign.isdigit() for sign in clean):
        return None
    lots = list(Lot.objects.filter(number__in=[clean, clean.upper()]).select_related("product")[:2])
    return lots[0] if len(lots) == 1 else None


def _is_words(clean: str) -> bool:
    """Whether a person typed it: a word of two letters, or a space between signs."""
    return bool(re.search(r"[^\W\d_]{2}", clean)) or " " in clean or len(clean) <= 6


def search_words(text: str, *, limit: int = FOUND) -> list[Product]:
    """Products that answer to typed words."""
    return catalog.search(text, limit)
