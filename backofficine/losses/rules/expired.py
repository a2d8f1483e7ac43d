"""Expired boxes."""

from django.utils.translation import gettext_lazy as _

from backofficine.losses.loss import State, Waste
from backofficine.losses.rules.taken_out import TakenOut
from backofficine.stock.models import Move, Posting


class Expired(TakenOut):
    """Boxes taken out because their date is past.

    An emergency box must be there whether it sells or not: when it expires, that is the price of
    a duty and stands apart. Nothing proves which step let the others expire.
    """

    key = "expired"
    label = _("Expired boxes")
    counts = _("each box at its unit cost, and the minutes of taking it out")
    tariff = "minutes_expired"
    waste = Waste.INVENTORY
    posting_cause = Posting.Cause.EXPIRED

    def _apart(self, move: Move) -> State | None:
        return State.CHOSEN if move.lot.product.is_emergency else None
