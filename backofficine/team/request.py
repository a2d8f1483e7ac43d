"""The typed request of pages that need a person: who, as which actor, on which workstation."""

from backofficine.team.models import Actor, User, Workstation
from backofficine.web.request import Request as WebRequest


class Request(WebRequest):
    """Adds the person to :class:`backofficine.web.request.Request`.

    ``actor`` is made on first use in its month: only acts (POST) may ask for it.
    """

    user: User
    actor: Actor
    workstation: Workstation | None
