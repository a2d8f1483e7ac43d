"""The house laboratory of a generic group: what is kept in place of what, and where it is out."""

from datetime import date

import pytest

from backofficine.catalog.models import GenericGroup, GenericMember, Product
from backofficine.planning.queries import house_choice, house_out
from backofficine.purchasing.services import set_house
from tests.factories import ProductFactory, SpecialityFactory

pytestmark = pytest.mark.usefixtures("pharmacy")
SINCE = date(2026, 1, 1)


@pytest.fixture
def group(pharmacy):
    return GenericGroup.objects.create(number="101", label="ZULVANTINE 500 mg")


@pytest.fixture
def member(group):
    """``member("LABO A")``: a followed presentation of the group, thirty tablets."""

    def made(laboratory, *, kind=GenericMember.Kind.GENERIC, of=None, **facts):
        speciality = SpecialityFactory()
        GenericMember.objects.create(
            group=of or group, cis=speciality.cis, speciality=speciality, kind=kind
        )
        return ProductFactory(speciality=speciality, manufacturer=laboratory, **facts)

    return made


def test_without_a_house_laboratory_nothing_is_replaced(member, today):
    member("LABO A")

    assert house_choice(today) == {}


def test_another_laboratory_gives_way_to_the_house(member, group, today):
    ours, other = member("LABO A"), member("LABO B")
    set_house("Labo A", group=group, valid_from=SINCE)

    assert house_choice(today) == {other.pk: ours.pk}
    assert house_out(today) == {}
    assert house_choice(date(2025, 1, 1)) == {}


@pytest.mark.parametrize("state", [Product.Availability.SHORTAGE, Product.Availability.STOPPED])
def test_when_the_house_is_out_another_is_ordered_and_says_so(member, group, today, state):
    ours, other = member("LABO A", availability=state), member("LABO B")
    set_house("LABO A", group=group, valid_from=SINCE)

    assert house_choice(today) == {}
    assert house_out(today) == {other.pk: ours.pk}


def test_a_house_product_that_is_no_longer_made_counts_for_nothing(member, group, today):
    member("LABO A", state=Product.State.STOPPED)
    member("LABO B")
    set_house("LABO A", group=group, valid_from=SINCE)

    assert (house_choice(today), house_out(today)) == ({}, {})


def test_the_originator_and_another_pack_are_left_alone(member, group, today):
    member("LABO A")
    member("MARQUE", kind=GenericMember.Kind.BRAND)
    member("LABO B", pack="B/90")
    member("LABO C", is_followed=False)
    set_house("LABO A", group=group, valid_from=SINCE)

    assert house_choice(today) == {}


def test_a_house_for_every_group_gives_way_to_one_named(member, group, today):
    second = GenericGroup.objects.create(number="102", label="NORBIVEX 10 mg")
    first_a, first_b = member("LABO A"), member("LABO B")
    second_a, second_b = member("LABO A", of=second), member("LABO B", of=second)
    set_house("LABO A", group=None, valid_from=SINCE)
    set_house("LABO B", group=second, valid_from=SINCE)

    assert house_choice(today) == {first_b.pk: first_a.pk, second_a.pk: second_b.pk}


def test_of_two_house_products_the_one_followed_here_is_kept(member, group, today):
    member("LABO A", is_followed=False)
    kept, other = member("LABO A"), member("LABO B")
    set_house("LABO A", group=group, valid_from=SINCE)

    assert house_choice(today) == {other.pk: kept.pk}


def test_the_choice_is_read_in_three_questions(member, group, today, django_assert_num_queries):
    for letter in "ABCDEF":
        member(f"LABO {letter}")
    set_house("LABO A", group=None, valid_from=SINCE)

    with django_assert_num_queries(3):
        assert len(house_choice(today)) == 5
