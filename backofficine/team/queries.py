"""Questions about people and workstations. None of them groups facts by person."""

from uuid import UUID

from django.db.models import QuerySet

from backofficine.team.models import User, Workstation


def workstation(number: str) -> Workstation | None:
    """The workstation of a signed cookie, unless it was retired."""
    try:
        key = UUID(number)
    except ValueError:
        return None
    return Workstation.objects.filter(number=key, is_active=True).first()


def people() -> QuerySet[User]:
    """Those who work here now, by username."""
    return User.objects.filter(is_active=True).order_by("username", "pk")
