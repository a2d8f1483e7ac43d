"""How a length of work is written: hours and minutes, never days."""

from decimal import ROUND_HALF_UP, Decimal

from django import template

from backofficine.web.templatetags.components import NO_BREAK, quantity

register = template.Library()


@register.filter
def worked(minutes: Decimal | None) -> str:
    """« 96 h 20 », « 42 min », « 2 h »; rounded once, to the minute."""
    if minutes is None:
        return ""
    whole = int(minutes.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    hours, rest = divmod(whole, 60)
    if not hours:
        return f"{rest}{NO_BREAK}min"
    return f"{quantity(hours)}{NO_BREAK}h" + (f"{NO_BREAK}{rest:02d}" if rest else "")


@register.filter
def figure(number: Decimal | None) -> str:
    """A number without needless zeros: « 10 », « 2,5 »."""
    if number is None:
        return ""
    exponent = number.normalize().as_tuple().exponent
    return quantity(number, max(0, -exponent if isinstance(exponent, int) else 0))
