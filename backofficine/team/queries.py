"""Questions about people and workstations. None of them groups facts by person."""

from uuid import UUID

from django.db.models import QuerySet

from backofficine.team.models import NameOpening, User, WallScreen, Workstation
from backofficine.team.tokens import token_hash


def workstation(number: str) -> Workstation | None:
    """The workstation of a signed cookie, unless it was retired."""
    try:
        key = UUID(number)
    except ValueError:
        return None
    return Workstation.objects.filter(number=key, is_active=True).first()


def workstations() -> QuerySet[Workstation]:
    """The shared computers and phones in use, by name."""
    return Workstation.objects.filter(is_active=True).order_by("name", "pk")


def people() -> QuerySet[User]:
    """Those who work here now, by role then username."""
    return User.objects.filter(is_active=True).order_by("role", "username", "pk")


def wall_screen(token: str) -> WallScreen | None:
    """The wall screen of a token, unless it was revoked."""
    return WallScreen.objects.filter(token_hash=token_hash(token), revoked_at=None).first()


def wall_screens() -> QuerySet[WallScreen]:
    return WallScreen.objects.filter(revoked_at=None).order_by("name", "pk")


def openings_of(user: User) -> QuerySet[NameOpening]:
    """When this person's name was opened behind a fact, and why: told to them alone."""
    return NameOpening.objects.filter(actor__user=user).order_by("-opened_at", "-pk")
