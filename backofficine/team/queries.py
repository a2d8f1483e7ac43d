"""Questions about people and workstations. None of them groups facts by person."""

from uuid import UUID

from django.db.models import QuerySet

from backofficine.kernel.prepared import Prepared
from backofficine.team.models import NameOpening, RightsOf, User, WallScreen, Workstation
from backofficine.team.tokens import token_hash

OPENINGS = 20  # as many as a person's page shows


def people() -> QuerySet[User]:
    """Those who work here now, by role then username."""
    return User.objects.filter(is_active=True).order_by("role", "username", "pk")


_PERSON = Prepared(
    lambda key: User.objects.filter(pk=key, is_active=True).annotate(rights_text=RightsOf("pk")),
    int,
)
_STATION = Prepared(lambda number: Workstation.objects.filter(number=number, is_active=True), UUID)
_STATIONS = Prepared(lambda: Workstation.objects.filter(is_active=True).order_by("name", "pk"))
_PEOPLE = Prepared(people)
_SCREENS = Prepared(lambda: WallScreen.objects.filter(revoked_at=None).order_by("name", "pk"))
_OPENINGS = Prepared(
    lambda user: NameOpening.objects.filter(actor__user=user).order_by("-opened_at", "-pk")[
        :OPENINGS
    ],
    int,
)


def person(key: int) -> User | None:
    """The person of a session, with their rights; ``None`` if they work here no more."""
    return _PERSON.first(key)


def everybody() -> list[User]:
    """The same as :func:`people`, read."""
    return _PEOPLE.all()


def workstation(number: str) -> Workstation | None:
    """The workstation of a signed cookie, unless it was retired."""
    try:
        key = UUID(number)
    except ValueError:
        return None
    return _STATION.first(key)


def workstations() -> list[Workstation]:
    """The shared computers and phones in use, by name."""
    return _STATIONS.all()


def wall_screen(token: str) -> WallScreen | None:
    """The wall screen of a token, unless it was revoked."""
    return WallScreen.objects.filter(token_hash=token_hash(token), revoked_at=None).first()


def wall_screens() -> list[WallScreen]:
    """Those that were not revoked, by name."""
    return _SCREENS.all()


def openings_of(user: User) -> list[NameOpening]:
    """When this person's name was opened behind a fact, and why: told to them alone, last first."""
    return _OPENINGS.all(user.pk)
