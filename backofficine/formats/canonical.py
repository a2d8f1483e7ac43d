"""The canonical stock and sales files, under any heading French software gives them."""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Generic, TypeVar

from backofficine.formats import words
from backofficine.formats.codes import clean_code
from backofficine.formats.exports import What, read_export
from backofficine.formats.exports.months import Wide, wide_months
from backofficine.formats.tables import (
    Rejected,
    Row,
    Table,
    TableRefused,
    day,
    decimal_sign,
    instant,
    normal,
    number,
    read_table,
    whole,
)

# --- What the files say ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StockLine:
    """One product in one place, as the file says: a negative quantity is kept as read.

    ``unit_cost`` in euros without tax; ``counted_at`` is local, without zone. Nothing known is
    ``""`` or ``None``.
    """

    line: int
    code: str
    label: str
    quantity: int
    location: str = ""
    lot: str = ""
    expires_on: date | None = None
    unit_cost: Decimal | None = None
    counted_at: datetime | date | None = None
    reserve_quantity: int | None = None

    @property
    def is_negative(self) -> bool:
        return self.quantity < 0


Day = date  # which a field of SaleLine is called


@dataclass(frozen=True, slots=True)
class SaleLine:
    """Boxes sold on a day; a negative quantity is a return.

    ``occurred_at`` is the local time of the sale, without zone, when the file tells it; ``since``
    is the first day of a whole month that the line sums up, ``date`` being its last.
    ``amount_ttc`` in euros with tax, for the line.
    """

    line: int
    date: date
    occurred_at: datetime | None
    code: str
    quantity: int
    label: str = ""
    amount_ttc: Decimal | None = None
    prescription: bool | None = None
    since: Day | None = None


LineT = TypeVar("LineT")


@dataclass(frozen=True)
class Import(Generic[LineT]):
    """What a file gave: its lines, those left out with their reason, and its SHA-256 digest."""

    lines: list[LineT]
    rejected: list[Rejected]
    digest: str
    columns: dict[str, str]


# --- Headings (formats of the French pharmacy software) -------------------------------------------

_COST = ("unit cost", "pamp", "pmp", "prix mp", "prixmp", "prix moyen pondere", "cump")

_STOCK_FIELDS = {
    "code": words.CODE,
    "label": words.LABEL,
    "quantity": (
        *("stock", "qte", "qte stock", "quantite", "en stock", "stock total", "stock reel"),
        *("stock theorique", "stk", "stock physique", "dispo"),
    ),
    "reserve_quantity": ("reserve", "stock reserve", "stock robot", "stock back office"),
    "location": words.LOCATION,
    "lot": words.LOT,
    "expiry": ("expires on", *words.EXPIRY),
    "avg_cost": (*_COST, "prix achat", "pa ht", "paht"),
    "value": ("valeur", "valorisation"),
    "counted_at": ("date inventaire", "date stock", "counted on"),
}
_SALE_FIELDS = {
    "date": ("jour", "date vente", "date facture", "date heure", "sold at", "occurred at", "mois"),
    "time": ("heure", "heure vente"),
    "code": words.CODE,
    "quantity": ("qte", "qte vendue", "ventes", "unites", "quantite", "sorties", "nb"),
    "label": words.LABEL,
    "amount_ttc": ("ca", "ca ttc", "montant", "montant ttc"),
    "prescription": ("ordonnance", "ordo", "liste"),
    "channel": ("canal",),
}

# --- Stock ----------------------------------------------------------------------------------------


def read_stock(data: bytes) -> Import[StockLine]:
    """Read a stock file: one line per product, or per product, place and lot.

    :raises TableRefused: if the file is no table with a code and a quantity.
    """
    return _import(data, _stock_table, lambda table: partial(_stock_line, decimal=_decimal(table)))


def _stock_table(data: bytes) -> Table:
    return read_table(data, fields=_STOCK_FIELDS, required=("code", "quantity"))


def _decimal(table: Table) -> str:
    """Give the decimal sign that the amounts of a file agree on."""
    return decimal_sign(
        row.values.get("avg_cost") or row.values.get("amount_ttc", "") for row in table.rows
    )


def _stock_line(row: Row, *, decimal: str) -> StockLine:
    values = row.values
    expiry, counted = values.get("expiry", ""), values.get("counted_at", "")
    cost, reserve = values.get("avg_cost", ""), values.get("reserve_quantity", "")
    unit_cost = _field("Prix moyen", partial(number, decimal=decimal), cost) if cost else None
    if unit_cost is not None and unit_cost < 0:
        raise ValueError(f"Prix moyen : « {cost} » est négatif.")
    return StockLine(
        line=row.line,
        code=clean_code(values["code"]),
        label=_text(values.get("label", "")),
        quantity=_field("Quantité", whole, values["quantity"]),
        location=_text(values.get("location", "")),
        lot=_text(values.get("lot", "")),
        expires_on=_field("Péremption", _expiry, expiry),
        unit_cost=unit_cost,
        counted_at=_field("Date d’inventaire", _local_instant, counted) if counted else None,
        reserve_quantity=_field("Réserve", whole, reserve) if reserve else None,
    )


def _expiry(text: str) -> date | None:
    """Read an expiry; ``05/28`` is the end of May 2028, zeros and nines mean unknown."""
    if not text.strip("-/. 0") or "9999" in text:
        return None
    if short := re.fullmatch(r"([0-9]{1,2})[/.-]([0-9]{2})", text):
        return day(f"{short[1]}/20{short[2]}")
    return day(text)


# --- Sales ----------------------------------------------------------------------------------------

_CELLS = 1000  # no line has more


def read_sales(data: bytes) -> Import[SaleLine]:
    """Read a sales file: one line per day (or instant) and product, or one column per month.

    The boxes of a month are dated of its last day; their line is a thousand times the file's, plus
    the column from 1: 12003 is the third cell of line 12, for each is a fact of its own.

    :raises TableRefused: if the file is no table with a date, a code and a quantity; months counted
        back (``m-1``) are refused by name, for nothing says which they are.
    """
    try:
        return _import(
            data, _sales_table, lambda table: partial(_sale_line, decimal=_decimal(table))
        )
    except TableRefused:
        if not _has_months(data):
            raise
    return _sales_by_month(data)


def _sales_table(data: bytes) -> Table:
    return read_table(data, fields=_SALE_FIELDS, required=("date", "code", "quantity"))


def _has_months(data: bytes) -> bool:
    """Tell whether the headings name months, without reading the whole file.

    :raises TableRefused: if they only count back from a month that nothing names.
    """
    try:
        table = read_table(
            data,
            fields={"code": words.CODE, "label": words.LABEL},
            required=["code"],
        )
    except TableRefused:
        return False
    wide = wide_months(table.headings)
    if len(wide) >= 2 and not wide.months:
        raise TableRefused(
            "Ce fichier donne des rotations par mois sans dire lesquels (colonnes "
            f"{', '.join(f'« {name} »' for name in _named(table.headings, wide)[:3])}…). Exportez "
            "plutôt le détail des ventes : une ligne par jour et par produit, avec la date, le "
            "code et la quantité ; ou nommez chaque mois avec son année, « 10/2026 »."
        )
    return len(wide.months) >= 2


def _named(headings: Sequence[str], wide: Wide) -> list[str]:
    return [headings[index] for index in sorted({*wide.relative, *wide.nameless})]


def _sales_by_month(data: bytes) -> Import[SaleLine]:
    export = read_export(data, What.SALES)
    columns = {month: index for index, month in export.layout.months.items()}
    lines = [
        SaleLine(
            line=_CELLS * line.line + columns[f"{line.first_on:%Y-%m}"] + 1,
            date=line.last_on,
            occurred_at=None,
            code=line.code,
            quantity=line.quantity,
            label=line.label,
            since=line.first_on,
        )
        for line in export.lines
    ]
    _refuse_if_mostly_bad(lines, export.rejected)
    return Import(lines, export.rejected, export.digest, {})


def _sale_line(row: Row, *, decimal: str) -> SaleLine:
    values = row.values
    amount = values.get("amount_ttc", "")
    written = f"{values['date']} {values.get('time', '')}".strip()
    sold = _field("Date", _local_instant, written)
    quantity = _field("Quantité", whole, values["quantity"])
    if quantity == 0:
        raise ValueError("Quantité : une vente de zéro boîte ne dit rien.")
    return SaleLine(
        line=row.line,
        date=sold.date() if isinstance(sold, datetime) else sold,
        occurred_at=sold if isinstance(sold, datetime) else None,
        code=clean_code(values["code"]),
        quantity=quantity,
        label=_text(values.get("label", "")),
        amount_ttc=_field("Montant", partial(number, decimal=decimal), amount) if amount else None,
        prescription=_prescription(values.get("prescription", "")),
    )


def _local_instant(text: str) -> datetime | date:
    return instant(text, None)


_YES = {
    "oui",
    "o",
    "1",
    "vrai",
    "true",
    "x",
    "ordonnance",
    "ordo",
    "i",
    "ii",
    "liste i",
    "liste ii",
}
_NO = {"non", "n", "0", "faux", "false", "conseil", "hors ordonnance", "sans", "sans ordonnance"}


def _prescription(text: str) -> bool | None:
    plain = normal(text)
    if plain in _YES:
        return True
    return False if plain in _NO else None


# --- Both -----------------------------------------------------------------------------------------


_LARGE, _SAMPLE = 1_000_000, 200_000  # bytes


def _import(
    data: bytes,
    read: Callable[[bytes], Table],
    builder: Callable[[Table], Callable[[Row], LineT]],
) -> Import[LineT]:
    if len(data) > _LARGE and (cut := data.rfind(b"\n", 0, _SAMPLE)) > 0:
        # Ten megabytes of noise under good headings must not take a minute to be refused.
        _refuse_if_mostly_bad(*_build(read(data[: cut + 1]), builder))
    table = read(data)
    lines, rejected = _build(table, builder)
    return Import(lines, rejected, hashlib.sha256(data).hexdigest(), table.columns)


def _build(
    table: Table, builder: Callable[[Table], Callable[[Row], LineT]]
) -> tuple[list[LineT], list[Rejected]]:
    build = builder(table)
    lines: list[LineT] = []
    rejected = list(table.rejected)
    for row in table.rows:
        try:
            lines.append(build(row))
        except ValueError as error:
            rejected.append(Rejected(row.line, str(error)))
    rejected.sort(key=lambda line: line.line)
    return lines, rejected


def _refuse_if_mostly_bad(lines: Sequence[object], rejected: Sequence[Rejected]) -> None:
    if len(rejected) > len(lines):
        raise TableRefused(
            f"Plus de la moitié des lignes sont illisibles ; la première est la ligne "
            f"{rejected[0].line} : {rejected[0].reason} Vérifiez l’export, puis recommencez."
        )


ValueT = TypeVar("ValueT")


def _field(name: str, parse: Callable[[str], ValueT], text: str) -> ValueT:
    """Parse one value; the reason of a failure names the column."""
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"{name} : {error}.") from None


def _text(text: str) -> str:
    """Take off the apostrophe that guards a text in a spreadsheet, and what no screen shows."""
    if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@"):
        text = text[1:]
    return " ".join("".join(sign for sign in text if sign.isprintable() or sign.isspace()).split())


# --- Writing --------------------------------------------------------------------------------------

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_CODE_LIKE = re.compile(r"[0-9]{8,}|0[0-9]+")
_SAFE_NUMBER = re.compile(r"[-+]?[0-9]+(?:,[0-9]+)?")


def write_csv(
    rows: Iterable[Sequence[object]], header: Sequence[str], *, guards_codes: bool = True
) -> bytes:
    """Write what a French spreadsheet opens by a double click: UTF-8 with BOM, ``;``, CRLF.

    Numbers take a decimal comma, dates JJ/MM/AAAA, ``None`` an empty cell. A text that a
    spreadsheet would run as a formula is disarmed by an apostrophe. A long code is kept as text by
    ``="…"``, or Excel would round it; a file meant for a program sets ``guards_codes`` to false.
    """
    lines = [header, *rows]
    text = "\r\n".join(";".join(_cell(value, guards_codes) for value in line) for line in lines)
    return f"\ufeff{text}\r\n".encode()


def _cell(value: object, guards_codes: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int | Decimal):
        return f"{value:f}".replace(".", ",") if isinstance(value, Decimal) else str(value)
    if isinstance(value, datetime):
        return f"{value:%d/%m/%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    text = str(value).replace("\x00", "")
    if guards_codes and _CODE_LIKE.fullmatch(text):
        return f'"=""{text}"""'
    if text.lstrip(" \n").startswith(_FORMULA_STARTS) and not _SAFE_NUMBER.fullmatch(text):
        text = f"'{text}"
    if any(sign in text for sign in ';"\r\n\t') or text != text.strip():
        escaped = text.replace('"', '""')
        return f'"{escaped}"'
    return text
