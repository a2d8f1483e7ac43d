"""The birth of an installation: its pharmacy, its owner, and the first places of its stock."""

from datetime import datetime
from typing import Any

from django.db import transaction

from backofficine.pharmacy.services import found_pharmacy
from backofficine.stock.services.furnish import furnish
from backofficine.team.models import Role, User
from backofficine.team.services import add_person


@transaction.atomic
def found(words: dict[str, Any], *, at: datetime) -> User:
    """Create the pharmacy, its places and its owner, who is returned; all or nothing.

    ``words`` are those of a valid ``FirstRunForm``.

    :raises AlreadyThere, UnknownZone, NameTaken: as the services it calls.
    """
    found_pharmacy(
        name=words["pharmacy"],
        time_zone=words["time_zone"],
        stock_truth=words["stock_truth"],
        at=at,
    )
    furnish()
    return add_person(
        username=words["username"],
        name=words["name"],
        role=Role.OWNER,
        password=words["password"],
        at=at,
    )
