"""What is said of a double order: what is there, what is on its way, who waits."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backofficine.planning.queries.doubles import Coming, Double
from backofficine.purchasing import queries as purchasing
from backofficine.stock.models import Location
from backofficine.web.templatetags.components import quantity as figure

Kind = Location.Kind


def what_is_there(double: Double) -> str:
    """« 2 au frigo, 4 en commande (C12 du lundi 23 novembre, 10 h 18, sans réponse) »."""
    places = {
        Kind.FRIDGE: _("%(n)s in the fridge"),
        Kind.SAFE: _("%(n)s in the safe"),
        Kind.DOCK: _("%(n)s on the dock"),
    }
    parts = []
    elsewhere = 0
    for kind, units in double.shelves.items():
        if kind in places:
            parts.append(places[kind] % {"n": figure(units)})
        else:
            elsewhere += units
    if elsewhere:
        parts.append(_("%(n)s on the shelves") % {"n": figure(elsewhere)})
    return ", ".join(parts + [_on_its_way(one) for one in double.coming])


def _on_its_way(coming: Coming) -> str:
    sent_at = coming.order.sent_at
    assert sent_at is not None, "a wall: what is awaited was sent"
    words = {
        "n": figure(coming.units),
        "order": str(coming.order),
        "when": purchasing.moment_text(sent_at),
    }
    if coming.is_uncertain:
        return _("%(n)s on order (%(order)s of %(when)s, no answer yet)") % words
    return _("%(n)s on order (%(order)s of %(when)s)") % words


def who_waits(double: Double) -> str:
    """How many are needed beyond them, in boxes."""
    if not double.needed:
        return _("no box more is needed")
    return ngettext(
        "%(n)s box more is needed", "%(n)s boxes more are needed", double.needed
    ) % {"n": figure(double.needed)}  # fmt: skip


def sentence(double: Double) -> str:
    """One product, whole."""
    return _("%(product)s: %(there)s; %(needed)s, this order asks for %(n)s.") % {
        "product": double.product,
        "there": what_is_there(double),
        "needed": who_waits(double),
        "n": figure(double.boxes),
    }
