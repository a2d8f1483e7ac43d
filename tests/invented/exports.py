"""The files three different programs would make of the same invented pharmacy."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import xlsxwriter

from tests.invented.pharmacy import SUPPLIERS, InventedPharmacy

_MONTHS = (
    *("janv.", "févr.", "mars", "avr.", "mai", "juin"),
    *("juil.", "août", "sept.", "oct.", "nov.", "déc."),
)
_PAGE = 60  # lines of a printed page


@dataclass(frozen=True)
class Files:
    """What one pulls out of a software: two files, and a third when asked."""

    stock: bytes
    sales: bytes
    purchases: bytes = b""


# --- One line a sale, in UTF-8 with commas --------------------------------------------------------


def as_lines(pharmacy: InventedPharmacy, *, purchases: bool = False) -> Files:
    """Write as a modern program does: ISO dates, points, English words, one line for each sale."""
    return Files(
        _unix(_stock_lines(pharmacy)),
        _unix(_sales_lines(pharmacy)),
        _unix(_purchase_lines(pharmacy)) if purchases else b"",
    )


def _stock_lines(pharmacy: InventedPharmacy) -> Iterator[str]:
    day = _days(pharmacy, date.isoformat)
    yield (
        "barcode,product,on_hand,unit_cost,public_price,shelf,last_sale,last_receipt,min_stock,"
        "expires_on"
    )
    for at, code in enumerate(pharmacy.codes):
        yield (
            f"{code},{_comma(pharmacy.labels[at])},{pharmacy.stock[at]},"
            f"{pharmacy.purchase_price[at] / 100:.2f},{pharmacy.public_price[at] / 100:.2f},"
            f"{pharmacy.addresses[at]},{day(pharmacy.last_sale[at])},"
            f"{day(pharmacy.last_receipt[at])},{pharmacy.minimum[at]},"
            f"{_expiry(pharmacy, at, date.isoformat)}"
        )


def _sales_lines(pharmacy: InventedPharmacy) -> Iterator[str]:
    """Write each day's boxes of a product as one sale, or two: the first of one box."""
    day, names = _days(pharmacy, date.isoformat), [_comma(label) for label in pharmacy.labels]
    price = (pharmacy.public_price / 100).tolist()
    yield "sold_at,barcode,product,quantity,amount"
    for at, (one, when, count) in enumerate(_facts(pharmacy.sold)):
        for hour, boxes in ((9, 1), (14, count - 1)):
            if boxes:
                yield (
                    f"{day(when)}T{hour + at % 5:02d}:{at % 60:02d}:00,{pharmacy.codes[one]},"
                    f"{names[one]},{boxes},{boxes * price[one]:.2f}"
                )


def _purchase_lines(pharmacy: InventedPharmacy) -> Iterator[str]:
    day, names = _days(pharmacy, date.isoformat), [_comma(label) for label in pharmacy.labels]
    yield "received_on,supplier,barcode,product,quantity,unit_price"
    for one, when, count in _facts(pharmacy.bought):
        yield (
            f"{day(when)},{SUPPLIERS[one % 3]},{pharmacy.codes[one]},{names[one]},{count},"
            f"{pharmacy.purchase_price[one] / 100:.2f}"
        )


def _unix(lines: Iterable[str]) -> bytes:
    return "\n".join([*lines, ""]).encode()


def _comma(text: str) -> str:
    return f'"{text}"' if "," in text else text


# --- One column a month, in cp1252 with semicolons ------------------------------------------------


def as_columns_of_months(pharmacy: InventedPharmacy, *, purchases: bool = False) -> Files:
    """Write as an old program prints: titles, pages, totals by family, a column a month."""
    return Files(
        _dos(_printed_stock(pharmacy)),
        _dos(_printed_sales(pharmacy)),
        _dos(_printed_purchases(pharmacy)) if purchases else b"",
    )


def _printed_stock(pharmacy: InventedPharmacy) -> Iterator[str]:
    day = _days(pharmacy, _french)
    heading = (
        "Code CIP;Désignation;Stk;P.A. H.T.;Valeur;Zone géo.;Der. vente;Dern. entrée;Mini;"
        "Péremption;Tx TVA"
    )
    yield from _title("INVENTAIRE VALORISÉ", pharmacy)
    yield heading
    for number, at in enumerate(_by_family(pharmacy), start=1):
        price, count = int(pharmacy.purchase_price[at]), int(pharmacy.stock[at])
        yield (
            f"{pharmacy.codes[at]};{pharmacy.labels[at]};{count};{_euros(price)};"
            f"{_euros(price * count)};{pharmacy.addresses[at]};{day(pharmacy.last_sale[at])};"
            f"{day(pharmacy.last_receipt[at])};{pharmacy.minimum[at]};"
            f"{_expiry(pharmacy, at, _french)};{pharmacy.vat[at]}"
        )
        if number % _PAGE == 0:
            yield f";;;;;;;;;;Page {number // _PAGE}"
            yield heading
    total = int((pharmacy.purchase_price * pharmacy.stock).sum())
    yield f";TOTAL GÉNÉRAL;{int(pharmacy.stock.sum())};;{_euros(total)};;;;;;"


def _printed_sales(pharmacy: InventedPharmacy) -> Iterator[str]:
    headings = [f"{_MONTHS[int(month[5:]) - 1]} {month[:4]}" for month in pharmacy.months]
    totals, family = pharmacy.sold_by_month(), ""
    yield from _title("STATISTIQUES DE VENTES PAR MOIS", pharmacy)
    yield ";".join(["Code CIP", "Désignation", *headings, "Total"])
    for at in _by_family(pharmacy):
        if family and pharmacy.families[at] != family:
            yield f";Sous-total {family};{';' * len(headings)}"
        family = pharmacy.families[at]
        counts = [_thousands(int(count)) if count else "" for count in totals[at]]
        counts.append(_thousands(int(totals[at].sum())))
        yield ";".join([pharmacy.codes[at], pharmacy.labels[at], *counts])
    whole = [_thousands(int(count)) for count in totals.sum(axis=0)]
    yield ";".join(["TOTAL", "", *whole, _thousands(int(totals.sum()))])


def _printed_purchases(pharmacy: InventedPharmacy) -> Iterator[str]:
    day = _days(pharmacy, _french)
    yield from _title("HISTORIQUE DES RÉCEPTIONS", pharmacy)
    yield "Fournisseur;Date réception;Code CIP;Désignation;Qté reçue;U.G.;P.U. net HT"
    for one, when, count in _facts(pharmacy.bought):
        yield (
            f"{SUPPLIERS[one % 3]};{day(when)};{pharmacy.codes[one]};{pharmacy.labels[one]};"
            f"{count};{count // 10};{_euros(int(pharmacy.purchase_price[one]))}"
        )


def _by_family(pharmacy: InventedPharmacy) -> list[int]:
    return sorted(range(len(pharmacy.codes)), key=lambda at: (pharmacy.families[at], at))


def _title(text: str, pharmacy: InventedPharmacy) -> list[str]:
    return ["PHARMACIE DE L'ÉTOILE INVENTÉE", f"{text};;;édité le {_french(pharmacy.as_of)}", ""]


def _euros(cents: int) -> str:
    sign, cents = ("-" if cents < 0 else ""), abs(cents)
    return f"{sign}{_thousands(cents // 100)},{cents % 100:02d}"


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _dos(lines: Iterable[str]) -> bytes:
    return "\r\n".join([*lines, ""]).encode("cp1252")


# --- Workbooks ------------------------------------------------------------------------------------


def as_workbooks(pharmacy: InventedPharmacy, *, purchases: bool = False) -> Files:
    """Write as an assistant tidies in Excel: titles, merged headings, numbers and dates as text.

    Sales are by day and product.
    """
    return Files(
        _workbook("État du stock", pharmacy, _STOCK_GROUPS, _stock_rows(pharmacy)),
        _workbook("Ventes par jour", pharmacy, _SALES_GROUPS, _sales_rows(pharmacy)),
        _workbook("Achats", pharmacy, _PURCHASE_GROUPS, _purchase_rows(pharmacy))
        if purchases
        else b"",
    )


# A group without a name is one heading over both lines.
_STOCK_GROUPS = (
    ("Produit", ("Code", "Désignation", "Laboratoire")),
    ("Stock", ("Qté", "Mini")),
    ("Prix", ("Achat HT", "Vente TTC")),
    ("", ("Emplacement",)),
    ("Dernière", ("Vente", "Entrée")),
    ("", ("Péremption",)),
    ("", ("Famille",)),
)
_SALES_GROUPS = (("", ("Date",)), ("Produit", ("Code", "Désignation")), ("", ("Qté vendue",)))
_PURCHASE_GROUPS = (
    ("Réception", ("Date", "Fournisseur")),
    ("Produit", ("Code", "Désignation")),
    ("", ("Qté reçue",)),
)


def _stock_rows(pharmacy: InventedPharmacy) -> Iterator[list[str]]:
    day = _days(pharmacy, _french)
    for at, code in enumerate(pharmacy.codes):
        yield [
            code, pharmacy.labels[at], pharmacy.laboratories[at], str(pharmacy.stock[at]),
            str(pharmacy.minimum[at]), _euros(int(pharmacy.purchase_price[at])),
            _euros(int(pharmacy.public_price[at])), pharmacy.addresses[at],
            day(pharmacy.last_sale[at]), day(pharmacy.last_receipt[at]),
            _expiry(pharmacy, at, _french), pharmacy.families[at],
        ]  # fmt: skip


def _sales_rows(pharmacy: InventedPharmacy) -> Iterator[list[str]]:
    day = _days(pharmacy, _french)
    for one, when, count in _facts(pharmacy.sold):
        yield [day(when), pharmacy.codes[one], pharmacy.labels[one], str(count)]


def _purchase_rows(pharmacy: InventedPharmacy) -> Iterator[list[str]]:
    day = _days(pharmacy, _french)
    for one, when, count in _facts(pharmacy.bought):
        yield [
            day(when), SUPPLIERS[one % 3], pharmacy.codes[one], pharmacy.labels[one], str(count),
        ]  # fmt: skip


def _workbook(
    title: str,
    pharmacy: InventedPharmacy,
    groups: Sequence[tuple[str, Sequence[str]]],
    rows: Iterable[Sequence[str]],
) -> bytes:
    """Write a title, two lines of headings where a group spans its columns, and texts below."""
    kept = BytesIO()
    book: Any = xlsxwriter.Workbook(kept, {"in_memory": True})
    book.set_properties({"created": datetime.combine(pharmacy.as_of, datetime.min.time())})
    sheet = book.add_worksheet(title)
    width = sum(len(headings) for _, headings in groups)
    sheet.merge_range(0, 0, 0, width - 1, "Pharmacie de l’Étoile inventée")
    sheet.merge_range(1, 0, 1, width - 1, f"{title} au {_french(pharmacy.as_of)}")
    column = 0
    for group, headings in groups:
        last = column + len(headings) - 1
        if group:
            sheet.merge_range(3, column, 3, last, group)
            sheet.write_row(4, column, headings)
        else:
            sheet.merge_range(3, column, 4, column, headings[0])
        column = last + 1
    for line, texts in enumerate(rows, start=5):
        for at, text in enumerate(texts):
            if text:
                sheet.write_string(line, at, text)
    book.close()
    return kept.getvalue()


# --- Common ---------------------------------------------------------------------------------------


def _french(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _days(pharmacy: InventedPharmacy, write: Callable[[date], str]) -> Callable[[int], str]:
    """Write a day number; one that never came is empty."""
    written = [write(pharmacy.day(at)) for at in range(pharmacy.days)]
    return lambda number: written[number] if number >= 0 else ""


def _expiry(pharmacy: InventedPharmacy, at: int, write: Callable[[date], str]) -> str:
    left = int(pharmacy.expires[at])
    return write(pharmacy.as_of + timedelta(days=left)) if left >= 0 else ""


def _facts(facts: tuple[Any, Any, Any]) -> Iterator[tuple[int, int, int]]:
    """Give each fact as three numbers: product, day, boxes."""
    return zip(*(part.tolist() for part in facts), strict=True)
