"""Readings: boxes, cases, parcels, bare codes and texts, through every keyboard and accident."""

import csv
import struct
import zlib
from datetime import date
from pathlib import Path

import biip
import numpy
import pytest
import zxingcpp
from hypothesis import assume, given
from hypothesis import strategies as st

from backofficine.formats.codes import with_key
from backofficine.formats.gs1 import (
    GS,
    Doubt,
    ReadingKind,
    Repair,
    box_code,
    day_of,
    read,
    spellings,
)
from backofficine.formats.keyboard import Layout, typed

TODAY = date(2026, 11, 24)
CIP13 = "3400999000017"
GTIN = f"01{CIP13.zfill(14)}"
CASE = with_key("1340099900001")

set_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
lots = st.text("ABCDEFGHJKLMNPRSTUVWXYZ0123456789-/", min_size=1, max_size=20)
serials = st.text(set_82, min_size=1, max_size=20)
expiries = st.dates(date(2024, 1, 1), date(2036, 12, 31))


def of(text, **options):
    return read(text, today=TODAY, **options)


# --- Whole boxes ----------------------------------------------------------------------------------


@given(lots, serials, expiries)
def test_what_is_written_is_read(lot, serial, expires_on):
    reading = of(box_code(cip13=CIP13, lot=lot, expires_on=expires_on, serial=serial))

    assert reading.kind is ReadingKind.BOX
    assert (reading.code, reading.lot, reading.serial) == (CIP13, lot, serial)
    assert reading.expires_on == expires_on
    assert reading.repairs == ()


@given(lots, serials, expiries, st.sampled_from(Layout), st.sampled_from(["]d2", "]C1"]))
def test_a_box_is_read_through_any_keyboard_when_the_prefix_bears_witness(
    lot, serial, expires_on, layout, prefix
):
    sent = prefix + box_code(cip13=CIP13, lot=lot, expires_on=expires_on, serial=serial)

    reading = of(typed(sent, layout))

    assert (reading.code, reading.lot, reading.serial) == (CIP13, lot, serial)
    assert reading.expires_on == expires_on
    assert (Repair.KEYBOARD in reading.repairs) == (layout in (Layout.AZERTY, Layout.AZERTY_CAPS))
    assert Doubt.CASE_UNSURE not in reading.doubts


@given(lots, serials, expiries)
def test_a_box_is_read_through_an_unknown_french_keyboard_without_any_prefix(
    lot, serial, expires_on
):
    sent = box_code(cip13=CIP13, lot=lot, expires_on=expires_on, serial=serial)

    reading = of(typed(sent, Layout.AZERTY))

    assert (reading.code, reading.lot, reading.serial) == (CIP13, lot, serial)
    assert reading.layout is Layout.AZERTY


@given(lots, st.text("ABCXYZ0129", min_size=1, max_size=20), expiries, st.permutations(range(3)))
def test_the_order_of_fields_does_not_matter(lot, serial, expires_on, order):
    fields = [f"17{expires_on:%y%m%d}", f"10{lot}", f"21{serial}"]

    reading = of(GTIN + GS.join(fields[rank] for rank in order))

    assert (reading.lot, reading.serial, reading.expires_on) == (lot, serial, expires_on)


@given(
    st.lists(
        st.sampled_from(
            [
                "11260101",
                "15280531",
                "17280531",
                "10AB12",
                "21SER-1",
                "240REF",
                "7113010105",
                "3012",
            ]
        ),
        unique_by=lambda element: element[:2],
        max_size=6,
    )
)
def test_a_strict_parser_agrees_on_every_well_formed_message(elements):
    message = GTIN + GS.join(elements)

    reading = of(message)

    strict = biip.parse(message).gs1_message
    values = {element.ai.ai: element.value for element in strict.element_strings}
    assert reading.gtin == values["01"]
    assert reading.lot == values.get("10", "")
    assert reading.serial == values.get("21", "")
    assert reading.expiry_text == values.get("17", "")


def test_stray_separators_and_line_ends_are_harmless():
    reading = of(f"{GS}{GTIN}{GS}17280531{GS}{GS}10AB12{GS}21S1{GS}\r\n")

    assert (reading.lot, reading.serial) == ("AB12", "S1")
    assert reading.doubts == ()


@pytest.mark.parametrize("separator", ["|", "~", "#", "^", "{GS}", "<GS>", "␝"])
def test_a_replaced_separator_is_understood_and_told(separator):
    reading = of(f"{GTIN}1728053110AB12{separator}21S1")

    assert (reading.lot, reading.serial) == ("AB12", "S1")
    assert Repair.SEPARATOR in reading.repairs


def test_the_printed_form_with_parentheses_is_understood():
    reading = of("(01)03400999000017(17)280500(10)AB(A)12(21)S1")

    assert (reading.code, reading.lot, reading.serial) == (CIP13, "AB(A)12", "S1")
    assert reading.expires_on == date(2028, 5, 31)
    assert reading.repairs == (Repair.PARENTHESES,)


def test_a_digital_link_is_understood():
    reading = of("https://notice.example/fr/01/03400999000017/10/AB12/21/S%2F1?17=280531&lang=fr")

    assert (reading.code, reading.lot, reading.serial) == (CIP13, "AB12", "S/1")
    assert reading.expires_on == date(2028, 5, 31)
    assert reading.repairs == (Repair.DIGITAL_LINK,)


def test_an_ordinary_address_is_a_text():
    assert of("https://notice.example/01/produit").kind is ReadingKind.TEXT


# --- Dates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("280531", date(2028, 5, 31)),
        ("280500", date(2028, 5, 31)),
        ("280200", date(2028, 2, 29)),
        ("280231", None),
        ("281331", None),
        ("280012", None),
        ("760101", date(2076, 1, 1)),
        ("780101", date(1978, 1, 1)),
        ("990101", date(1999, 1, 1)),
        ("28053", None),
        ("28053²", None),
    ],
)
def test_six_digits_make_a_day(text, day):
    assert day_of(text, today=TODAY) == day


def test_a_century_begins_or_ends_with_today():
    assert day_of("770101", today=TODAY) == date(1977, 1, 1)
    assert day_of("770101", today=date(2027, 1, 1)) == date(2077, 1, 1)
    assert day_of("010101", today=date(2098, 1, 1)) == date(2101, 1, 1)


@given(expiries)
def test_biip_puts_days_in_the_same_century(day):
    strict = biip.parse(f"{GTIN}17{day:%y%m%d}").gs1_message.element_strings[1]

    assert day_of(f"{day:%y%m%d}", today=TODAY) == strict.date


@pytest.mark.parametrize("expiry", ["281331", "280231", "000000", "910101"])
def test_a_bad_date_does_not_lose_the_box(expiry):
    reading = of(f"{GTIN}17{expiry}10AB12{GS}21S1")

    assert (reading.code, reading.lot, reading.serial) == (CIP13, "AB12", "S1")
    assert reading.expiry_text == expiry
    assert reading.doubts == (Doubt.BAD_DATE,)


# --- Lost separators ------------------------------------------------------------------------------


def test_without_separator_the_product_and_the_expiry_are_saved_and_the_rest_is_doubted():
    reading = of(f"{GTIN}1728053110ABC12321SER0001")

    assert (reading.code, reading.expires_on) == (CIP13, date(2028, 5, 31))
    assert (reading.lot, reading.serial) == ("ABC123", "SER0001")
    assert Repair.SEPARATOR in reading.repairs
    assert {Doubt.LOT_UNSURE, Doubt.SERIAL_UNSURE} <= {*reading.doubts}


def test_a_known_lot_settles_where_it_stops():
    reading = of(f"{GTIN}1728053110A12121SER210001", known_lots=lambda code: {"A121"})

    assert (reading.lot, reading.serial) == ("A121", "SER210001")
    assert reading.doubts == (Doubt.SERIAL_UNSURE,)


def test_a_short_known_lot_is_found_too():
    assert of(f"{GTIN}1728053110L121S1").doubts == ()
    assert of(f"{GTIN}1728053110L121S1", known_lots=lambda code: {"L1"}).lot == "L1"


def test_several_cuts_are_left_to_the_person():
    reading = of(f"{GTIN}1728053110A12121SER210001")

    assert (reading.lot, reading.serial) == ("", "")
    assert ("A121", "SER210001") in reading.cuts
    assert {*reading.doubts} == {Doubt.LOT_UNSURE, Doubt.SERIAL_UNSURE}


def test_a_long_known_lot_that_contains_21_is_no_accident():
    reading = of(f"{GTIN}1728053110LOT2145678901", known_lots=lambda code: {"LOT2145678901"})

    assert reading.lot == "LOT2145678901"
    assert reading.doubts == ()


def test_a_lot_that_contains_21_is_whole_when_separators_do_arrive():
    reading = of(f"{GTIN}1728053110LOT2145678901{GS}21S1")

    assert (reading.lot, reading.serial) == ("LOT2145678901", "S1")
    assert reading.doubts == ()


@pytest.mark.parametrize(
    "message",
    [
        f"{GTIN}21SERIAL000X1728053110ABC",
        f"{GTIN}21SERIAL000X10ABC17280531",
        f"{GTIN}1728053121SERIAL000X10ABC",
    ],
)
def test_a_serial_in_the_middle_gives_back_what_it_swallowed(message):
    reading = of(message)

    assert (reading.serial, reading.lot) == ("SERIAL000X", "ABC")
    assert reading.expires_on == date(2028, 5, 31)
    assert Doubt.SERIAL_UNSURE in reading.doubts


def test_a_lot_that_swallowed_its_date_gives_it_back():
    reading = of(f"{GTIN}10ABC17280531")

    assert (reading.lot, reading.expires_on) == ("ABC", date(2028, 5, 31))
    assert reading.doubts == (Doubt.LOT_UNSURE,)


@given(lots, serials, expiries, st.permutations(range(3)))
def test_a_serial_is_never_guessed_in_silence(lot, serial, expires_on, order):
    fields = [f"17{expires_on:%y%m%d}", f"10{lot}", f"21{serial}"]

    reading = of(GTIN + "".join(fields[rank] for rank in order))

    assert reading.code == CIP13
    assert reading.serial in ("", serial) or Doubt.SERIAL_UNSURE in reading.doubts
    if order[0] == 0:
        assert reading.expires_on == expires_on


# --- Case -----------------------------------------------------------------------------------------


def test_a_lot_in_small_letters_is_doubted():
    assert Doubt.CASE_UNSURE in of(f"{GTIN}1728053110ab12{GS}21Xy").doubts
    assert Doubt.CASE_UNSURE not in of(f"]d2{GTIN}1728053110ab12{GS}21Xy").doubts
    assert of(f"{GTIN}1728053110ab12", known_lots=lambda code: ["ab12"]).doubts == ()


def test_a_remembered_capital_lock_is_not_a_proof():
    message = f"{GTIN}1728053110Ab12{GS}21Xy"

    assert Doubt.CASE_UNSURE in of(message, remembered=Layout.CASE_INVERTED).doubts
    assert Doubt.CASE_UNSURE in of(message, remembered=Layout.AZERTY_CAPS).doubts
    assert Doubt.CASE_UNSURE not in of(message, remembered=Layout.AZERTY).doubts


def test_a_remembered_keyboard_does_not_spoil_a_pasted_code():
    for layout in Layout:
        reading = of(CIP13, remembered=layout)
        assert (reading.kind, reading.code) == (ReadingKind.PRODUCT_CODE, CIP13)
        assert reading.repairs == ()


# --- Other codes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        (CIP13, ReadingKind.PRODUCT_CODE, CIP13),
        (f"]E0{CIP13}", ReadingKind.PRODUCT_CODE, CIP13),
        (f"0{CIP13}", ReadingKind.PRODUCT_CODE, CIP13),
        ("34009 990 0001 7", ReadingKind.PRODUCT_CODE, CIP13),
        ("9900001", ReadingKind.PRODUCT_CODE, "9900001"),
        ("]A09900001", ReadingKind.PRODUCT_CODE, "9900001"),
        ("*9900001*", ReadingKind.PRODUCT_CODE, "9900001"),
        ("40170725", ReadingKind.PRODUCT_CODE, "40170725"),
        (typed(CIP13, Layout.AZERTY), ReadingKind.PRODUCT_CODE, CIP13),
        (CASE, ReadingKind.CASE, CIP13),
        (f"01{CASE}", ReadingKind.CASE, CIP13),
        (f"02{CASE}3712{GS}10AB", ReadingKind.CASE, CIP13),
        (with_key("340089000001"), ReadingKind.UNIT, with_key("340089000001")),
        (f"010{with_key('340089000001')}10AB", ReadingKind.UNIT, with_key("340089000001")),
        ("00" + with_key("34009990000123456"), ReadingKind.PARCEL, with_key("34009990000123456")),
        (with_key("34009990000123456"), ReadingKind.PARCEL, with_key("34009990000123456")),
        (f"{GTIN}1728053110552199", ReadingKind.BOX, CIP13),
        (GTIN, ReadingKind.BOX, CIP13),
    ],
)
def test_each_code_is_told_apart(text, kind, code):
    reading = of(text)

    assert (reading.kind, reading.code) == (kind, code)
    assert reading.doubts == ()


def test_a_logistic_label_tells_how_many_boxes():
    sscc = with_key("34009990000123456")

    reading = of(f"00{sscc}02{CIP13.zfill(14)}3724")

    assert (reading.kind, reading.code, reading.inner_quantity) == (ReadingKind.PARCEL, sscc, 24)
    assert reading.gtin == CIP13.zfill(14)


@pytest.mark.parametrize(
    "text",
    [
        CIP13 + "3400999000024",
        f"0{CIP13}3400999000024",
        f"{GTIN}1728053110A1]d20103400999000024",
        f"{GTIN}{GS}0103400999000024",
    ],
)
def test_two_codes_glued_together_are_named(text):
    reading = of(text)

    assert reading.kind is ReadingKind.TWO_CODES
    assert reading.codes == (CIP13, "3400999000024")


def test_a_wrong_key_is_never_accepted_quietly():
    assert of("3400999000018").doubts == (Doubt.BAD_KEY,)
    assert of("01034009990000181728053110AB12").doubts == (Doubt.BAD_KEY,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "A-12-3",
        "10 rue du Pont",
        "DUPONT",
        "21",
        "B0042",
        "]d1010340099900001710A",
        "P-000123",
        "06 12 34 56 78",
    ],
)
def test_anything_else_is_a_text(text):
    reading = of(text)

    assert reading.kind is ReadingKind.TEXT
    assert reading.text == text.strip()
    assert reading.code == ""


def test_a_location_sent_through_a_french_keyboard_is_among_its_spellings():
    assert "AMW-12" in spellings(typed("AMW-12", Layout.AZERTY))
    assert spellings("12")[0] == "12"


# --- No text upsets the reader --------------------------------------------------------------------

gs1_like = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "01",
                "17",
                "10",
                "21",
                "02",
                "37",
                "00",
                GS,
                "]d2",
                "(",
                ")",
                "(01)",
                GTIN,
                CIP13,
                "280531",
            ]
        ),
        st.text(max_size=8),
    ),
    max_size=14,
).map("".join)


@given(st.one_of(st.text(), gs1_like), st.sampled_from([None, *Layout]), st.booleans())
def test_no_text_upsets_the_reader(text, remembered, is_known):
    known = (lambda code: ["A", "21"]) if is_known else None

    reading = of(text, remembered=remembered, known_lots=known)

    assert reading.raw == text
    if reading.serial and Repair.SEPARATOR in reading.repairs and GS not in reading.text:
        assert Doubt.SERIAL_UNSURE in reading.doubts


def test_a_huge_text_is_a_text():
    assert of("01" * 500_000).kind is ReadingKind.TEXT


def test_a_box_cannot_be_written_with_a_wrong_code_or_lot():
    with pytest.raises(ValueError, match="valid key"):
        box_code(cip13="3400999000018", lot="A", expires_on=TODAY)
    with pytest.raises(ValueError, match="set 82"):
        box_code(cip13=CIP13, lot="é", expires_on=TODAY)
    with pytest.raises(ValueError, match="set 82"):
        box_code(cip13=CIP13, lot="A" * 21, expires_on=TODAY)


# --- Real and printed images ----------------------------------------------------------------------


@given(lots, serials)
def test_a_printed_datamatrix_reads_back(lot, serial):
    expires_on = date(2028, 5, 31)
    assume(not set("()") & {*lot, *serial})
    printed = zxingcpp.create_barcode(
        f"(01){CIP13.zfill(14)}(17)280531(10){lot}(21){serial}",
        zxingcpp.BarcodeFormat.DataMatrix,
        gs1=True,
    )

    reading = of(printed.bytes.decode("ascii"))

    assert (reading.code, reading.lot, reading.serial) == (CIP13, lot, serial)
    assert reading.expires_on == expires_on


def _pixels(path: Path) -> numpy.ndarray:
    """Decode an 8-bit PNG (grey, RGB, RGBA or palette) to grey pixels, with nothing but zlib."""
    data = path.read_bytes()
    at, body, palette = 8, b"", b""
    while at < len(data):
        (length,), name = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        chunk = data[at + 8 : at + 8 + length]
        if name == b"IHDR":
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunk)
        elif name == b"PLTE":
            palette = chunk
        elif name == b"IDAT":
            body += chunk
        at += 12 + length
    if interlace or depth not in (1, 8):
        pytest.skip(f"{path.name}: PNG variant not handled")
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    stride = (width * channels * depth + 7) // 8
    step = max(1, channels * depth // 8)
    raw, before = zlib.decompress(body), bytearray(stride)
    rows = numpy.zeros((height, stride), dtype=numpy.uint8)
    for y in range(height):
        start = y * (stride + 1)
        method, line = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        for x in range(stride):
            left = line[x - step] if x >= step else 0
            up, corner = before[x], before[x - step] if x >= step else 0
            if method == 1:
                line[x] = (line[x] + left) & 255
            elif method == 2:
                line[x] = (line[x] + up) & 255
            elif method == 3:
                line[x] = (line[x] + (left + up) // 2) & 255
            elif method == 4:
                guess = left + up - corner
                nearest = min((left, up, corner), key=lambda near: abs(guess - near))
                line[x] = (line[x] + nearest) & 255
        rows[y] = numpy.frombuffer(bytes(line), dtype=numpy.uint8)
        before = line
    if depth == 1:
        rows = numpy.unpackbits(rows, axis=1)[:, :width] * (1 if colour == 3 else 255)
    pixels = rows.reshape(height, width, channels)
    if colour == 3:
        pixels = numpy.frombuffer(palette, dtype=numpy.uint8).reshape(-1, 3)[pixels[:, :, 0]]
    if pixels.shape[2] >= 3:
        pixels = pixels[:, :, :3].mean(axis=2).astype(numpy.uint8)[:, :, None]
    return numpy.ascontiguousarray(pixels[:, :, 0])


def test_every_datamatrix_image_is_decoded_and_read(data_folder):
    folder = data_folder / "datamatrix-images"
    if not folder.is_dir():
        pytest.skip("no datamatrix images")
    with (folder / "index.csv").open(encoding="utf-8", newline="") as index:
        expected = {row["file"]: row for row in csv.DictReader(index)}

    for name, row in expected.items():
        if not name.endswith(".png"):
            continue
        symbols = zxingcpp.read_barcodes(_pixels(folder / name))
        assert symbols, name
        text = symbols[0].bytes.decode("ascii")
        assert text == row["expected_text"].replace("<GS>", GS)
        reading = of(text)
        if row["kind"] == "plain":
            assert reading.kind is ReadingKind.TEXT
            assert reading.text == row["expected_text"]
        else:
            assert reading.kind in (ReadingKind.BOX, ReadingKind.CASE)
            assert reading.gtin == text[2:16]
            assert reading.serial == text[18:].split(GS)[0]
