"""The test tools themselves: the factories make true rows, the commits leave no trace."""

import pytest
from django.db import IntegrityError, transaction

from backofficine.kernel import append_only
from backofficine.stock import queries
from backofficine.stock.models import ChainHead, Location, Posting
from backofficine.team.models import User
from tests import factories


@pytest.mark.django_db
def test_a_person_has_the_rights_of_the_role():
    technician = factories.PersonFactory(technician=True)

    assert technician.may("dispense")
    assert not technician.may("move_narcotics")
    assert technician.initials == "C. P."


@pytest.mark.django_db
def test_stocked_boxes_came_by_a_receipt():
    product = factories.ProductFactory()

    factories.stocked(product, 7)

    assert queries.on_hand(product) == 7
    assert queries.audit().is_sound


@pytest.mark.parametrize("turn", [1, 2])
def test_a_committing_test_leaves_the_first_rows_and_the_triggers(committed_db, turn):
    assert ChainHead.objects.get().position == 0
    assert not Posting.objects.exists()
    assert set(Location.objects.values_list("kind", flat=True)) == set(Location.VIRTUAL)
    assert append_only.unguarded() == []

    factories.PersonFactory()
    factories.stocked(quantity=3)

    assert ChainHead.objects.get().position == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Posting.objects.all().delete()


def test_nothing_is_left_after_them(committed_db):
    assert not User.objects.exists()
    assert not Posting.objects.exists()
    assert factories.PersonFactory().may("sign_tariffs")
