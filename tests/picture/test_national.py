"""The national catalogue, from the database or straight from its files."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from backofficine.catalog.services import import_bdpm
from backofficine.picture import national


def test_the_database_and_the_files_say_the_same(editions, real_national, db, now):
    for folder in editions:
        import_bdpm(folder, at=now)

    stored = national.from_catalogue()

    assert stored.editions == real_national.editions
    assert stored.groups == real_national.groups
    assert stored.groups_of == real_national.groups_of
    assert stored.brands == real_national.brands
    assert stored.products.keys() == real_national.products.keys()
    different = [
        code for code, one in stored.products.items() if one != real_national.products[code]
    ]
    assert different == []


def test_a_price_that_fell_keeps_its_history(real_national):
    fallen = [
        one
        for one in real_national.products.values()
        if len(one.prices) == 2 and one.prices[1].amount < one.prices[0].amount
    ]

    assert len(fallen) > 700  # 97 % of the 858 changes that FACTS.md counts
    assert {one.prices[0].valid_until for one in fallen} == {date(2026, 1, 27)}
    assert {one.prices[1].valid_from for one in fallen} == {date(2026, 1, 28)}
    assert all(one.prices[1].amount == one.price for one in fallen)


@pytest.fixture
def one_box() -> national.National:
    box = national.NationalProduct(
        cip13="3400999000017", cis="69990001", name="INVENTEX", strength="10 mg",
        form="comprimé", pack="B/30", laboratory="ALPHA", atc="N02AA01", legal_status="narcotic",
        state="stopped", availability="available", absent_since="", price=Decimal("2.50"),
    )  # fmt: skip
    heir = replace(box, cip13="3400999000024", state="marketed")
    return national.National({one.cip13: one for one in (box, heir)})


@pytest.mark.parametrize("code", ["3400999000017", "9900001", "03400999000017"])
def test_a_box_is_found_under_each_of_its_codes(one_box, code):
    assert one_box.find(code.removeprefix("0")).cip13 == "3400999000017"


def test_an_unknown_code_names_nothing(one_box):
    assert one_box.find("3400999000031") is None
    assert one_box.find("ABC") is None
    assert one_box.find("") is None


def test_a_stopped_box_has_for_successor_the_same_medicine_and_size(one_box):
    stopped = one_box.products["3400999000017"]

    assert not stopped.is_sold
    assert one_box.successor(stopped).cip13 == "3400999000024"
    assert one_box.successor(one_box.products["3400999000024"]) is None


def test_what_one_keeps_for_an_emergency_is_known_by_its_class(one_box):
    stopped = one_box.products["3400999000017"]

    assert stopped.is_emergency
    assert not replace(stopped, atc="N02BE01").is_emergency
    assert replace(stopped, atc="", marked_emergency=True).is_emergency
