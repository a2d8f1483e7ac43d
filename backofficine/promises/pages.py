"""What the board prints of a card: each word made once, whichever layout draws it."""

from collections.abc import Iterable
from typing import TypedDict
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backofficine.catalog.models import Product
from backofficine.promises.models import Promise
from backofficine.promises.queries import Card, ShownSlot
from backofficine.web.templatetags.components import age, day, hour, product_line

_ANY = UUID(int=0)


class Face(TypedDict):
    """The words of one card. A template formats at ten times the cost, and a board holds dozens;
    it also reads a key of a dictionary faster than an attribute."""

    address: str
    initials: str
    number: str
    label: str  # for those who hear the page
    age: str
    is_late: bool
    line: str  # the product, written the one way
    product: Product
    owed: str  # boxes still owed, "" when the promise was of one
    still_owed: str  # the same, "" when one is left
    slot: ShownSlot | None
    hour: str  # the hour said, "" if none was
    day: str  # its day, "" today
    status: str  # on a late card, where it is; else ""
    shows_cold: bool  # a slot of the fridge says it by its plate
    tags: list[tuple[str, str, str | None]]  # word, colour, drawing
    paid: str  # "" when something else matters more
    next: str  # the last word of a row: what remains to do


def faces(cards: Iterable[Card]) -> dict[int, Face]:
    """The cards as drawn, by the key of their promise."""
    # Django looks the address up once for all of them.
    before, after = reverse("promises:detail", args=[_ANY]).split(str(_ANY))
    return {
        card.promise.pk: _face(card, address=f"{before}{card.promise.public_id}{after}")
        for card in cards
    }


def _face(card: Card, *, address: str) -> Face:
    promise = card.promise
    due, slot, said = promise.due_quantity, card.slot, card.hour.promised_at
    return Face(
        address=address,
        initials=card.initials,
        number=str(promise.number),
        label=_("Promise no. %(number)s") % {"number": promise.number},
        age=age(card.age),
        is_late=card.is_late,
        line=product_line(promise.product, code=False, pictos=False, form=False),
        product=promise.product,
        owed=str(due) if promise.quantity > 1 else "",
        still_owed=str(due) if due > 1 else "",
        slot=slot,
        hour=hour(said),
        day="" if card.is_today else day(said),
        status=promise.get_status_display() if card.is_late else "",
        shows_cold=card.is_cold and slot is None,
        tags=_tags(card),
        paid="" if promise.is_abandoned or card.credit_is_close else _paid(promise),
        next=_next(promise),
    )


def _tags(card: Card) -> list[tuple[str, str, str | None]]:
    """What to know of a card at a glance, as a tag takes it: word, colour, drawing."""
    promise, said = card.promise, card.hour.promised_at
    tags: list[tuple[str, str, str | None]] = []
    if promise.product.is_short and not card.is_ready:
        tags.append((_("shortage"), "now", "alert-octagon"))
    if card.cannot_wait:
        tags.append((_("cannot wait"), "now", None))
    if said and not card.is_ready:
        if card.is_doubtful:
            tags.append((_("hour will not hold"), "today", None))
        elif not card.is_late:
            tags.append((hour(said) if card.is_today else f"{day(said)} {hour(said)}", "", None))
    if promise.is_held and not promise.is_ready:
        part = {"there": promise.aside_quantity, "due": promise.due_quantity}
        tags.append((_("%(there)s of %(due)s") % part, "today", None))
    if promise.is_abandoned:
        tags.append((_("to put back"), "", None))
    elif card.credit_in_days is not None and card.credit_is_close:
        tags.append(_credit(card.credit_in_days))
    return tags


def _credit(days: int) -> tuple[str, str, None]:
    if days < 0:
        return _("billed, to credit"), "now", None
    left = ngettext("billed, %(days)s day left", "billed, %(days)s days left", days)
    return left % {"days": days}, "today", None


def _paid(promise: Promise) -> str:
    return _("paid") if promise.is_paid else _("not paid")


def _next(promise: Promise) -> str:
    if promise.is_abandoned:
        return _("to put back")
    if promise.is_told:
        return _("told")
    if not promise.is_held:
        return promise.get_status_display()
    return _("to tell") if promise.is_paid else _("not paid")
