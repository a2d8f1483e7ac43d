"""Guesses at a PIN, sent all at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection

from backofficine.team import services
from backofficine.team.models import SwitchAttempt
from tests.factories import PersonFactory, WorkstationFactory

GUESSES = 12


@pytest.mark.usefixtures("committed_db")
def test_guesses_made_at_once_are_no_more_than_guesses_made_in_turn(now: datetime) -> None:
    person, workstation = PersonFactory(), WorkstationFactory()
    services.set_pin(person, pin="2580")

    def guess(number: int) -> str:
        try:
            services.check_pin(person, pin=f"91{number:02d}", workstation=workstation, at=now)
        except (services.WrongPin, services.LockedOut) as refusal:
            return type(refusal).__name__
        finally:
            connection.close()
        return "opened"

    with ThreadPoolExecutor(GUESSES) as pool:
        told = list(pool.map(guess, range(GUESSES)))

    assert told.count("WrongPin") == services.FAILURES_ALLOWED
    assert told.count("LockedOut") == GUESSES - services.FAILURES_ALLOWED
    assert SwitchAttempt.objects.count() == services.FAILURES_ALLOWED
