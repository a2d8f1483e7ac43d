"""The stock and sales files of any software, and the file that goes back to a spreadsheet."""

import hashlib
import random
import time
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from backofficine.formats.canonical import read_sales, read_stock, write_csv
from backofficine.formats.tables import TableRefused, read_table

CIP13 = "3400999000017"


def stock(text):
    return read_stock(text.encode())


def sales(text):
    return read_sales(text.encode())


# --- Stock ----------------------------------------------------------------------------------------


def test_a_canonical_stock_file_is_read():
    (line,) = stock(
        "code,label,quantity,location,lot,expiry,avg_cost,counted_at\n"
        f"{CIP13},ESSAIVOL 500 mg,12,T1-04,AB12,2028-05-31,3.4567,2026-11-24\n"
    ).lines

    assert (line.line, line.code, line.label, line.quantity) == (2, CIP13, "ESSAIVOL 500 mg", 12)
    assert (line.location, line.lot, line.expires_on) == ("T1-04", "AB12", date(2028, 5, 31))
    assert (line.unit_cost, line.counted_at) == (Decimal("3.4567"), date(2026, 11, 24))


def test_a_french_stock_file_is_read():
    data = (
        "Code CIP;Désignation;Stock réel;Zone géo;N° lot;Péremption;PAMP\r\n"
        f'="{CIP13}";ESSAIVOL;1 200;RÉSERVE;AB12;05/28;1 234,56 €\r\n'
        f"0{CIP13};ESSAIVOL;-2;;;05/2028;\r\n"
    ).encode("cp1252")

    read = read_stock(data)

    assert [line.code for line in read.lines] == [CIP13, CIP13]
    assert [line.quantity for line in read.lines] == [1200, -2]
    assert [line.is_negative for line in read.lines] == [False, True]
    assert [line.expires_on for line in read.lines] == [date(2028, 5, 31)] * 2
    assert read.lines[0].unit_cost == Decimal("1234.56")
    assert read.lines[1].unit_cost is None
    assert read.columns["quantity"] == "Stock réel"


def test_the_digest_is_that_of_the_file():
    data = f"code;quantity\n{CIP13};1\n".encode()

    assert read_stock(data).digest == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("expiry", ["", "-", "00/00/0000", "31/12/9999", "00/0000"])
def test_an_unknown_expiry_is_none(expiry):
    assert stock(f"code;quantity;exp\n{CIP13};1;{expiry}\n").lines[0].expires_on is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("3,40093E+12;1;;", "formatez la colonne en texte"),
        (";1;;", "code est vide"),
        (f"{CIP13};;;", "Quantité : il manque"),
        (f"{CIP13};deux;;", "Quantité : « deux » n’est pas un nombre."),
        (f"{CIP13};1,5;;", "nombre entier"),
        (f"{CIP13};99999999999;;", "démesuré"),
        (f"{CIP13};1;31/02/2028;", "Péremption : « 31/02/2028 » n’existe pas"),
        (f"{CIP13};1;;gratuit", "Prix moyen"),
        (f"{CIP13};1;;-3", "négatif"),
    ],
)
def test_a_bad_line_is_left_out_and_the_others_kept(line, reason):
    read = stock(f"code;quantity;expiry;avg_cost\n{CIP13};1;;\n{line}\n{CIP13};2;;\n")

    assert [kept.quantity for kept in read.lines] == [1, 2]
    (rejected,) = read.rejected
    assert rejected.line == 3
    assert reason in rejected.reason


def test_a_name_keeps_its_angle_brackets_and_loses_its_guard():
    read = stock(f"code;quantity;libelle\n{CIP13};1;<b>X</b>\n{CIP13};1;'=1+1\n{CIP13};1;A\x07B\n")

    assert [line.label for line in read.lines] == ["<b>X</b>", "=1+1", "AB"]


def test_a_stock_file_without_quantity_is_refused():
    with pytest.raises(TableRefused, match="quantity"):
        stock("code;libelle\n1;A\n")


@pytest.mark.parametrize("alphabet", [bytes(range(32, 127)) + b"\n\n", b'";a1\n'])
def test_ten_megabytes_of_noise_under_good_headings_are_refused_quickly(alphabet):
    noise = bytes(random.Random(1).choices(alphabet, k=10_000_000))
    start = time.process_time()

    with pytest.raises(TableRefused, match="illisibles"):
        read_stock(b"code;quantity;label\n" + noise)

    assert time.process_time() - start < 2


# --- Sales ----------------------------------------------------------------------------------------


def test_a_canonical_sales_file_is_read():
    first, second = sales(
        "date;code;quantity;label;amount_ttc;prescription\n"
        f"2026-11-24;{CIP13};2;ESSAIVOL;12,40;true\n"
        f"24/11/2026 18:05;{CIP13};-1;ESSAIVOL;-6,20;conseil\n"
    ).lines

    assert (first.date, first.occurred_at) == (date(2026, 11, 24), None)
    assert (first.quantity, first.amount_ttc, first.prescription) == (2, Decimal("12.40"), True)
    assert second.occurred_at == datetime(2026, 11, 24, 18, 5)  # noqa: DTZ001
    assert second.date == date(2026, 11, 24)
    assert (second.quantity, second.prescription) == (-1, False)


def test_the_hour_may_have_its_own_column():
    (line,) = sales(f"Jour;Heure;CIP13;Qté vendue\n24/11/2026;10h18;{CIP13};1\n").lines

    assert line.occurred_at == datetime(2026, 11, 24, 10, 18)  # noqa: DTZ001
    assert line.prescription is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f";{CIP13};1", "Date"),
        (f"11/24/2026;{CIP13};1", "Date : « 11/24/2026 » n’existe pas au calendrier."),
        (f"24/11/2026 25:00;{CIP13};1", "heure"),
        (f"24/11/2026;{CIP13};0", "zéro"),
        ("24/11/2026;3,40093E+12;1", "tableur"),
    ],
)
def test_a_bad_sale_is_left_out_with_its_reason(line, reason):
    read = sales(f"date;code;quantity\n{line}\n24/11/2026;{CIP13};1\n")

    assert len(read.lines) == 1
    assert [rejected.line for rejected in read.rejected] == [2]
    assert reason in read.rejected[0].reason


@pytest.mark.parametrize("headings", ["M;M-1;M-2", "v1;v2;v3", "janv;févr;mars"])
def test_monthly_rotations_that_name_no_month_are_refused_by_name(headings):
    with pytest.raises(TableRefused, match="rotations par mois"):
        sales(f"CIP;Désignation;{headings}\n{CIP13};ESSAIVOL;1;2;3\n")


@pytest.mark.parametrize("headings", ["janv 2026;févr 2026", "202601;202602", "01/2026;02/2026"])
def test_a_column_a_month_gives_a_sale_a_month(headings):
    read = sales(f"CIP;Désignation;{headings}\n{CIP13};ESSAIVOL;4;2\n{CIP13};ESSAIVOL;0;x\n")

    assert [(line.date, line.quantity) for line in read.lines] == [
        (date(2026, 1, 31), 4),
        (date(2026, 2, 28), 2),
    ]
    assert [line.line for line in read.lines] == [2003, 2004]
    assert [line.since for line in read.lines] == [date(2026, 1, 1), date(2026, 2, 1)]
    assert [rejected.line for rejected in read.rejected] == [3]


def test_a_workbook_is_read_as_its_text_would_be():
    kept = BytesIO()
    with xlsxwriter.Workbook(kept, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Stock")
        sheet.write_row(0, 0, ["Export du 24/11/2026"])
        sheet.write_row(2, 0, ["CIP", "Désignation", "Stock", "Prix achat"])
        sheet.write_row(3, 0, [int(CIP13), "ESSAIVOL", 4, 2.125])

    line = read_stock(kept.getvalue()).lines[0]

    assert (line.line, line.code, line.quantity) == (4, CIP13, 4)
    assert line.unit_cost == Decimal("2.125")


def test_a_file_that_is_neither_says_what_is_missing():
    with pytest.raises(TableRefused, match="date"):
        sales(f"CIP;Qté\n{CIP13};1\n")


# --- Writing --------------------------------------------------------------------------------------


def test_a_file_for_a_french_spreadsheet():
    data = write_csv(
        [[CIP13, "Crème", 3, Decimal("1.50"), date(2026, 11, 24), None, True]],
        ["Code", "Nom", "Qté", "Prix", "Le", "Note", "Froid"],
    )

    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").split("\r\n") == [
        "Code;Nom;Qté;Prix;Le;Note;Froid",
        f'"=""{CIP13}""";Crème;3;1,50;24/11/2026;;oui',
        "",
    ]
    assert f";{CIP13};".encode() in write_csv([["", CIP13, ""]], ["a"], guards_codes=False)


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+33 1 02", "-cmd", "\t=1", "\r=1", "  =HYPERLINK(1)", "\n=1"]
)
def test_a_formula_is_disarmed(text):
    cell = write_csv([[text]], ["a"]).decode("utf-8-sig").split("\r\n", 1)[1]

    assert cell.strip('"').startswith("'")


@pytest.mark.parametrize("text", ["-3", "+4,5", "12"])
def test_a_number_written_as_text_is_left_alone(text):
    assert write_csv([[text]], ["a"]).decode("utf-8-sig").splitlines()[1] == text


cells = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20
).map(str.strip)


@given(st.lists(st.tuples(st.from_regex(r"[1-9][0-9]{6}", fullmatch=True), cells), max_size=8))
def test_what_is_written_is_read_back(rows):
    data = write_csv([(code, label) for code, label in rows], ["code", "label"])

    table = read_table(data, fields={"code": (), "label": ()}, required=("code",))

    read = [(row.values["code"], row.values["label"].removeprefix("'")) for row in table.rows]
    assert read == [(code, label.removeprefix("'")) for code, label in rows]


@given(st.integers(-9999, 9999), st.decimals(0, 9999, places=4), st.dates(date(2020, 1, 1)))
def test_a_stock_file_goes_round(quantity, cost, expires_on):
    expires_on = expires_on.replace(year=min(expires_on.year, 2099))
    data = write_csv(
        [[CIP13, "ESSAIVOL", quantity, expires_on, cost]],
        ["code", "label", "quantity", "expiry", "avg_cost"],
    )

    (line,) = read_stock(data).lines

    assert (line.code, line.quantity, line.unit_cost) == (CIP13, quantity, cost)
    assert line.expires_on == expires_on
