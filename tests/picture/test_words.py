"""The keys of a report in French: one is singular, whatever sentence it stands in."""

import re
from decimal import Decimal

import pytest

from backofficine.picture import words
from backofficine.picture.report import Act, Line, Unknown

_ONE = {
    "silence_days", "interval_days", "days_out", "national_days", "cover_days", "horizon_days",
    "days_left", "days", "gaps", "boxes", "lines", "groups", "wrong", "boxes_per_month",
    "per_month", "minutes", "laboratories", "references", "assumed", "unpriced", "ordered_boxes",
    "euros", "old_price", "new_price", "ghost", "share",
}  # fmt: skip
_PLURAL_OF_ONE = re.compile(r"(?<![\d,\u202f])1\s(?:[^\W\d]+s\b|devraient)")
_DAYS = {"expires_on": "2026-10-02", "since": "2026-10-02", "last_ordered_on": "2026-10-02"}


def numbers(value):
    return dict.fromkeys(sorted(_ONE), value)


def line(reason, value):
    return Line(
        code="3400999000017", label="CREME INVENTEE", held=1, reason=reason, numbers=numbers(value),
        words=_DAYS,
    )  # fmt: skip


# References of a generic group are several by nature.
@pytest.mark.parametrize("key", sorted(words.REASONS.keys() - {"several_laboratories"}))
def test_a_reason_of_one_is_singular(key):
    assert not _PLURAL_OF_ONE.search(words.reason(line(key, 1)))


@pytest.mark.parametrize("key", sorted(words.ACTS))
def test_an_act_of_one_is_singular(key):
    _text, why = words.act(Act(key=key, section="ghosts", numbers=numbers(1)))

    assert not _PLURAL_OF_ONE.search(why)


@pytest.mark.parametrize("key", sorted(words.UNKNOWNS))
def test_what_one_day_does_not_tell_is_singular(key):
    text, _export = words.unknown(Unknown(key=key, export="count", numbers=numbers(1)))

    assert not _PLURAL_OF_ONE.search(text)


def test_what_was_ordered_again_is_not_recommended():
    told = words.reason(line("stopped", 1))

    assert "Commandé de nouveau\u00a0: 1\u00a0boîte, la dernière fois le 2" in told.replace(
        "1 boîte", "1\u00a0boîte"
    )


def test_days_between_two_sales_keep_their_tenth():
    told = words.in_words({"interval_days": Decimal("12.3"), "cover_days": Decimal("1.6")}, {})

    assert [told[key].replace("\u00a0", " ") for key in ("interval_days", "cover_days")] == [
        "12,3 jours", "2 jours",
    ]  # fmt: skip
