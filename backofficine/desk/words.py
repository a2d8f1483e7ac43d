"""What an act of the day is called: a title, its circumstances, and the word on its button."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backofficine.desk.queries.today import Act, Drop, Kind
from backofficine.web.templatetags.components import day, hour


@dataclass(frozen=True, slots=True)
class Said:
    """An act as people read it, and where it is done."""

    act: Act
    url: str
    title: str
    detail: str
    verb: str


def said(act: Act, *, url: str) -> Said:
    """Put an act into words."""
    return Said(act, url, _title(act), _detail(act), _verb(act.kind))


def size(drop: Drop) -> str:
    """« 2 bacs, 1 carton »"""
    words = []
    if drop.totes:
        words.append(
            ngettext("%(number)s tote", "%(number)s totes", drop.totes) % {"number": drop.totes}
        )
    if drop.cartons:
        words.append(
            ngettext("%(number)s carton", "%(number)s cartons", drop.cartons)
            % {"number": drop.cartons}
        )
    return ", ".join(words)


def _title(act: Act) -> str:
    words = {"number": act.count, "supplier": act.drop.supplier.name if act.drop else ""}
    match act.kind:
        case Kind.COLD:
            return _("Cold tote from %(supplier)s: to the fridge") % words
        case Kind.ORDER_NOW | Kind.ORDER:
            return _("Send the %(hour)s order") % {"hour": hour(act.before)}
        case Kind.SET_ASIDE:
            return (
                ngettext(
                    "Set %(number)s arrived promise aside",
                    "Set %(number)s arrived promises aside",
                    act.count,
                )
                % words
            )
        case Kind.OVERDUE:
            return _("Clear what %(supplier)s left") % words
        case Kind.TELL:
            return (
                ngettext(
                    "Tell the patient of %(number)s late promise",
                    "Tell the patients of %(number)s late promises",
                    act.count,
                )
                % words
            )
        case Kind.PUT_AWAY:
            return (
                ngettext("Put %(number)s line away", "Put %(number)s lines away", act.count) % words
            )
        case Kind.COUNT:
            return (
                ngettext("Count %(number)s product", "Count %(number)s products", act.count) % words
            )
        case Kind.RECEIVE:
            return _("Receive %(supplier)s") % words


def _detail(act: Act) -> str:
    if act.drop is not None:
        return _drop_detail(act.drop)
    if act.delivery_round is not None:
        words = [
            _("delivered %(day)s at %(hour)s")
            % {"day": day(act.delivery_round.due_at), "hour": hour(act.delivery_round.due_at)}
        ]
        if act.count:
            ready = ngettext("%(number)s line ready", "%(number)s lines ready", act.count)
            words.insert(0, ready % {"number": act.count})
        return ", ".join(words)
    return {
        Kind.SET_ASIDE: _("their boxes came: each in its slot"),
        Kind.TELL: _("the hour said is past and the box is not there"),
        Kind.PUT_AWAY: _("on the dock, cold and safe first"),
        Kind.COUNT: _("not found, or in the hand although the record said none"),
    }.get(act.kind, "")


def _drop_detail(drop: Drop) -> str:
    what = ", ".join(word for word in (size(drop), drop.place) if word)
    when = _("Dropped %(day)s at %(hour)s") % {
        "day": day(drop.dropped_at),
        "hour": hour(drop.dropped_at),
    }
    if drop.limit_at is not None:
        when = ", ".join([when, _("limit %(hour)s") % {"hour": hour(drop.limit_at)}])
    return f"{what}. {when}."


def _verb(kind: Kind) -> str:
    return {
        Kind.COLD: _("Receive this tote"),
        Kind.ORDER: _("Open the order"),
        Kind.ORDER_NOW: _("Open the order"),
        Kind.SET_ASIDE: _("Set aside"),
        Kind.TELL: _("Tell them"),
        Kind.PUT_AWAY: _("Put away"),
        Kind.COUNT: _("Count"),
    }.get(kind, _("Receive"))
