"""The database refuses each impossible state of a picture, by the name of its wall."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from backofficine.picture import services
from backofficine.picture.models import (
    Picture,
    PictureCount,
    RememberedLayout,
    StartingPoint,
)
from tests.picture.files import given
from tests.picture.shop import code

pytestmark = pytest.mark.django_db


@pytest.fixture
def picture(pharmacy, actor, now) -> Picture:
    return services.take_picture(given(), at=now, actor=actor)


def refused(wall, make):
    with pytest.raises(IntegrityError, match=wall), transaction.atomic():
        make()


def count(picture, actor, now, **fields):
    told = {"code": code(40), "held": 4, "found": 0, "request_id": uuid4(), **fields}
    return lambda: PictureCount.objects.create(picture=picture, counted_at=now, actor=actor, **told)


def test_a_count_names_a_product_and_is_typed_once(picture, actor, now):
    request = uuid4()
    count(picture, actor, now, request_id=request)()

    refused("picture_count_names_a_product", count(picture, actor, now, code=""))
    refused("found|constraint", count(picture, actor, now, found=-1))
    refused("request_id|picture_count_is_typed_once",
            count(picture, actor, now, request_id=request))  # fmt: skip


def test_a_layout_is_of_a_file_and_remembered_once(actor, now):
    def remember(what):
        return lambda: RememberedLayout.objects.create(
            what=what, fingerprint="f", layout={}, remembered_at=now, actor=actor
        )

    remember("stock")()

    refused("layout_is_of_a_file", remember("robot"))
    refused("fingerprint|layout_is_remembered_once", remember("stock"))


def start(picture, actor, now, **fields):
    return lambda: StartingPoint.objects.create(
        picture=picture, stock_report={}, sales_report={}, made_at=now, made_by=actor, **fields
    )


def test_one_starting_point_is_in_force_and_undone_by_someone(picture, actor, now):
    start(picture, actor, now)()

    refused("is_in_force|one_starting_point", start(picture, actor, now))
    refused("a_starting_point_is_undone_by_someone",
            start(picture, actor, now, is_in_force=False))  # fmt: skip
    refused("a_starting_point_is_undone_after_it_was_made",
            start(picture, actor, now, is_in_force=False, undone_by=actor,
                  undone_at=now.replace(year=2020)))  # fmt: skip


def test_a_picture_and_what_was_found_are_facts(picture, actor, now):
    count(picture, actor, now)()

    for act in (
        lambda: Picture.objects.update(edition="x"),
        lambda: Picture.objects.filter(pk=picture.pk).delete(),
        lambda: PictureCount.objects.update(found=9),
    ):
        with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic():
            act()
    assert Picture.objects.get().edition == picture.edition
