"""Who is waited for: encrypted, found without being read, opened on record, erased."""

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from backofficine.kernel import append_only, vault
from backofficine.promises import identity, services
from backofficine.promises.models import PromiseEvent, PromiseIdentity
from backofficine.promises.queries import board, find
from backofficine.team.models import Actor
from tests.promises.conftest import Promising

NAME, PHONE = "QUERCYVAL Éloïse", "06 12 34 98 76"


def everything_stored() -> str:
    """Every text of every table, as a thief of the file would read it."""
    texts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            texts.append(repr(cursor.fetchall()))
    return " ".join(texts).lower()


def test_no_table_and_no_log_holds_a_name_or_a_phone(
    promising: Promising, actor: Actor, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        promise = promising(name=NAME, phone=PHONE)
        services.open_contact(promise, at=now, actor=actor, reason="call")

    stored = everything_stored()
    assert promise.request_id.hex in stored.replace("-", ""), "the search itself works"
    for secret in ("quercyval", "éloïse", "eloise", "0612349876", "34 98 76"):
        assert secret not in stored
        assert secret not in caplog.text.lower()


def test_facts_about_promises_hold_no_person(promising: Promising) -> None:
    assert PromiseEvent._meta.db_table in append_only.tables()
    assert {"name", "phone", "initials"}.isdisjoint(
        field.name for field in PromiseEvent._meta.get_fields()
    )


def test_opening_a_contact_is_a_fact_with_its_reason(
    promising: Promising, actor: Actor, now: datetime
) -> None:
    promise = promising(name=NAME, phone=PHONE)

    contact = services.open_contact(promise, at=now, actor=actor, reason="hand_over")

    assert (contact.name, contact.phone) == (NAME, PHONE)
    fact = promise.events.get(kind=PromiseEvent.Kind.CONTACT_OPENED)
    assert fact.details == {"reason": "hand_over"}


def test_destroying_a_month_closes_its_names_for_ever(
    promising: Promising, actor: Actor, now: datetime
) -> None:
    promise = promising(name=NAME)

    assert services.destroy_key("2026-11")

    with pytest.raises(vault.Erased):
        services.open_contact(promise, at=now, actor=actor, reason="call")
    assert identity.initials_of(promise) == identity.UNKNOWN
    assert [card.initials for lane in board(now).lanes for card in lane.cards] == ["–"]


def test_the_key_of_promises_opens_nothing_else(promising: Promising) -> None:
    promising()
    elsewhere = vault.encrypt("Camille", month="2026-11")

    services.destroy_key("2026-11")

    assert vault.decrypt(elsewhere, month="2026-11") == "Camille"


def test_identities_are_erased_some_days_after_closing(
    promising: Promising, actor: Actor, now: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    closed, waiting = promising(name=NAME), promising(name="DURAND")
    services.cancel(closed, at=now, actor=actor)

    early = services.erase_old(at=now + timedelta(days=29), actor=actor)
    with django_capture_on_commit_callbacks(execute=True):
        erased = services.erase_old(at=now + timedelta(days=31), actor=actor)

    assert (early, erased) == (0, 1)
    assert list(PromiseIdentity.objects.values_list("promise", flat=True)) == [waiting.pk]
    assert closed.events.filter(kind=PromiseEvent.Kind.ERASED).count() == 1
    assert identity.initials_of(waiting) == "D.", "its month still has somebody waiting"


def test_a_month_that_holds_nobody_any_more_loses_its_key(
    promising: Promising, actor: Actor, now: datetime, keys: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    services.cancel(promising(), at=now, actor=actor)
    assert (keys / "month-promises-2026-11.key").exists()

    with django_capture_on_commit_callbacks(execute=True):
        services.erase_old(at=now + timedelta(days=40), actor=actor)

    assert not (keys / "month-promises-2026-11.key").exists()


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("MARTIN Éloïse", "M. É."),
        ("Mme Jeanne de La Tour", "J. T."),
        ("durand", "D."),
        ("E. T.", "E. T."),
        ("M", "M."),
    ],
)
def test_initials_are_those_of_the_first_and_last_words(name: str, initials: str) -> None:
    assert identity.initials(name) == initials


def test_an_erased_promise_is_still_found_by_its_number(
    promising: Promising, actor: Actor, now: datetime
) -> None:
    promise = promising(name=NAME)
    services.destroy_key("2026-11")

    assert find(str(promise.number)) == [promise]
    assert find("quercyval") == []
