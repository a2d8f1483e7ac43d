"""How allauth behaves here: nobody signs up; the owner creates accounts."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter


class ClosedSignUp(DefaultAccountAdapter):
    """Accounts are made by ``team.services``, never by a form open to all."""

    def is_open_for_signup(self, request: Any) -> bool:
        return False
