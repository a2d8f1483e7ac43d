"""A session that fell asleep on a computer that is no workstation."""

from datetime import datetime, timedelta

import pytest

from backofficine.kernel import clock
from backofficine.pharmacy.models import Pharmacy
from tests.factories import PersonFactory, signed_in


@pytest.mark.django_db
def test_a_locked_session_without_a_workstation_asks_for_the_password(
    pharmacy: Pharmacy, now: datetime
) -> None:
    client = signed_in(PersonFactory())
    try:
        clock.fix(now)
        client.get("/stock/")
        clock.fix(now + timedelta(hours=1))

        response = client.get("/stock/", follow=True)
    finally:
        clock.fix(None)

    assert response.status_code == 200
    assert response.redirect_chain[-1][0].startswith("/compte/")
    assert "_auth_user_id" not in client.session
