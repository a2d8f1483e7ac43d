"""*Ranger*: boxes leave the dock for their places, by tray or box by box."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backofficine.catalog import queries as catalog
from backofficine.catalog.models import Product
from backofficine.formats.gs1 import ReadingKind, read, spellings
from backofficine.kernel.errors import DomainError
from backofficine.receiving.models import PutAwayProblem
from backofficine.receiving.queries import Stop, Tone, walk
from backofficine.stock.models import Location, Lot, Posting
from backofficine.stock.queries import places
from backofficine.stock.services import report_not_found, transfer
from backofficine.stock.services.take_out import NarcoticNeedsPharmacist
from backofficine.team.models import Actor, Workstation


class NothingToPutAway(DomainError):
    message = gettext_lazy(
        "These boxes were put away already, or nothing was ticked. Reload the page."
    )


@dataclass(frozen=True, slots=True)
class PutAway:
    """``quantity`` stock units of a lot, from the dock to a place."""

    lot: Lot
    source: Location
    target: Location
    quantity: int


@dataclass(frozen=True, slots=True)
class Placed:
    """The answer to a scan of the walk. ``stop`` is the card to show next.

    ``is_at_place``: the right place was scanned. ``placed``: boxes that this scan put away.
    """

    tone: Tone
    sentence: str
    stop: Stop | None = None
    is_at_place: bool = False
    placed: int = 0
    posting: Posting | None = None


def lines_of(stops: Iterable[Stop]) -> list[PutAway]:
    """Everything that these stops carry."""
    return [
        PutAway(one.lot, one.source, stop.target, one.quantity)
        for stop in stops
        for one in stop.carried
    ]


@transaction.atomic
def put_away(
    lines: Iterable[PutAway],
    *,
    at: datetime,
    actor: Actor,
    by_pharmacist: bool,
    request_id: UUID,
    workstation: Workstation | None = None,
) -> Posting:
    """Move boxes from the dock to their places, in one posting. Twice the same request is once.

    :raises NarcoticNeedsPharmacist: if a narcotic is there and ``by_pharmacist`` is false.
    :raises InsufficientStock: if the dock holds less than said: somebody put them away meanwhile.
    :raises NothingToPutAway: if there is no line.
    """
    known = Posting.objects.filter(request_id=request_id).first()
    if known is not None:
        return known
    moved = [line for line in lines if line.source.pk != line.target.pk]
    if not moved:
        raise NothingToPutAway
    if not by_pharmacist and any(line.lot.product.is_narcotic for line in moved):
        raise NarcoticNeedsPharmacist
    return transfer(
        [(line.lot, line.source, line.target, line.quantity) for line in moved],
        occurred_at=at,
        recorded_at=at,
        actor=actor,
        request_id=request_id,
        workstation=workstation,
        reason=Posting.Reason.PUT_AWAY,
    )


def put_away_all(
    *,
    at: datetime,
    actor: Actor,
    by_pharmacist: bool,
    request_id: UUID,
    workstation: Workstation | None = None,
) -> Posting | None:
    """The whole walk at once, for commands and simulations; narcotics wait for a pharmacist.

    ``None`` if nothing waits.
    """
    stops = [stop for stop in walk(at=at) if by_pharmacist or not stop.product.is_narcotic]
    if not stops:
        return Posting.objects.filter(request_id=request_id).first()
    return put_away(
        lines_of(stops), at=at, actor=actor, by_pharmacist=by_pharmacist, request_id=request_id,
        workstation=workstation,
    )  # fmt: skip


@transaction.atomic
def report_problem(
    stop: Stop,
    *,
    kind: str,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    workstation: Workstation | None = None,
) -> PutAwayProblem:
    """The place is full, or the box is not in the tray. Twice the same request is once.

    A full place sends the rest of this walk to the reserve. A box not found asks for a count.
    """
    known = PutAwayProblem.objects.filter(request_id=request_id).first()
    if known is not None:
        return known
    if kind == PutAwayProblem.Kind.NOT_FOUND:
        report_not_found(
            stop.product, at=at, actor=actor, request_id=request_id, location=places.dock(),
            workstation=workstation,
        )  # fmt: skip
    return PutAwayProblem.objects.create(
        kind=PutAwayProblem.Kind(kind),
        product=stop.product,
        location=stop.target,
        quantity=stop.quantity,
        reported_at=at,
        request_id=request_id,
        actor=actor,
        workstation=workstation,
    )


@transaction.atomic
def scan_stop(
    text: str,
    *,
    stop: Stop | None,
    is_at_place: bool,
    at: datetime,
    on: date,
    actor: Actor,
    by_pharmacist: bool,
    request_id: UUID,
    workstation: Workstation | None = None,
) -> Placed:
    """A scan during the walk: the place, then the boxes; each box read is put away at once.

    In a *free* zone a box only brings its card, to be ticked. The wrong place, or a box of another
    card, stops and names the right place.

    Raises what :func:`put_away` raises.
    """
    if Posting.objects.filter(request_id=request_id).exists():
        return Placed(Tone.YES, _("Put away already"), stop, is_at_place=is_at_place)
    place = Location.objects.filter(code__in=spellings(text.strip())).order_by("pk").first()
    if place is not None:
        return _at(place, stop, at=at)
    reading = read(text, today=on)
    found = catalog.find_by_code(reading.code or reading.text)
    stops = [
        other for product in found for other in walk(at=at, product=product) if not other.problem
    ]
    if not stops:
        return _nothing(found, stop, is_at_place=is_at_place)
    right = next((one for one in stops if stop and one.key == stop.key), stops[0])
    lot = _lot(right, reading.lot if reading.kind is ReadingKind.BOX else "")
    if right.is_free:
        words = _("%(product)s: %(boxes)s to %(place)s")
        return Placed(
            Tone.YES,
            words % {"product": right.product, "boxes": right.boxes, "place": right.target.code},
            right,
        )
    if stop is None or right.key != stop.key:
        return _another_card(right, stop)
    if right.is_strict and not is_at_place:
        words = _("Look: scan the place %(place)s first")
        return Placed(Tone.LOOK, words % {"place": right.target.code}, right)
    posting = put_away(
        [lot], at=at, actor=actor, by_pharmacist=by_pharmacist, request_id=request_id,
        workstation=workstation,
    )  # fmt: skip
    words = _("Put in %(place)s: +1, %(left)s left")
    left = right.boxes - 1
    return Placed(
        Tone.YES,
        words % {"place": right.target.code, "left": left}
        if left
        else _("Put in %(place)s: the card is done") % {"place": right.target.code},
        right,
        is_at_place=bool(left) and is_at_place,
        placed=1,
        posting=posting,
    )


def _at(place: Location, stop: Stop | None, *, at: datetime) -> Placed:
    if stop is not None and stop.target.pk == place.pk:
        return Placed(
            Tone.YES, _("Place %(place)s scanned") % {"place": place.code}, stop, is_at_place=True
        )
    here = next((one for one in walk(at=at) if one.target.pk == place.pk), None)
    if stop is None or stop.is_free:
        if here is None:
            words: Any = _("Look: nothing goes to %(place)s now")
            return Placed(Tone.LOOK, words % {"place": place.code}, stop)
        return Placed(
            Tone.YES, _("Place %(place)s scanned") % {"place": place.code}, here, is_at_place=True
        )
    words = _("Stop: wrong place. %(place)s was scanned, the box goes to %(right)s")
    return Placed(Tone.STOP, words % {"place": place.code, "right": stop.target.code}, stop)


def _another_card(right: Stop, stop: Stop | None) -> Placed:
    words = {"product": right.product, "place": right.target.code}
    if stop is None:
        # Nothing was asked yet: the box brings its own card.
        return Placed(Tone.LOOK, _("%(product)s goes to %(place)s") % words, right)
    return Placed(Tone.STOP, _("Stop: this box is %(product)s, it goes to %(place)s") % words, stop)


def _nothing(found: list[Product], stop: Stop | None, *, is_at_place: bool) -> Placed:
    words = (
        _("Look: no %(product)s waits on the dock") % {"product": found[0]}
        if found
        else _("Look: this code is in no file")
    )
    return Placed(Tone.LOOK, words, stop, is_at_place=is_at_place)


def _lot(stop: Stop, number: str) -> PutAway:
    """One box of the lot read, else of the one that expires first."""
    carried = next((one for one in stop.carried if number and one.lot.number == number), None)
    one = carried or stop.carried[0]
    quantity = min(one.quantity, stop.product.doses_per_box)
    return PutAway(one.lot, one.source, stop.target, quantity)
