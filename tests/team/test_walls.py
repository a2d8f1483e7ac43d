"""The database refuses each impossible state of the team, by the name of its constraint."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from backofficine.team.models import Actor, NameOpening, Role, User
from tests.factories import ActorFactory, PersonFactory

pytestmark = pytest.mark.django_db


def _refused(act) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        act()
    return str(refusal.value)


def test_everybody_has_a_known_role():
    person = PersonFactory()

    said = _refused(lambda: User.objects.filter(pk=person.pk).update(role="director"))

    assert "user_has_a_known_role" in said


def test_a_person_has_one_number_a_month():
    person = PersonFactory()
    ActorFactory(user=person)

    said = _refused(lambda: ActorFactory(user=person))

    assert "a_person_has_one_actor_a_month" in said or "team_actor.user_id" in said
    assert ActorFactory(user=person, month="2026-12").user == person


def test_the_system_and_the_files_have_nobody_behind_them():
    person = PersonFactory()

    for kind in (Actor.Kind.SYSTEM, Actor.Kind.IMPORT):
        said = _refused(lambda kind=kind: ActorFactory(kind=kind, user=person))
        assert "only_a_person_has_a_user" in said


def test_two_people_do_not_share_a_username():
    PersonFactory(username="camille")

    assert "username" in _refused(lambda: PersonFactory(username="camille"))


def test_removing_a_person_cuts_the_link_and_keeps_the_facts():
    person = PersonFactory()
    actor = ActorFactory(user=person)

    person.delete()

    actor.refresh_from_db()
    assert actor.user is None


def test_an_opened_name_stays_told(now):
    actor = ActorFactory()
    opening = NameOpening.objects.create(
        actor=actor, opened_by=actor, fact_kind="posting", fact_number="1", reason="recall",
        opened_at=now,
    )  # fmt: skip

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        opening.delete()


def test_the_roles_of_the_house_are_permission_groups_and_climb():
    people = {role: PersonFactory(role=role) for role in Role.values}

    def rights(role: str) -> set[str]:
        return {right for right in people[role].get_all_permissions() if right.startswith("team.")}

    assert rights("stock_clerk") < rights("technician") < rights("pharmacist") < rights("owner")
    assert "team.dispense" not in rights("stock_clerk")
    assert "team.move_narcotics" not in rights("technician")
