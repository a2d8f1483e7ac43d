"""What changes the team: accounts, PINs, actors, workstations, wall screens."""

import secrets
from datetime import datetime, timedelta
from itertools import pairwise

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backofficine.kernel import vault
from backofficine.kernel.errors import DomainError
from backofficine.team.models import (
    Actor,
    NameOpening,
    Role,
    SwitchAttempt,
    User,
    WallScreen,
    Workstation,
)
from backofficine.team.tokens import token_hash

PIN_HASHER = "argon2"
FAILURES_ALLOWED = 5  # for one person on one workstation
FAILURES_WINDOW = timedelta(minutes=5)
STATION_FAILURES_ALLOWED = 20  # whoever is guessed at
STATION_WINDOW = timedelta(hours=1)
BADGE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0/O, 1/I: people read badges aloud


class NameTaken(DomainError):
    message = _("“%(username)s” is already used. Choose another username.")


class WeakPin(DomainError):
    message = _("Choose 4 to 8 digits that are not all equal and do not follow each other.")


class WrongPin(DomainError):
    message = _("That is not the PIN of this person. %(left)s more tries on this workstation.")


class LockedOut(DomainError):
    message = _(
        "Too many wrong PINs on this workstation. Wait %(minutes)s minutes, or log in with the "
        "password."
    )


class NoPin(DomainError):
    message = _("This person has no PIN yet. Log in with the password, then set one under Team.")


class LastOwner(DomainError):
    message = _("The pharmacy needs an owner: name another one first.")


@transaction.atomic
def add_person(
    *, username: str, name: str, role: Role, password: str | None, at: datetime, pin: str = ""
) -> User:
    """Create an account. This will encrypt the name, give the rights of the role and a badge.

    Without a password nobody logs in until one is set.

    :raises NameTaken: if the username exists.
    :raises WeakPin: if a PIN is given and is too easy to guess.
    """
    if User.objects.filter(username__iexact=username).exists():
        raise NameTaken(username=username)
    month = vault.month_of(at)
    user = User(
        username=username,
        role=role,
        name_cipher=vault.encrypt(name, month=month),
        name_month=month,
        badge=new_badge(),
    )
    user.set_password(password)
    if pin:
        user.pin_hash = _hash(pin)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise NameTaken(username=username) from error
    user.groups.set([Group.objects.get(name=role)])
    return user


def new_badge() -> str:
    """A badge number that says nothing of its holder: ``B-`` and eight characters."""
    return "B-" + "".join(secrets.choice(BADGE_ALPHABET) for _letter in range(8))


def set_pin(user: User, *, pin: str) -> None:
    """Choose the digits that switch to this person. :raises WeakPin: if they are easy to guess."""
    user.pin_hash = _hash(pin)
    user.save(update_fields=["pin_hash"])


def _hash(pin: str) -> str:
    if not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 8):
        raise WeakPin
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        raise WeakPin
    return make_password(pin, hasher=PIN_HASHER)


def check_pin(user: User, *, pin: str, workstation: Workstation, at: datetime) -> None:
    """Prove a person by PIN on a declared workstation; failures are counted in the database.

    :raises LockedOut: after five failures for this person, or twenty in all, on this workstation.
    :raises NoPin: if the person never chose one.
    :raises WrongPin: otherwise, with the tries left.
    """
    attempt, left = _begin_attempt(user, workstation=workstation, at=at)
    if not check_password(pin, user.pin_hash, preferred=PIN_HASHER):
        raise WrongPin(left=left)
    SwitchAttempt.objects.filter(pk=attempt.pk).update(succeeded=True)
    SwitchAttempt.objects.filter(attempted_at__lt=at - timedelta(days=1)).delete()


@transaction.atomic
def _begin_attempt(
    user: User, *, workstation: Workstation, at: datetime
) -> tuple[SwitchAttempt, int]:
    """Count a guess before it is checked: the attempt, and the tries left if it is wrong.

    The workstation's row is the lock: guesses made at once are counted one after the other.
    """
    Workstation.objects.select_for_update(no_key=True).get(pk=workstation.pk)
    failed = SwitchAttempt.objects.filter(workstation=workstation, succeeded=False)
    if failed.filter(attempted_at__gt=at - STATION_WINDOW).count() >= STATION_FAILURES_ALLOWED:
        raise LockedOut(minutes=int(STATION_WINDOW.total_seconds() // 60))
    own = failed.filter(user=user, attempted_at__gt=at - FAILURES_WINDOW)
    last_success = (
        SwitchAttempt.objects.filter(workstation=workstation, user=user, succeeded=True)
        .order_by("-attempted_at", "-pk")
        .first()
    )
    if last_success is not None:
        own = own.filter(attempted_at__gt=last_success.attempted_at)
    failures = own.count()
    if failures >= FAILURES_ALLOWED:
        raise LockedOut(minutes=int(FAILURES_WINDOW.total_seconds() // 60))
    if not user.pin_hash:
        raise NoPin
    attempt = SwitchAttempt.objects.create(
        workstation=workstation, user=user, succeeded=False, attempted_at=at
    )
    return attempt, FAILURES_ALLOWED - failures - 1


@transaction.atomic
def change_role(user: User, *, role: Role) -> None:
    """Give another post, and its rights. :raises LastOwner: if no owner would be left."""
    if user.role == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(user)
    user.role = role
    user.save(update_fields=["role"])
    user.groups.set([Group.objects.get(name=role)])


@transaction.atomic
def leave(user: User) -> None:
    """Close an account; facts keep their actor. :raises LastOwner: if it is the last owner."""
    if user.role == Role.OWNER:
        _keep_an_owner(user)
    user.is_active = False
    user.pin_hash = ""
    user.save(update_fields=["is_active", "pin_hash"])


def _keep_an_owner(user: User) -> None:
    # Two owners who leave at the same instant wait for each other here.
    owners = User.objects.select_for_update().filter(role=Role.OWNER, is_active=True)
    if {owner.pk for owner in owners.order_by("pk")} <= {user.pk}:
        raise LastOwner


def actor_of(user: User, *, at: datetime) -> Actor:
    """The opaque actor of this person in this month, made on first use."""
    month = vault.month_of(at)
    found = Actor.objects.filter(user=user, month=month).first()
    return found or Actor.objects.get_or_create(user=user, month=month)[0]


def system_actor(*, kind: Actor.Kind = Actor.Kind.SYSTEM) -> Actor:
    """The actor of jobs, imports and commands: one per kind, with no person behind it."""
    actor = Actor.objects.filter(kind=kind, user=None).order_by("pk").first()
    return actor or Actor.objects.create(kind=kind, month="")


def forget_names(*, before_month: str) -> int:
    """Cut the link between old actor numbers and people; returns how many were cut.

    ``before_month`` is the first month kept (``2026-05``). Facts do not change.
    """
    old = Actor.objects.filter(kind=Actor.Kind.PERSON, user__isnull=False, month__lt=before_month)
    return old.update(user=None)


@transaction.atomic
def open_name(
    actor: Actor, *, fact_kind: str, fact_number: str, reason: str, opened_by: Actor, at: datetime
) -> str:
    """Read the name behind one fact, for a reason. This will log it; the person named is told."""
    NameOpening.objects.create(
        actor=actor,
        opened_by=opened_by,
        fact_kind=fact_kind,
        fact_number=fact_number,
        reason=reason,
        opened_at=at,
    )
    if actor.user is None:
        return str(_("name no longer kept"))
    return actor.user.name


def add_workstation(*, name: str, post: Workstation.Post) -> Workstation:
    """Declare a shared computer or phone."""
    return Workstation.objects.create(name=name, post=post)


def retire_workstation(workstation: Workstation) -> None:
    """Its cookie opens nothing any more."""
    Workstation.objects.filter(pk=workstation.pk).update(is_active=False)


def remember_reader(workstation: Workstation, *, keyboard_layout: str) -> None:
    """Keep how the reader of this workstation types, so that the next scan is read at once."""
    Workstation.objects.filter(pk=workstation.pk).update(keyboard_layout=keyboard_layout)


def add_wall_screen(*, name: str, at: datetime) -> tuple[WallScreen, str]:
    """A wall screen and its token, which is told once and kept only as a hash."""
    token = secrets.token_urlsafe(24)
    screen = WallScreen.objects.create(name=name, token_hash=token_hash(token), created_at=at)
    return screen, token


def revoke_wall_screen(number: int, *, at: datetime) -> None:
    """The token shows nothing any more."""
    WallScreen.objects.filter(pk=number, revoked_at=None).update(revoked_at=at)
