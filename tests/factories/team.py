"""People, their numbers, and the computers they share."""

from typing import Any

import factory
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from factory.django import DjangoModelFactory

from backofficine.kernel import vault
from backofficine.team.models import Actor, Role, User, Workstation
from tests.factories.base import NOW

PASSWORD = "tilleuls en fleur"


class PersonFactory(DjangoModelFactory[User]):
    """A member of the team: ``PersonFactory(technician=True)``; by default the owner."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        pharmacist = factory.Trait(role=Role.PHARMACIST)
        technician = factory.Trait(role=Role.TECHNICIAN)
        stock_clerk = factory.Trait(role=Role.STOCK_CLERK)

    username = factory.Sequence(lambda number: f"personne{number}")
    role = Role.OWNER
    password = factory.django.Password(PASSWORD)
    name_month = vault.month_of(NOW)
    name_cipher = factory.LazyAttribute(
        lambda person: vault.encrypt(f"Camille {person.username}", month=person.name_month)
    )

    @factory.post_generation
    def rights(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        """The permission group of the role, as ``team.services.add_person`` gives it."""
        if create:
            self.groups.set([Group.objects.get(name=self.role)])


class ActorFactory(DjangoModelFactory[Actor]):
    """The opaque number of a fact; ``user=`` links it to a person for the month."""

    class Meta:
        model = Actor

    month = vault.month_of(NOW)


class WorkstationFactory(DjangoModelFactory[Workstation]):
    """A shared computer."""

    class Meta:
        model = Workstation

    name = factory.Sequence(lambda number: f"Comptoir {number}")
    post = Workstation.Post.COUNTER


def signed_in(person: User, client: Client | None = None) -> Client:
    """A client of the test suite where ``person`` is signed in."""
    client = client or Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client
