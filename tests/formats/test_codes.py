"""Product codes: keys, families, conversions, and the damage of spreadsheets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backofficine.formats.codes import (
    CodeKind,
    UnreadableCode,
    box_of_case,
    check_digit,
    cip7_of,
    cip13_of,
    clean_code,
    gtin14_of,
    has_valid_key,
    kind_of,
    with_key,
)

digits = st.text("0123456789", min_size=1, max_size=20)


@pytest.mark.parametrize("code", ["3400999000017", "3400999000024", "3400930101025", "40170725"])
def test_a_known_code_has_its_key(code):
    assert has_valid_key(code)


@pytest.mark.parametrize(
    "code", ["3400999000018", "340099900001", "", "34009990000١7", "abc", "²" * 13]
)
def test_a_wrong_code_has_not(code):
    assert not has_valid_key(code)


@given(
    st.sampled_from([7, 11, 12, 13]).flatmap(
        lambda n: st.text("0123456789", min_size=n, max_size=n)
    )
)
def test_the_key_catches_any_single_wrong_digit(body):
    code = with_key(body)
    other = code[:3] + str((int(code[3]) + 1) % 10) + code[4:]

    assert has_valid_key(code)
    assert not has_valid_key(other)


@given(st.text("0123456789", min_size=7, max_size=7))
def test_a_cip7_comes_back_from_its_cip13(cip7):
    assert cip7_of(cip13_of(cip7)) == cip7


def test_only_a_cip13_holds_a_cip7():
    assert cip7_of("3401597000012") is None
    assert cip7_of("3400999000018") is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("3400999000017", CodeKind.CIP13),
        ("03400999000017", CodeKind.CIP13),
        ("9900001", CodeKind.CIP7),
        (with_key("340159700001"), CodeKind.ACL13),
        (with_key("340089000001"), CodeKind.UCD13),
        (with_key("400638133393"), CodeKind.EAN13),
        ("40170725", CodeKind.EAN8),
        ("60000001", CodeKind.CIS),
        (with_key("03600029145"), CodeKind.UPC12),
        (with_key("1340099900001"), CodeKind.GTIN14_CASE),
        ("3400999000018", None),
        ("20261124", None),
        ("", None),
        ("PANSEMENT", None),
    ],
)
def test_a_code_tells_its_family(code, kind):
    assert kind_of(code) is kind


def test_every_spelling_of_a_box_meets_in_one_pivot():
    spellings = ["9900001", "3400999000017", "03400999000017"]

    assert {gtin14_of(code) for code in spellings} == {"03400999000017"}
    assert gtin14_of("3400999000018") is None
    assert gtin14_of("texte") is None


def test_a_case_contains_a_box_with_another_key():
    case = with_key("1340099900001")

    assert case[1:] != "3400999000017"
    assert box_of_case(case) == "3400999000017"


@pytest.mark.parametrize(
    "damaged",
    [
        '="3400999000017"',
        "'3400999000017",
        " 34009 990 0001 7 ",
        "34009\u00a0990\u202f00017",
        "3400999000017.0",
        "3400999000017,00",
        "03400999000017",
        "3,400999000017E+12",
        "\ufeff3400999000017",
    ],
)
def test_a_damaged_code_is_found_again(damaged):
    assert clean_code(damaged) == "3400999000017"


@pytest.mark.parametrize("rounded", ["3,40093E+12", "3.401E+12", "3E+12", '="3,40093E+12"'])
def test_a_rounded_code_is_refused_with_the_way_out(rounded):
    with pytest.raises(UnreadableCode, match="formatez la colonne en texte"):
        clean_code(rounded)


def test_an_empty_code_is_refused():
    with pytest.raises(UnreadableCode, match="vide"):
        clean_code('  ""  ')


@given(digits)
def test_cleaning_twice_changes_nothing_more(code):
    assert clean_code(clean_code(code)) == clean_code(code)


@given(st.text(max_size=30))
def test_no_text_upsets_the_family_or_the_pivot(text):
    assert kind_of(text) is None or text.isascii()
    assert gtin14_of(text) is None or len(gtin14_of(text)) == 14


def test_a_key_needs_digits():
    with pytest.raises(ValueError, match="not a number"):
        check_digit("34A")
    with pytest.raises(ValueError, match="not a CIP7"):
        cip13_of("123")
    with pytest.raises(ValueError, match="not a GTIN-14"):
        box_of_case("123")
