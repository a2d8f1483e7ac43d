"""What changes the team: accounts, PINs, actors, workstations."""

from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction

from backofficine.kernel import vault
from backofficine.team.models import Actor, Role, User, Workstation


@transaction.atomic
def add_person(*, username: str, name: str, role: Role, password: str, at: datetime) -> User:
    """Create an account. This will encrypt the name and give the rights of the role."""
    month = vault.month_of(at)
    user = User(
        username=username, role=role, name_cipher=vault.encrypt(name, month=month), name_month=month
    )
    user.set_password(password)
    user.save()
    user.groups.set([Group.objects.get(name=role)])
    return user


def actor_of(user: User, *, at: datetime) -> Actor:
    """The opaque actor of this person in this month, made on first use."""
    month = vault.month_of(at)
    found = Actor.objects.filter(user=user, month=month).first()
    return found or Actor.objects.get_or_create(user=user, month=month)[0]


def system_actor(*, kind: Actor.Kind = Actor.Kind.SYSTEM) -> Actor:
    """The actor of jobs, imports and commands: one per kind, with no person behind it."""
    actor = Actor.objects.filter(kind=kind, user=None).order_by("pk").first()
    return actor or Actor.objects.create(kind=kind, month="")


def add_workstation(*, name: str, post: Workstation.Post) -> Workstation:
    """Declare a shared computer or phone."""
    return Workstation.objects.create(name=name, post=post)
