"""A US scanner on a French workstation: the table, and the law that undo finds the code."""

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backofficine.formats.keyboard import Layout, typed, undo

CODE = "]d201034009990000171728053110AB12cd\x1d21XyZ-09"

# A mute sign is lost for good, and so is a space after a dead key; the rest must come back.
printable = "".join(sorted(set(map(chr, range(32, 127))) - set("~` ")))
codes = st.text(printable + "\x1d", max_size=60)


@pytest.mark.parametrize(
    ("layout", "received"),
    [
        (Layout.AS_SENT, CODE),
        (Layout.AZERTY, '$déà&à"\'ààçççàààà&è&èé_à("&&àQB&écd\x1dé&XyW)àç'),
        (Layout.AZERTY_CAPS, "£D201034009990000171728053110qb12CD\x1d21xYw°09"),
        (Layout.CASE_INVERTED, "]D201034009990000171728053110ab12CD\x1d21xYz-09"),
    ],
)
def test_a_box_arrives_deformed_as_on_a_real_workstation(layout, received):
    assert typed(CODE, layout) == received
    assert undo(received, layout) == CODE


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ("01", "à&"),
        ("]d2", "$dé"),
        ("3400999000017", "\"'ààçççàààà&è"),
        ("!@#$%^&*()", "1234567890"),
        ("-_=+", ")°=+"),
        ("\\|;:'\",<.>/?", "*µmMù%;.:/!§"),
        ("awmzqAWMZQ", "qz,waQZ?WA"),
    ],
)
def test_each_group_of_keys_follows_the_table(sent, received):
    assert typed(sent, Layout.AZERTY) == received


@given(codes, st.sampled_from(Layout))
def test_undoing_gives_the_code_back(code, layout):
    assert undo(typed(code, layout), layout) == code


@given(codes, st.sampled_from([Layout.AZERTY, Layout.AZERTY_CAPS]))
def test_undoing_also_works_when_accents_come_apart(code, layout):
    apart = unicodedata.normalize("NFD", typed(code, layout))

    assert undo(apart, layout) == code


@pytest.mark.parametrize(
    ("sent", "received"), [("[e", "ê"), ("{u", "ü"), ("[[x", "^^x"), ("{O", "Ö")]
)
def test_a_dead_key_joins_the_next_vowel(sent, received):
    assert typed(sent, Layout.AZERTY) == received
    assert undo(received, Layout.AZERTY) == sent


@given(st.text(max_size=40), st.sampled_from(Layout))
def test_any_text_may_be_undone(text, layout):
    assert isinstance(undo(text, layout), str)


def test_capital_lock_leaves_the_digits_of_a_code_alone():
    assert typed(string.digits, Layout.AZERTY_CAPS) == string.digits
