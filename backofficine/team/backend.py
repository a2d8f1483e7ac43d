"""Who a session belongs to: allauth's backend, reading the person and their rights at once."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from backofficine.team import queries
from backofficine.team.models import User


class Backend(AuthenticationBackend):
    """Signs in as allauth does; a page then asks one prepared question instead of two."""

    def get_user(self, user_id: Any) -> User | None:
        return queries.person(user_id)
