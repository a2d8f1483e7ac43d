"""Accounts, PINs, actors: who proves, and is never measured."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from backofficine.kernel import vault
from backofficine.team import services
from backofficine.team.models import Actor, NameOpening, Role, SwitchAttempt, User, Workstation
from tests.factories import ActorFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> Workstation:
    return services.add_workstation(name="Comptoir 1", post=Workstation.Post.COUNTER)


def colleague(now: datetime, *, username: str = "marc", pin: str = "4026") -> User:
    return services.add_person(
        username=username,
        name="Marc Lestienne",
        role=Role.TECHNICIAN,
        password="une-phrase-longue",
        pin=pin,
        at=now,
    )


def test_a_name_is_encrypted_and_shown_as_initials(now: datetime) -> None:
    marc = colleague(now)

    assert "Lestienne" not in marc.name_cipher
    assert marc.name == "Marc Lestienne"
    assert marc.initials == "M. L."


def test_a_destroyed_key_leaves_only_the_username(now: datetime) -> None:
    marc = colleague(now)

    vault.destroy_month(vault.month_of(now))

    assert User.objects.get(pk=marc.pk).name == "marc"


def test_a_technician_may_dispense_and_may_not_sign_tariffs(now: datetime) -> None:
    marc = colleague(now)

    assert marc.may("dispense")
    assert not marc.may("sign_tariffs")
    assert not marc.may("move_narcotics")


def test_a_stock_clerk_never_dispenses() -> None:
    clerk = PersonFactory(role=Role.STOCK_CLERK)

    assert clerk.may("receive")
    assert not clerk.may("dispense")
    assert not clerk.may("promise")


def test_a_username_is_taken_whatever_its_case(now: datetime) -> None:
    colleague(now)

    with pytest.raises(services.NameTaken):
        colleague(now, username="MARC")


@pytest.mark.parametrize("pin", ["0000", "1234", "9876", "12", "123456789", "12a4", "١٢٣٥"])
def test_an_easy_pin_is_refused(now: datetime, pin: str) -> None:
    with pytest.raises(services.WeakPin):
        services.set_pin(colleague(now), pin=pin)


def test_a_pin_is_kept_as_an_argon2_hash(now: datetime) -> None:
    assert colleague(now).pin_hash.startswith("argon2$")


def test_the_right_pin_opens(now: datetime, station: Workstation) -> None:
    services.check_pin(colleague(now), pin="4026", workstation=station, at=now)

    assert SwitchAttempt.objects.get().succeeded


def test_five_wrong_pins_lock_the_person_out_of_that_workstation(
    now: datetime, station: Workstation
) -> None:
    marc = colleague(now)
    for _try in range(services.FAILURES_ALLOWED):
        with pytest.raises(services.WrongPin):
            services.check_pin(marc, pin="5820", workstation=station, at=now)

    with pytest.raises(services.LockedOut):
        services.check_pin(marc, pin="4026", workstation=station, at=now + timedelta(minutes=4))
    services.check_pin(marc, pin="4026", workstation=station, at=now + timedelta(minutes=6))


def test_a_success_forgets_the_failures_before_it(now: datetime, station: Workstation) -> None:
    marc = colleague(now)
    for _try in range(services.FAILURES_ALLOWED - 1):
        with pytest.raises(services.WrongPin):
            services.check_pin(marc, pin="5820", workstation=station, at=now)
    services.check_pin(marc, pin="4026", workstation=station, at=now + timedelta(seconds=1))

    with pytest.raises(services.WrongPin) as refused:
        services.check_pin(marc, pin="5820", workstation=station, at=now + timedelta(seconds=2))

    assert refused.value.details["left"] == services.FAILURES_ALLOWED - 1


def test_guessing_at_everyone_locks_the_workstation(now: datetime, station: Workstation) -> None:
    for number in range(services.STATION_FAILURES_ALLOWED):
        SwitchAttempt.objects.create(
            workstation=station,
            user=PersonFactory(),
            succeeded=False,
            attempted_at=now - timedelta(minutes=number),
        )

    with pytest.raises(services.LockedOut):
        services.check_pin(colleague(now), pin="4026", workstation=station, at=now)


def test_an_actor_is_renewed_every_month_and_says_nothing(now: datetime) -> None:
    marc = colleague(now)

    november = services.actor_of(marc, at=now)
    december = services.actor_of(marc, at=now + timedelta(days=10))

    assert services.actor_of(marc, at=now) == november
    assert november != december
    assert "marc" not in str(november)


def test_old_actors_lose_their_name_and_facts_do_not_change(now: datetime) -> None:
    marc = colleague(now)
    old = services.actor_of(marc, at=now - timedelta(days=220))
    recent = services.actor_of(marc, at=now)

    cut = services.forget_names(before_month="2026-05")

    assert cut == 1
    assert Actor.objects.get(pk=old.pk).user is None
    assert Actor.objects.get(pk=recent.pk).user == marc


def test_opening_a_name_is_logged_with_its_reason(now: datetime) -> None:
    marc = colleague(now)
    actor = services.actor_of(marc, at=now)

    name = services.open_name(
        actor,
        fact_kind="posting",
        fact_number="12",
        reason="narcotics",
        opened_by=ActorFactory(),
        at=now,
    )

    assert name == "Marc Lestienne"
    assert NameOpening.objects.get().reason == "narcotics"


def test_the_last_owner_can_neither_leave_nor_change_post() -> None:
    owner = PersonFactory(role=Role.OWNER)

    with pytest.raises(services.LastOwner):
        services.leave(owner)
    with pytest.raises(services.LastOwner):
        services.change_role(owner, role=Role.TECHNICIAN)


def test_who_has_left_can_no_longer_switch(now: datetime, station: Workstation) -> None:
    marc = colleague(now)

    services.leave(marc)

    with pytest.raises(services.NoPin):
        services.check_pin(marc, pin="4026", workstation=station, at=now)


def test_a_wall_token_is_kept_as_a_hash_and_can_be_revoked(now: datetime) -> None:
    from backofficine.team import queries

    screen, token = services.add_wall_screen(name="Quai", at=now)

    assert token not in screen.token_hash
    assert queries.wall_screen(token) == screen
    services.revoke_wall_screen(screen.pk, at=now)
    assert queries.wall_screen(token) is None


def test_keys_are_readable_by_this_user_alone(now: datetime, keys: Path) -> None:
    colleague(now)

    assert keys.stat().st_mode & 0o077 == 0
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys.iterdir())
