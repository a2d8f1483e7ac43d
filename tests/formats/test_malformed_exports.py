"""Exports as they really arrive: what can be read is read, the rest is said in a sentence."""

import time
import zipfile
from dataclasses import dataclass
from datetime import date
from io import BytesIO

import pytest
import xlsxwriter

from backofficine.formats.codes import cip13_of
from backofficine.formats.exports import What, propose, read_export
from backofficine.formats.tables import TableRefused, open_grids

CODES = [cip13_of(f"99{number:05d}") for number in range(20)]
HEADING = "CIP;Désignation;Qté"
LINES = [f"{code};ZULVANTINE {at};{at + 1}" for at, code in enumerate(CODES)]
QUANTITIES = list(range(1, 21))


def text(*lines, heading=HEADING):
    return "\n".join([heading, *lines, ""]).encode()


def workbook(*sheets, formats=None):
    """Sheets as (name, rows); a text ``="…"`` is a formula, with the result a program kept."""
    kept = BytesIO()
    with xlsxwriter.Workbook(kept, {"in_memory": True}) as book:
        style = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for line, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, date):
                        sheet.write_datetime(line, column, value, style)
                    elif isinstance(value, tuple):
                        sheet.write_formula(line, column, value[0], None, value[1])
                    else:
                        sheet.write(line, column, value)
    return kept.getvalue()


ROWS = [["CIP", "Désignation", "Qté"], *([code, f"P{at}", at + 1] for at, code in enumerate(CODES))]


def archive(**files):
    kept = BytesIO()
    with zipfile.ZipFile(kept, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return kept.getvalue()


def page(rows, *, top="<html><head><style>td {color: red}</style></head><body>"):
    cells = "".join(
        "<tr>" + "".join(f"<td x:str>{cell}&nbsp;</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"{top}<table border=1>{cells}</table></body></html>".encode("cp1252")


# --- Refused, with what to do ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"", "vide : vérifiez l’export", id="empty"),
        pytest.param(b"\x00" * 4096, "vide", id="only NUL"),
        pytest.param(text(), "aucune ligne de données", id="headings alone"),
        pytest.param(text(*CODES, heading="CIP"), "Quelle colonne contient", id="one column"),
        pytest.param(b"bonjour\nvoici le stock\n", "Quelle colonne contient", id="a letter"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
            + "EncryptedPackage".encode("utf-16-le"),
            "mot de passe", id="locked workbook",
        ),
        pytest.param(archive(**{"stock.csv": text(*LINES)}), "« stock.csv »", id="archive"),
        pytest.param(workbook(("Stock", ROWS))[:900], "abîmé", id="workbook cut short"),
        pytest.param(workbook(("Stock", [])), "classeur est vide", id="empty workbook"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "une image", id="a picture"),
        pytest.param(b"%PDF-1.7 ...", "PDF", id="a printed page"),
        pytest.param(b"\x1f\x8b\x08" + bytes(90), "compressé", id="compressed"),
        pytest.param(bytes(range(256)) * 40, "binaire", id="noise"),
        pytest.param(b"<html><p>Session expir\xe9e</p></html>", "sans tableau", id="no table"),
        pytest.param(
            text(*(f"3,40093E+12;P;{at}" for at in range(9))), "formatez la colonne en texte",
            id="every code rounded",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_what_to_do(data, sentence):
    with pytest.raises(TableRefused) as refusal:
        read_export(data, What.STOCK)

    said = str(refusal.value)
    assert sentence in said
    assert said.endswith((".", "?"))


# --- Read, with what was left out -----------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What must come of a stock: quantities in order; lines left out and why; a note."""

    quantities: list[int]
    rejected: dict[int, str]
    note: str = ""


WHOLE = Seen(QUANTITIES, {})
READ = {
    "wrong quotes": (
        text(LINES[0], f'{CODES[1]};"ZULVANTINE 5";2', f'{CODES[2]};"ouvert;3', *LINES[3:]), WHOLE,
    ),
    "negative stock": (
        text(f"{CODES[0]};DÛ;-3", *LINES[1:]),
        Seen([-3, *QUANTITIES[1:]], {}, "1 ligne(s) de stock négatif"),
    ),
    "a code on two lines": (
        text(*LINES, f"{CODES[0]};AUTRE RAYON;7"),
        Seen([*QUANTITIES, 7], {}, "1 code(s) sur plusieurs lignes"),
    ),
    "two sheets": (
        workbook(("Lisez-moi", [["Export"], ["Code", "Sens"], ["A", "x"]]), ("Stock", ROWS)),
        Seen(QUANTITIES, {}, "« Stock » est lue"),
    ),
    "headings on line 12": (
        text(*["Pharmacie inventée;;"] * 4, ";;", *["Stock au 24/11/2026;;"] * 5, HEADING, *LINES,
             heading="Édition"),
        WHOLE,
    ),
    "UTF-16 of a spreadsheet": (text(*LINES).decode().replace(";", "\t").encode("utf-16"), WHOLE),
    "UTF-16 without its mark": (text(*LINES).decode().encode("utf-16-le"), WHOLE),
    "the DOS of 1995": (text(*LINES).decode().encode("cp850"), WHOLE),
    "a page named xls": (page(ROWS), WHOLE),
    "a page in capitals": (
        page(ROWS).replace(b"<td x:str>", b"<TD CLASS='n'>").replace(b"<tr>", b"<TR>"), WHOLE,
    ),
    "tabs named xls": (text(*LINES).decode().replace(";", "\t").encode(), WHOLE),
    "a code rounded by the spreadsheet": (
        text("3,40093E+12;ZULVANTINE;1", *LINES[1:]),
        Seen(QUANTITIES[1:], {2: "formatez la colonne en texte"}),
    ),
    "codes guarded for a spreadsheet": (
        text(f'"=""{CODES[0]}""";A;1', f"'{CODES[1]};B;2", f"{CODES[2]}.0;C;3", f"0{CODES[3]};D;4",
             *LINES[4:]),
        WHOLE,
    ),
    "totals in the middle": (
        text(*LINES[:9], ";Sous-total ANTALGIQUES;45", "Total famille;;45", "FAMILLE : HYGIÈNE;;",
             *LINES[9:], ";;Page 2/2", "Total général;;210"),
        Seen(QUANTITIES, {}, "5 ligne(s) de titre, de total ou de page"),
    ),
    "thousands in every dress": (
        text(f"{CODES[0]};A;1 200", f"{CODES[1]};B;1.200", f"{CODES[2]};C;1,200",
             f"{CODES[3]};D;1\u202f200", f"{CODES[4]};E;1200,00", *LINES[5:]),
        Seen([1200] * 4 + QUANTITIES[5:], {4: "n’est pas un nombre entier"}),
    ),
    "three decimals to each box": (
        text(*(f"{code};P;{at + 1},000" for at, code in enumerate(CODES))), WHOLE,
    ),
    "a quantity in words": (
        text(f"{CODES[0]};A;beaucoup", f"{CODES[1]};B;1,5", *LINES[2:]),
        Seen(QUANTITIES[2:], {2: "« beaucoup » n’est pas un nombre", 3: "pas un nombre entier"}),
    ),
    "cut short by a full disk": (
        text(*LINES)[:-9],
        Seen(QUANTITIES[:-1], {21: "La ligne a 2 colonne(s)"}),
    ),
    "a few NUL": (
        text(*LINES * 60).replace(b";3\n", b";3\x00\n", 1),
        Seen((QUANTITIES * 60)[:2] + (QUANTITIES * 60)[3:], {4: "Quantité"}),
    ),
    "a separator in a name": (
        text(f"{CODES[0]};ZULVANTINE; 500 mg;1", *LINES[1:]),
        Seen(QUANTITIES[1:], {2: "un texte contient sans doute le séparateur"}),
    ),
    "cells that compute": (
        workbook(("Stock", [ROWS[0], *([(f'="{code}"', code), f"P{at}", (f"={at}+1", at + 1)]
                                       for at, code in enumerate(CODES))])),
        WHOLE,
    ),
    "numbers as numbers": (
        workbook(("Stock", [ROWS[0], *([int(code), f"P{at}", float(at + 1)]
                                       for at, code in enumerate(CODES))])),
        WHOLE,
    ),
    "columns far to the right": (
        workbook(("Stock", [[]] * 3 + [[""] * 5 + row for row in ROWS])), WHOLE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_whatever_can_be_read_is_read(name):
    data, seen = READ[name]

    export = read_export(data, What.STOCK)

    rejected = {line.line: line.reason for line in export.rejected}
    assert [line.quantity for line in export.lines] == seen.quantities
    assert rejected.keys() == seen.rejected.keys()
    assert all(reason in rejected[line] for line, reason in seen.rejected.items())
    assert seen.note in " ".join(export.notes)
    assert all(line.code in CODES for line in export.lines)


@pytest.mark.parametrize("name", READ)
def test_what_is_left_out_says_why_in_a_sentence(name):
    for line in read_export(READ[name][0], What.STOCK).rejected:
        assert line.reason.endswith(".")
        assert line.reason[0].isupper() or line.reason[0] == "«"


# --- Dates ----------------------------------------------------------------------------------------


def sold(*days):
    return workbook(("Ventes", [["Date", "CIP", "Qté"], *([day, CODES[0], 1] for day in days)]))


def test_dates_as_texts_as_dates_and_as_numbers_are_one():
    export = read_export(
        sold("24/10/2026", date(2026, 10, 24), 46319, "46319", "24/10/26"), What.SALES
    )

    assert [line.first_on for line in export.lines] == [date(2026, 10, 24)] * 5


def test_the_empty_date_of_1900_is_no_day_of_sale():
    export = read_export(sold(date(1900, 1, 1), "01/01/1900", date(2026, 10, 24)), What.SALES)

    assert [line.first_on for line in export.lines] == [date(2026, 10, 24)]
    assert [line.line for line in export.rejected] == [2, 3]
    assert "la date vide d’Excel" in export.rejected[0].reason


def test_a_product_never_sold_has_no_last_sale():
    empties = ["01/01/1900", "00/00/0000", "30/12/1899", "0", "", "jamais", "/  /"]
    lines = [f"{code};1;{day}" for code, day in zip(CODES, empties, strict=False)]
    good = [f"{code};1;24/10/2026" for code in CODES[10:]]

    export = read_export(text(*lines, *good, heading="CIP;Qté;Dernière vente"), What.STOCK)

    assert [line.last_sale_on for line in export.lines[:7]] == [None] * 7
    assert export.lines[-1].last_sale_on == date(2026, 10, 24)
    assert export.rejected == []


def test_american_dates_are_left_out_not_turned_round():
    lines = [f"{day};{CODES[0]};1" for day in ("10/24/2026", "24/10/2026", "25/10/2026")]

    export = read_export(text(*lines, heading="Date;CIP;Qté"), What.SALES)

    assert len(export.lines) == 2
    assert "calendrier" in export.rejected[0].reason


# --- Size -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many_sales():
    heading = "Date;Code CIP;Désignation;Qté;Montant TTC"
    lines = [
        f"{1 + at % 28:02d}/{1 + at % 12:02d}/{2024 + at % 3};{cip13_of(f'99{at % 8000:05d}')};"
        f"ZULVANTINE {at % 8000} 500 mg cpr;{1 + at % 3};{at % 90},{at % 100:02d}"
        for at in range(300_000)
    ]
    return text(*lines, heading=heading)


def test_three_hundred_thousand_lines_are_read_in_eight_seconds(many_sales):
    start = time.process_time()

    export = read_export(many_sales, What.SALES)

    assert time.process_time() - start < 8
    assert len(export.lines) == 300_000
    assert export.rejected == []


def test_three_hundred_thousand_quoted_lines_are_as_quick(many_sales):
    quoted = (
        '"' + many_sales.decode().strip().replace(";", '";"').replace("\n", '"\n"') + '"'
    ).encode()
    start = time.process_time()

    export = read_export(quoted, What.SALES)

    assert time.process_time() - start < 8
    assert len(export.lines) == 300_000


def test_a_sheet_of_two_cells_far_apart_is_not_laid_out():
    with pytest.raises(TableRefused, match="cases vides"):
        open_grids(_far_apart())


def _far_apart():
    kept = BytesIO()
    with xlsxwriter.Workbook(kept, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "CIP")
        sheet.write(1_048_575, 16_383, "x")
    return kept.getvalue()


def test_what_a_screen_needs_is_told_even_when_nothing_is_found():
    proposal = propose(b"bonjour\nvoici le stock\n", What.STOCK)

    assert proposal.missing == ["code", "quantity"]
    assert proposal.lines == 2
    assert proposal.read_as.startswith("texte utf-8")
