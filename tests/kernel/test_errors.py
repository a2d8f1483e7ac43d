"""A refusal is a sentence in the reader's language."""

from django.utils import translation

from backofficine.kernel.ids import derived_id
from backofficine.kernel.vault import Erased
from backofficine.stock.services import InsufficientStock


def test_the_sentence_is_filled_and_translated_when_it_is_read():
    error = InsufficientStock(wanted=3, held=1, lot="A12", location="R-04")

    with translation.override("fr"):
        assert "A12" in str(error)
        assert "Comptez" in str(error)
    with translation.override("en"):
        assert "Count the place" in str(error)


def test_a_refusal_says_what_to_do_next():
    with translation.override("fr"):
        assert "Redemandez" in str(Erased()) or "patient" in str(Erased())


def test_a_later_step_has_the_same_identifier_each_time():
    assert derived_id("reverse", 1) == derived_id("reverse", 1)
    assert derived_id("reverse", 1) != derived_id("reverse", 11)
    assert derived_id("a", "bc") != derived_id("ab", "c")
