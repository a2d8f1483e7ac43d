"""Exports of an invented pharmacy, in the manner of three programs: recognised, asked, read."""

import json
from collections import Counter
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backofficine.formats.codes import cip13_of
from backofficine.formats.exports import Layout, What, propose, read_export
from backofficine.formats.exports.months import month_of, wide_months, with_years
from backofficine.formats.tables import TableRefused
from tests.invented import as_columns_of_months, as_lines, as_workbooks, invent

CODES = [cip13_of(f"99{number:05d}") for number in range(12)]
STYLES = [as_lines, as_columns_of_months, as_workbooks]


def table(heading, rows, *, separator=";", encoding="utf-8"):
    return "\n".join([heading, *(separator.join(map(str, row)) for row in rows)]).encode(encoding)


def read_stock(data, **options):
    return read_export(data, What.STOCK, **options)


def read_sales(data, **options):
    return read_export(data, What.SALES, **options)


# --- What is written is read back -----------------------------------------------------------------

pharmacies = st.builds(
    invent,
    seed=st.integers(0, 2**32),
    references=st.integers(3, 40),
    months=st.integers(2, 14),
    as_of=st.dates(date(2024, 3, 1), date(2026, 12, 31)),
    lines_a_day=st.just(0.2),
)


@settings(max_examples=15, deadline=None)
@given(pharmacies, st.sampled_from(STYLES))
def test_the_stock_of_every_program_is_read_back(pharmacy, write):
    export = read_stock(write(pharmacy).stock)

    read = {line.code: line for line in export.lines}
    assert export.rejected == []
    assert len(export.lines) == len(read) == len(pharmacy.codes)
    for at, code in enumerate(pharmacy.codes):
        line = read[code]
        assert (line.label, line.quantity) == (pharmacy.labels[at], pharmacy.stock[at])
        assert line.purchase_price * 100 == int(pharmacy.purchase_price[at])
        assert line.address == pharmacy.addresses[at]
        assert line.min_stock == pharmacy.minimum[at]
        assert line.last_sale_on == _day(pharmacy, pharmacy.last_sale[at])
        assert line.last_receipt_on == _day(pharmacy, pharmacy.last_receipt[at])
        left = int(pharmacy.expires[at])
        assert line.expires_on == (None if left < 0 else pharmacy.as_of + timedelta(days=left))


def _day(pharmacy, number):
    return pharmacy.day(number) if number >= 0 else None


@settings(max_examples=10, deadline=None)
@given(pharmacies, st.sampled_from([(as_lines, "line"), (as_workbooks, "day")]))
def test_the_sales_of_each_day_are_read_back(pharmacy, style):
    write, grain = style
    export = read_sales(write(pharmacy).sales)

    product, day, boxes = (part.tolist() for part in pharmacy.sold)
    written = Counter()
    for one, when, count in zip(product, day, boxes, strict=True):
        written[pharmacy.codes[one], pharmacy.day(when)] += count
    read = Counter()
    for line in export.lines:
        assert line.first_on == line.last_on
        read[line.code, line.first_on] += line.quantity
    assert read == written
    assert (export.rejected, export.grain) == ([], grain)


@settings(max_examples=10, deadline=None)
@given(pharmacies)
def test_the_sales_of_each_month_are_read_back(pharmacy):
    export = read_sales(as_columns_of_months(pharmacy).sales)

    totals = pharmacy.sold_by_month()
    written = {
        (code, month): totals[at, column]
        for at, code in enumerate(pharmacy.codes)
        for column, month in enumerate(pharmacy.months)
        if totals[at, column]
    }
    read = {(line.code, f"{line.first_on:%Y-%m}"): line.quantity for line in export.lines}
    assert read == written
    assert (export.rejected, export.grain) == ([], "month")
    assert export.edited_on == pharmacy.as_of
    assert all(line.last_on + timedelta(days=1) > line.first_on for line in export.lines)


@pytest.mark.parametrize("write", STYLES)
def test_the_purchases_are_read_back(write):
    pharmacy = invent(seed=4, references=30, months=6, lines_a_day=0.3)

    export = read_export(write(pharmacy, purchases=True).purchases, What.PURCHASES)

    product, day, boxes = (part.tolist() for part in pharmacy.bought)
    assert [(line.code, line.on, line.quantity) for line in export.lines] == [
        (pharmacy.codes[one], pharmacy.day(when), count)
        for one, when, count in zip(product, day, boxes, strict=True)
    ]
    assert all(line.supplier for line in export.lines)


def test_the_same_seed_writes_the_same_bytes():
    first, again = (invent(seed=9, references=20, months=3) for _ in range(2))

    for write in STYLES:
        assert write(first) == write(again)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=600),
        st.text(max_size=300).map(str.encode),
        st.binary(max_size=200).map(lambda noise: b"PK\x03\x04" + noise),
        st.binary(max_size=200).map(lambda noise: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise),
        st.text(max_size=200).map(lambda text: f"<html><table><tr><td>{text}".encode()),
        st.text("0123456789;,\n\"'-/ CIPqtedamv", max_size=300).map(
            lambda text: f"CIP;Qte;Date\n{text}".encode()
        ),
    ),
    st.sampled_from(list(What)),
)
def test_any_bytes_are_read_or_refused_in_a_sentence(data, what):
    try:
        propose(data, what)
        export = read_export(data, what, year=2026, newest="2026-10")
    except TableRefused as refusal:
        sentence = str(refusal)
    else:
        sentence = "." * bool(export.lines)
    assert sentence.endswith((".", "?"))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_workbook_never_crashes(data):
    whole = bytearray(_SMALL_WORKBOOK)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    with suppress(TableRefused):
        assert read_stock(bytes(whole[:cut] if cut % 2 else whole)).lines


_SMALL_WORKBOOK = as_workbooks(invent(seed=1, references=4, months=2)).stock


# --- Columns by name ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Code CIP 13", "code"),
        ("EAN13", "code"),
        ("Libellé du produit", "label"),
        ("Stk", "quantity"),
        ("Qté en stock au 24/11/2026", "quantity"),
        ("Stock (boîtes)", "quantity"),
        ("P.A. H.T.", "purchase_price"),
        ("Prix d’achat net HT (€)", "purchase_price"),
        ("PV TTC", "public_price"),
        ("Valeur stock HT", "value"),
        ("Code géo", "address"),
        ("Date de dernière vente", "last_sale_on"),
        ("Der. achat", "last_receipt_on"),
        ("Stock mini", "min_stock"),
        ("Stock Maxi", "max_stock"),
        ("DLU", "expires_on"),
        ("N° lot", "lot"),
        ("Taux TVA", "vat_rate"),
        ("Famille produit", "category"),
        ("Labo.", "laboratory"),
    ],
)
def test_a_heading_of_the_trade_is_recognised(heading, field):
    cells = {
        "code": CODES, "label": ["ZULVANTINE"] * 12, "quantity": range(12),
        "last_sale_on": ["24/10/2026"] * 12, "last_receipt_on": ["24/10/2026"] * 12,
        "expires_on": ["31/10/2027"] * 12, "lot": ["A12B"] * 12, "address": ["A12"] * 12,
        "category": ["Conseil"] * 12, "laboratory": ["OMIX"] * 12,
    }.get(field, ["2,10"] * 12 if "stock" not in field else range(12))  # fmt: skip
    rows = list(zip(CODES, [5] * 12, cells, strict=True))
    first = ["CIP", "Qté", heading]
    if field in ("code", "quantity"):
        other, values = ("Qté", [5] * 12) if field == "code" else ("CIP", CODES)
        rows, first = list(zip(values, cells, strict=True)), [other, heading]

    proposal = propose(table(";".join(first), rows), What.STOCK)

    assert proposal.layout.columns[field] == len(first) - 1
    assert proposal.guesses[field].how == "name"


def test_a_name_that_the_cells_contradict_is_not_believed():
    rows = [(code, "ZULVANTINE", 3, "A12") for code in CODES]

    proposal = propose(table("Article;Code;Qté;Date dernière vente", rows), What.STOCK)

    assert proposal.layout.columns == {"code": 0, "quantity": 2, "label": 1}


def test_two_columns_of_codes_help_each_other():
    rows = [(code[5:12], "" if number == 3 else code, 2) for number, code in enumerate(CODES)]

    lines = read_stock(table("CIP7;CIP13;Qté", rows)).lines

    assert [lines[0].code, lines[3].code] == [CODES[0], CODES[3][5:12]]


def test_two_lines_of_headings_without_merged_cells_are_one():
    rows = [(code, "ZULVANTINE", 4, "12,50", 9) for code in CODES]
    data = table(";;Stock;;Ventes\nCode;Désignation;Qté;Valeur;Qté", rows)

    proposal = propose(data, What.STOCK)

    assert proposal.headings[2:] == ["Stock Qté", "Stock Valeur", "Ventes Qté"]
    assert proposal.layout.columns == {"code": 0, "label": 1, "quantity": 2, "value": 3}


# --- Columns by content ---------------------------------------------------------------------------


def test_without_headings_the_cells_say_what_they_are():
    rows = [
        (code, f"ZULVANTINE {number}", 3 + number, "2,10", f"{4 + number},12", f"{6 + number},90")
        for number, code in enumerate(CODES)
    ]

    proposal = propose(table(";".join(map(str, rows[0])), rows[1:]), What.STOCK)

    assert proposal.layout == Layout(
        0,
        None,
        {
            "code": 0,
            "label": 1,
            "vat_rate": 3,
            "quantity": 2,
            "purchase_price": 4,
            "public_price": 5,
        },
    )
    assert "en-tête" in proposal.questions[0]
    assert {guess.how for guess in proposal.guesses.values()} == {"content"}
    lines = read_stock(table(";".join(map(str, rows[0])), rows[1:])).lines
    assert [line.quantity for line in lines] == [3 + number for number in range(12)]


def test_under_strange_headings_what_is_needed_is_found_by_content():
    rows = [(f"{1 + number:02d}/10/2026", code, 2) for number, code in enumerate(CODES)]

    proposal = propose(table("Quand;CIP;Combien", rows), What.SALES)

    assert proposal.layout.columns == {"code": 1, "date": 0, "quantity": 2}
    assert proposal.guesses["date"].how == "content"


def test_a_quantity_in_doubt_is_asked():
    rows = [(code, 3, 5) for code in CODES]

    proposal = propose(table("CIP;Stock officine;Stock réserve", rows), What.STOCK)
    doubtful = propose(table("CIP;Stock rayon;Stock robot", rows), What.STOCK)

    assert proposal.questions == []
    assert doubtful.questions == ["Quantité en stock : est-ce « Stock rayon » ou « Stock robot » ?"]


def test_a_column_not_found_is_asked_and_the_answer_prevails():
    rows = [(code, "douze") for code in CODES]
    data = table("CIP;Combien", rows)

    proposal = propose(data, What.STOCK)

    assert (proposal.missing, proposal.is_complete) == (["quantity"], False)
    assert proposal.questions == ["Quelle colonne contient : Quantité en stock ?"]
    with pytest.raises(TableRefused, match="Quelle colonne contient : Quantité en stock"):
        read_stock(data)
    chosen = propose(data, What.STOCK, columns={"quantity": 1})
    assert chosen.guesses["quantity"].how == "choice"
    assert chosen.is_complete


def test_a_code_of_the_house_gives_way_to_thirteen_digits():
    rows = [(number, code, 3) for number, code in enumerate(CODES)]

    proposal = propose(table("Code;Référence;Stock", rows), What.STOCK)

    assert proposal.layout.columns["code"] == 1


def test_a_file_dropped_in_the_place_of_another_is_doubted():
    sales = table("Date vente;CIP;Qté", [("24/10/2026", code, 1) for code in CODES])
    stock = table("CIP;Stock;PA HT", [(code, 1, "2,50") for code in CODES])

    assert "un export de ventes" in propose(sales, What.STOCK).questions[0]
    assert "un état du stock" in propose(stock, What.SALES).questions[-1]
    with pytest.raises(TableRefused, match="état du stock"):
        read_sales(stock)


def test_a_month_that_is_not_over_is_told():
    rows = [(code, 1, 2) for code in CODES]
    data = b"Ventes au 24/11/2026;;\n" + table("CIP;oct 2026;nov 2026", rows)

    assert "son dernier mois n’est pas entier" in read_sales(data).notes[-1]


# --- What is remembered ---------------------------------------------------------------------------


def test_a_layout_survives_json():
    layout = propose(as_columns_of_months(invent(seed=2, references=5)).sales, What.SALES).layout

    assert Layout.from_dict(json.loads(json.dumps(layout.as_dict()))) == layout


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"sheet": "x"},
        {"sheet": 0, "heading_line": 1, "columns": 3},
        {"sheet": 0, "heading_line": 1, "columns": {"code": -1}},
        {"sheet": 0, "heading_line": 1, "columns": {"code": 0}, "months": [[1, "2026-13"]]},
    ],
)
def test_what_is_no_layout_is_not_taken(kept):
    with pytest.raises(ValueError, match=r"layout|invalid literal"):
        Layout.from_dict(kept)


def test_the_fingerprint_forgets_the_months_but_not_the_columns():
    rows = [(code, 1, 2) for code in CODES]
    prints = [
        propose(table(heading, rows), What.SALES).fingerprint
        for heading in ("CIP;janv 2026;févr 2026", "CIP;févr 2026;mars 2026", "EAN;01/2026;02/2026")
    ]

    assert prints[0] == prints[1] != prints[2]


def test_one_month_more_is_asked_again():
    prints = {
        propose(table(heading, rows), What.SALES).fingerprint
        for heading, rows in (
            ("CIP;janv 2026;févr 2026;Prix", [(code, 1, 2, "3,10") for code in CODES]),
            ("CIP;janv 2026;févr 2026;mars 2026;Prix", [(code, 1, 2, 4, "3,10") for code in CODES]),
            ("CIP;Prix;janv 2026;févr 2026", [(code, "3,10", 1, 2) for code in CODES]),
        )
    }

    assert len(prints) == 3


# --- Months ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("janv 2026", "2026-01"),
        ("Févr. 2026", "2026-02"),
        ("Décembre 25", "2025-12"),
        ("août26", "2026-08"),
        ("01/2026", "2026-01"),
        ("1-2026", "2026-01"),
        ("2026-01", "2026-01"),
        ("202601", "2026-01"),
        ("012026", "2026-01"),
        ("2026 juin", "2026-06"),
        ("01/06/2026", "2026-06"),
        ("30/06/2026", "2026-06"),
        ("2026-06-01", "2026-06"),
        ("15/06/2026", None),
        ("13/2026", None),
        ("janvier", None),
        ("2026", None),
        ("", None),
    ],
)
def test_a_month_goes_by_many_names(text, month):
    assert month_of(text) == month


@pytest.mark.parametrize(
    ("headings", "months"),
    [
        (["m", "m-1", "m-2"], {0: "2026-10", 1: "2026-09", 2: "2026-08"}),
        (["M-1", "M-2", "M-3"], {0: "2026-10", 1: "2026-09", 2: "2026-08"}),
        (["v1", "v2", "v3"], {0: "2026-10", 1: "2026-09", 2: "2026-08"}),
    ],
)
def test_months_counted_back_are_dated_from_the_newest(headings, months):
    data = table(";".join(["CIP", *headings]), [(code, 1, 2, 3) for code in CODES])

    proposal = propose(data, What.SALES)

    assert proposal.missing == ["months"]
    assert f"De quel mois est la colonne « {headings[0]} »" in proposal.questions[0]
    with pytest.raises(TableRefused, match="De quel mois"):
        read_sales(data)
    assert propose(data, What.SALES, newest="2026-10").missing == []
    dated = proposal.layout.dated("2026-10")
    assert dated.months == {index + 1: month for index, month in months.items()}
    assert read_sales(data, layout=dated).lines[0].last_on == date(2026, 8, 31)


def test_months_without_year_ask_for_it():
    names = ["nov", "déc", "janv", "févr"]
    data = table(";".join(["CIP", *names]), [(code, 1, 2, 3, 4) for code in CODES])

    assert "de quelle année" in propose(data, What.SALES).questions[0]
    export = read_sales(data, year=2026)
    assert (export.first_on, export.last_on) == (date(2025, 11, 1), date(2026, 2, 28))
    assert with_years({0: 2, 1: 1, 2: 12}, 2026) == {0: "2026-02", 1: "2026-01", 2: "2025-12"}


def test_amounts_by_month_are_left_aside():
    headings = ["Qté janv 2026", "CA janv 2026", "Qté févr 2026", "CA févr 2026"]

    assert wide_months(headings).months == {0: "2026-01", 2: "2026-02"}


def test_groups_of_months_under_their_year():
    rows = [(code, 1, 2, 3, 4) for code in CODES]
    data = table(";2025;;2026;\nCIP;nov;déc;janv;févr", rows)

    assert list(propose(data, What.SALES).layout.months.values()) == [
        "2025-11", "2025-12", "2026-01", "2026-02",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "rows"),
    [
        ("Mois;CIP;Qté", [("10/2026", CODES[0], 3)]),
        ("Mois;CIP;Qté", [("202610", CODES[0], 3)]),
        ("Mois;CIP;Qté", [("oct. 2026", CODES[0], 3)]),
        ("Année;Mois;CIP;Qté", [(2026, 10, CODES[0], 3)]),
        ("Année;Mois;CIP;Qté", [(2026, "octobre", CODES[0], 3)]),
    ],
)
def test_sales_of_a_month_on_each_line(heading, rows):
    export = read_sales(table(heading, rows * 3))

    line = export.lines[0]
    assert (line.first_on, line.last_on) == (date(2026, 10, 1), date(2026, 10, 31))
    assert (line.quantity, export.grain) == (3, "month")


def test_months_dated_by_their_first_day_are_months():
    rows = [(f"01/{month:02d}/2026", code, 2) for month in range(1, 7) for code in CODES]

    export = read_sales(table("Date;CIP;Qté", rows))

    assert export.grain == "month"
    assert export.last_on == date(2026, 6, 30)
    assert "par mois" in export.notes[0]


# --- Values ---------------------------------------------------------------------------------------


def test_a_price_keeps_its_cents_whatever_its_sign():
    rows = [
        (code, 1, price)
        for code, price in zip(CODES, ["1 234,50", "12,5", "1.234,50"], strict=False)
    ]

    prices = [line.purchase_price for line in read_stock(table("CIP;Qté;PA HT", rows)).lines]

    assert prices == [Decimal("1234.50"), Decimal("12.5"), Decimal("1234.50")]


def test_an_empty_quantity_is_a_zero_where_no_zero_is_written():
    rows = [(code, "" if number % 2 else 4) for number, code in enumerate(CODES)]
    with_zeros = [*rows, (cip13_of("9900099"), 0)]

    blank = read_stock(table("CIP;Qté", rows))
    written = read_stock(table("CIP;Qté", with_zeros))

    assert [line.quantity for line in blank.lines][:2] == [4, 0]
    assert "6 quantité(s) vides, lues comme zéro." in blank.notes
    assert len(written.rejected) == 6


def test_returns_are_kept_and_sales_of_nothing_are_not():
    rows = [("24/10/2026", code, boxes) for code, boxes in zip(CODES, [2, -1, 0], strict=False)]

    export = read_sales(table("Date;CIP;Qté", rows))

    assert [line.quantity for line in export.lines] == [2, -1]
    assert "1 ligne(s) de zéro boîte passées." in export.notes
