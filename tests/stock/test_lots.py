"""A lot held for every patient, and the name behind a posting."""

from datetime import date, datetime
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from backofficine.stock import queries, services
from backofficine.stock.models import LotHold, Posting
from backofficine.stock.queries.listing import LOTS
from backofficine.stock.services import HeldLot, Wanted
from backofficine.team import services as team
from backofficine.team.models import Actor, NameOpening, Role
from tests.factories import LotFactory, PersonFactory, ProductFactory, signed_in, stocked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pharmacy")]


def test_a_held_lot_is_served_to_nobody_until_it_is_given_back(
    now: datetime, today: date, actor: Actor
) -> None:
    lot = stocked(quantity=5)
    told = {"occurred_at": now, "recorded_at": now, "on": today, "actor": actor}
    services.hold_lot(lot, kind=LotHold.Kind.RECALLED, at=now, actor=actor)

    assert not queries.servable(lot.product, on=today).exists()
    with pytest.raises(HeldLot):
        services.withdraw(
            [Wanted(lot.product, 1, lot)], request_id=uuid4(), by_pharmacist=True, **told
        )

    assert services.lift_hold(lot, at=now) == 1
    services.withdraw([Wanted(lot.product, 1, lot)], request_id=uuid4(), by_pharmacist=True, **told)


def test_holding_twice_holds_once(now: datetime, actor: Actor) -> None:
    lot = stocked(quantity=5)

    first = services.hold_lot(lot, kind=LotHold.Kind.RECALLED, at=now, actor=actor)
    again = services.hold_lot(lot, kind=LotHold.Kind.RECALLED, at=now, actor=actor)

    assert first == again


def test_a_pharmacist_holds_a_lot_from_its_page() -> None:
    lot = stocked(quantity=5)
    client = signed_in(PersonFactory(pharmacist=True))

    page = client.post(reverse("stock:hold_lot", args=[lot.public_id]), {"kind": "quarantined"})
    assert page.status_code == 302
    assert "rendre" in client.get(lot.product.get_absolute_url()).content.decode()
    client.post(reverse("stock:lift_hold", args=[lot.public_id]))

    assert LotHold.objects.get().lifted_at is not None


def test_a_technician_holds_no_lot() -> None:
    lot = stocked(quantity=5)
    client = signed_in(PersonFactory(technician=True))

    assert client.post(reverse("stock:hold_lot", args=[lot.public_id])).status_code == 403


def test_the_name_behind_a_posting_opens_for_a_reason_and_is_told(now: datetime) -> None:
    marc = PersonFactory(technician=True)
    stocked(quantity=5, actor=team.actor_of(marc, at=now))
    url = reverse("stock:who", args=[Posting.objects.get().position])
    owner = signed_in(PersonFactory(role=Role.OWNER))
    assert marc.name not in owner.get(url).content.decode()

    assert marc.name in owner.post(url, {"reason": "narcotics"}).content.decode()

    assert NameOpening.objects.get().fact_number == "1"
    page = signed_in(marc).get(reverse("team:people")).content.decode()
    assert "registre des stupéfiants" in page


def test_only_the_owner_opens_a_name(client: Client, now: datetime) -> None:
    stocked(quantity=5)
    url = reverse("stock:who", args=[Posting.objects.get().position])

    assert signed_in(PersonFactory(pharmacist=True)).get(url).status_code == 403
    assert signed_in(PersonFactory(role=Role.OWNER)).get(url).status_code == 200
    assert signed_in(PersonFactory(role=Role.OWNER)).post(url, {"reason": "?"}).status_code == 422


def test_a_product_in_many_lots_shows_the_first_and_leads_to_the_others(
    now: datetime, actor: Actor
) -> None:
    product = ProductFactory()
    numbers = [f"LOT{number:02d}" for number in range(LOTS + 3)]
    for number, name in enumerate(numbers):
        lot = LotFactory(product=product, number=name, expires_on=date(2027, 1, 1 + number))
        stocked(product, 2, lot=lot)
    services.hold_lot(lot, kind=LotHold.Kind.RECALLED, at=now, actor=actor)
    client = signed_in(PersonFactory())

    page = client.get(product.get_absolute_url()).content.decode()
    every = client.get(product.get_absolute_url(), {"lots": "all"}).content.decode()

    def listed(page: str) -> list[str]:
        table = page.partition('<div id="lots">')[2].partition("</table>")[0]
        return [number for number in numbers if f">{number}<" in table]

    # The last may not be served: that is never one tap away.
    assert listed(page) == [*numbers[:LOTS], numbers[-1]]
    assert "Voir les 2 autres lots" in page
    assert listed(every) == numbers
    assert "autres lots" not in every
    for shown in (page, every):
        assert f'<p class="stock-figure">{2 * len(numbers)}</p>' in shown
