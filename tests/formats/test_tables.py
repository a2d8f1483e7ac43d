"""Delimited texts as French software exports them, and files that are no such thing."""

import random
import time
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backofficine.formats.tables import (
    TableRefused,
    day,
    decimal_sign,
    instant,
    number,
    read_table,
    whole,
)

FIELDS = {"code": ("cip", "code produit"), "quantity": ("qte", "quantite"), "label": ("libelle",)}
PARIS = ZoneInfo("Europe/Paris")


def read(text, **options):
    data = text.encode(options.pop("encoding", "utf-8"))
    return read_table(data, fields=FIELDS, required=("code", "quantity"), **options)


def values(table):
    return [(row.values["code"], row.values["quantity"]) for row in table.rows]


@pytest.mark.parametrize("separator", [";", "\t", ",", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_separator_and_line_end_is_recognised(separator, end):
    lines = [["CIP", "Libellé", "Qté"], ["0123", "Été", "2"], ["0124", "Noël", "3"]]

    table = read(end.join(separator.join(line) for line in lines))

    assert values(table) == [("0123", "2"), ("0124", "3")]
    assert (table.separator, [row.line for row in table.rows]) == (separator, [2, 3])


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp1252", "cp1252"), ("utf-16", "utf-16")],
)
def test_any_usual_encoding_is_recognised(encoding, told):
    table = read("CIP;Libellé;Qté\n1;Crème – l’œil;2\n", encoding=encoding)

    assert table.rows[0].values["label"] == "Crème – l’œil"
    assert table.encoding == told


def test_headings_are_recognised_whatever_their_dress():
    table = read("  Code  Produit. ;N°;QUANTITÉ\n1;x;2")

    assert table.columns == {"code": "Code  Produit.", "quantity": "QUANTITÉ"}
    assert table.headings == ["Code  Produit.", "N°", "QUANTITÉ"]


def test_a_sign_alone_is_no_heading():
    table = read_table(b"%;CIP;Qte\n5;1;2\n", fields={"rate": ["%"], **FIELDS}, required=["code"])

    assert table.columns == {"code": "CIP", "quantity": "Qte"}


def test_a_title_above_and_totals_below_are_passed_over():
    table = read(
        "sep=;\nÉtat du stock;;\n\nCIP;Libellé;Qté\n1;A;2\nCIP;Libellé;Qté\n2;TOTAL CARE;5\n"
        ";Sous-total;7\nTOTAL;;9\n;;Page 1/3\nÉdité le 24/11/2026;;\n"
    )

    assert values(table) == [("1", "2"), ("2", "5")]
    assert [row.line for row in table.rows] == [5, 7]
    assert table.rejected == []


def test_quotes_hold_separators_line_ends_and_quotes():
    table = read('CIP;Libellé;Qté\n1;"A ; ""B""\nsuite";2\n2;"5"" de long";3\n3;7" x;4\n')

    assert [row.values["label"] for row in table.rows] == ['A ; "B"\nsuite', '5" de long', '7" x']
    assert [row.line for row in table.rows] == [2, 4, 5]


def test_a_quote_never_closed_does_not_swallow_the_file():
    lines = "\n".join(f"{number};x;1" for number in range(100))

    table = read(f'CIP;Libellé;Qté\n1;"oubli;2\n{lines}\n')

    assert len(table.rows) + len(table.rejected) == 101


def test_two_stray_quotes_do_not_hide_the_lines_between():
    table = read('CIP;Libellé;Qté\n1;"a;1\n2;b;1\n3;"c;1\n4;d;1\n')

    assert [code for code, _ in values(table)] == ["1", "2", "3", "4"]


def test_a_line_too_short_or_too_long_is_left_out_with_its_number():
    table = read("CIP;Libellé;Qté\n1;A\n2;B;3\n3;C;D;4\n")

    assert values(table) == [("2", "3")]
    assert [line.line for line in table.rejected] == [2, 4]
    assert "séparateur" in table.rejected[1].reason


def test_missing_cells_at_the_end_are_empty():
    table = read("CIP;Qté;Libellé\n1;2\n")

    assert table.rows[0].values["label"] == ""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "vide"),
        (b"\xef\xbb\xbf \r\n", "vide"),
        (b"sep=;\n", "vide"),
        (b"PK\x03\x04abcdef", "classeur Excel"),
        (b"\xd0\xcf\x11\xe0abcdef", "ancien classeur"),
        (b"%PDF-1.7", "PDF"),
        (b"<html><p>CIP</p>", "page web"),
        (b"\n\n<!DOCTYPE html>", "page web"),
        (b"CIP;Qte\n1;2\x00\x00", "binaire"),
        (b"\xff\xfeC\x00I\x00", "Aucune ligne d’en-tête"),
        (b"\xff\xfeC\x00\x00\xd8", "UTF-16"),
        ("bonjour\nà tous\n".encode(), "Aucune ligne d’en-tête"),
        (b"CIP;Libelle;Prix\n1;A;2\n", "Il manque la colonne « quantity »"),
    ],
)
def test_what_is_no_such_table_is_refused_with_the_way_out(data, reason):
    with pytest.raises(TableRefused, match=reason) as refusal:
        read_table(data, fields=FIELDS, required=("code", "quantity"))

    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("alphabet", [bytes(range(256)), bytes(range(32, 127)), b'";,\n"a1', b'";'])
def test_ten_megabytes_of_noise_are_refused_quickly(alphabet):
    noise = bytes(random.Random(1).choices(alphabet, k=10_000_000))
    start = time.process_time()

    with pytest.raises(TableRefused):
        read_table(noise, fields=FIELDS, required=("code", "quantity"))

    assert time.process_time() - start < 2


@given(st.one_of(st.binary(max_size=400), st.text(max_size=200).map(str.encode)))
def test_bytes_are_read_or_refused_but_never_crash(data):
    try:
        table = read_table(b"CIP;Qte\n" + data, fields=FIELDS, required=("code", "quantity"))
    except TableRefused:
        return
    assert all({*row.values} == {"code", "quantity"} for row in table.rows)


# --- Numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"),
        ("12,5", "12.5"),
        ("12.5", "12.5"),
        ("1 234,56 €", "1234.56"),
        ("1\u202f234,56", "1234.56"),
        ("1\u00a0234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("1,466,290", "1466290"),
        ("-3", "-3"),
        ("3-", "-3"),
        ("(3,50)", "-3.50"),
        ("−4", "-4"),
        ("+4", "4"),
        ("2,1 %", "2.1"),
        ("1,234", "1.234"),
        (",5", "0.5"),
    ],
)
def test_a_number_is_read_as_it_is_written_in_france(text, value):
    assert number(text) == Decimal(value)


def test_the_column_settles_an_ambiguous_number():
    assert decimal_sign(["1.200", "12,50", "3,1", "", "x"]) == ","
    assert decimal_sign(["1.200", "7"]) == ""
    assert number("1.200", decimal=",") == 1200
    assert number("1,200", decimal=",") == Decimal("1.2")
    assert whole("1.200", decimal=",") == 1200


@pytest.mark.parametrize(
    "text",
    ["", "  ", "abc", "1.2.3", "1.234,5,6", "1,2,3.4,5", "--3", "(", "1O", "½", "1e5", "nan"],
)
def test_what_is_no_number_says_so(text):
    with pytest.raises(ValueError, match="nombre"):
        number(text)


@pytest.mark.parametrize(
    ("text", "value"), [("12", 12), ("12,000", 12), ("1 200", 1200), ("-3", -3)]
)
def test_a_whole_number_may_carry_zeros(text, value):
    assert whole(text) == value


@pytest.mark.parametrize(
    ("text", "reason"), [("2,5", "entier"), ("1.200", "entier"), ("9" * 40, "démesuré")]
)
def test_a_fraction_or_an_absurd_number_is_no_quantity(text, reason):
    with pytest.raises(ValueError, match=reason):
        whole(text)


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from([".", ","]))
def test_a_written_number_is_read_back(value, sign):
    assert number(f"{value:f}".replace(".", sign)) == value


# --- Days and instants ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("24/11/2026", date(2026, 11, 24)),
        ("1/2/26", date(2026, 2, 1)),
        ("24-11-2026", date(2026, 11, 24)),
        ("24.11.2026", date(2026, 11, 24)),
        ("2026-11-24", date(2026, 11, 24)),
        ("20261124", date(2026, 11, 24)),
        ("46350", date(2026, 11, 24)),
        ("46350,5", date(2026, 11, 24)),
        ("02/2028", date(2028, 2, 29)),
        ("2028-02", date(2028, 2, 29)),
    ],
)
def test_a_day_is_read_day_first(text, value):
    assert day(text) == value


@pytest.mark.parametrize(
    "text", ["", "hier", "31/02/2026", "11/24/2026", "13/2028", "2026-13-01", "24/11/026"]
)
def test_what_is_no_day_says_so(text):
    with pytest.raises(ValueError, match=r"date|calendrier"):
        day(text)


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)))
def test_every_usual_spelling_of_a_day_is_read_back(value):
    serial = (value - date(1899, 12, 30)).days
    for text in (f"{value:%d/%m/%Y}", value.isoformat(), f"{value:%Y%m%d}", str(serial)):
        assert day(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("24/11/2026 10:18", datetime(2026, 11, 24, 10, 18, tzinfo=PARIS)),
        ("24/11/2026 à 9h05", datetime(2026, 11, 24, 9, 5, tzinfo=PARIS)),
        ("2026-11-24T10:18:30", datetime(2026, 11, 24, 10, 18, 30, tzinfo=PARIS)),
        ("2026-11-24T09:18:30Z", datetime(2026, 11, 24, 10, 18, 30, tzinfo=PARIS)),
        ("2026-11-24 10:18:30.123+01:00", datetime(2026, 11, 24, 10, 18, 30, tzinfo=PARIS)),
        ("46350.75", datetime(2026, 11, 24, 18, 0, tzinfo=PARIS)),
        ("24/11/2026", date(2026, 11, 24)),
        ("46350.0", date(2026, 11, 24)),
    ],
)
def test_an_instant_keeps_its_time_of_day(text, value):
    assert instant(text, PARIS) == value


def test_the_hour_that_comes_twice_is_the_first_one():
    assert instant("25/10/2026 02:30", PARIS).utcoffset().seconds == 7200


def test_without_zone_a_local_time_stays_naive():
    assert instant("24/11/2026 10:18", None) == datetime(2026, 11, 24, 10, 18)  # noqa: DTZ001


@pytest.mark.parametrize("text", ["24/11/2026 25:00", "24/11/2026 10:61", "demain 10:00"])
def test_an_impossible_time_says_so(text):
    with pytest.raises(ValueError, match=r"heure|date"):
        instant(text, PARIS)


@given(st.text(max_size=30))
def test_any_text_is_a_value_or_a_reason(text):
    for parse in (number, whole, day, lambda value: instant(value, PARIS)):
        with suppress(ValueError):
            assert parse(text) is not None
