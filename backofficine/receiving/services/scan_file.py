"""A file of scans, from a scanner that works alone: a table, or one code a line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from backofficine.catalog import queries as catalog
from backofficine.catalog.models import Product
from backofficine.formats import tables
from backofficine.formats.gs1 import Doubt, ReadingKind, read
from backofficine.kernel.errors import DomainError
from backofficine.receiving.services.scan import Boxes

FIELDS: dict[str, Sequence[str]] = {
    "code": ("cip13", "cip", "code produit", "ean", "gtin", "acl"),
    "lot": ("numero de lot", "n lot", "no lot", "batch"),
    "expiry": ("peremption", "date de peremption", "exp", "expires_on", "dluo"),
    "quantity": ("quantite", "qte", "qty", "nb"),
    "serial": ("numero de serie", "n serie", "sn"),
    "unit_price": ("prix", "prix achat", "pa ht", "prix unitaire", "price"),
}
MOST_BOXES = 99_999


class UnreadableScans(DomainError):
    message = "%(reason)s"


@dataclass(slots=True)
class ScanFile:
    """What a file says. ``unknown`` codes are kept aside, ``rejected`` lines say why."""

    boxes: list[Boxes] = field(default_factory=list)
    unknown: list[tuple[int, str]] = field(default_factory=list)
    rejected: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Said:
    line: int
    code: str
    quantity: int = 1
    lot: str = ""
    expires_on: date | None = None
    serial: str = ""
    unit_price: Decimal | None = None
    times_case: int = 0  # boxes told by a case's own label


def read_scans(data: bytes, *, on: date) -> ScanFile:
    """Read a file of scans, of any encoding: ``code, lot, expiry, quantity, serial, unit_price``,
    or GS1 messages as the scanner sent them, one a line, ``3*`` before one meaning three boxes.

    :raises UnreadableScans: if the file as a whole is no such thing.
    """
    found = ScanFile()
    said = list(_table(data, found, on=on) if _has_heading(data) else _lines(data, found, on=on))
    keys = catalog.products_by_code({one.code for one in said})
    products = Product.objects.in_bulk([keys[code][0] for code in keys])
    for one in said:
        if one.code not in keys:
            found.unknown.append((one.line, one.code))
            continue
        product = products[keys[one.code][0]]
        quantity = one.quantity
        if one.times_case:
            quantity *= one.times_case if one.times_case > 1 else product.case_size
        found.boxes.append(
            Boxes(product, quantity, one.lot, one.expires_on, one.serial, one.unit_price)
        )
    return found


def _has_heading(data: bytes) -> bool:
    first = data.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \r\n").split(b"\n", 1)[0][:200]
    text = first.replace(b"\x00", b"").decode("latin-1").lower()
    # A code has digits and signs; a heading has words.
    return any(word in text for word in ("code", "cip", "ean", "gtin", "lot"))


def _table(data: bytes, found: ScanFile, *, on: date) -> Iterable[_Said]:
    try:
        table = tables.read_table(data, fields=FIELDS, required=["code"])
    except tables.TableRefused as error:
        raise UnreadableScans(reason=error) from error
    found.rejected += [(row.line, row.reason) for row in table.rejected]
    for row in table.rows:
        values = row.values
        try:
            price = values.get("unit_price", "").strip()
            expiry = values.get("expiry", "").strip()
            quantity = tables.whole(values.get("quantity", "").strip() or "1")
            said = _Said(
                row.line,
                values["code"].strip(),
                quantity,
                values.get("lot", "").strip()[:20],
                tables.day(expiry) if expiry else None,
                values.get("serial", "").strip()[:20],
                tables.number(price) if price else None,
            )
        except ValueError as error:
            found.rejected.append((row.line, str(error)))
            continue
        if not 1 <= quantity <= MOST_BOXES:
            found.rejected.append(
                (row.line, _("“%(quantity)s” is not a number of boxes") % {"quantity": quantity})
            )
            continue
        yield _with_gs1(said, on=on)


def _lines(data: bytes, found: ScanFile, *, on: date) -> Iterable[_Said]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "\x00" in text:
        raise UnreadableScans(reason=_("This file is not a text: export the scans as CSV."))
    for number, line in enumerate(text.replace("\r", "\n").split("\n"), start=1):
        code = line.strip()
        times, star, rest = code.partition("*")
        quantity = 1
        if star and times.strip().isdecimal() and len(times) < 10 and rest:
            quantity, code = int(times), rest.strip()
        if code and 1 <= quantity <= MOST_BOXES:
            yield _with_gs1(_Said(number, code, quantity), on=on)
        elif code:
            words = _("“%(quantity)s” is not a number of boxes")
            found.rejected.append((number, words % {"quantity": quantity}))


def _with_gs1(said: _Said, *, on: date) -> _Said:
    """A cell may hold a whole DataMatrix: its lot and date complete what the line says."""
    reading = read(said.code, today=on)
    if reading.kind in (ReadingKind.TEXT, ReadingKind.TWO_CODES):
        return said
    is_dated = Doubt.BAD_DATE not in reading.doubts
    return _Said(
        said.line,
        reading.code,
        said.quantity,
        said.lot or reading.lot[:20],
        said.expires_on or (reading.expires_on if is_dated else None),
        said.serial or ("" if Doubt.SERIAL_UNSURE in reading.doubts else reading.serial[:20]),
        said.unit_price,
        (reading.inner_quantity or 1) if reading.kind is ReadingKind.CASE else 0,
    )
