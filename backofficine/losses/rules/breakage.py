"""Broken boxes."""

from django.utils.translation import gettext_lazy as _

from backofficine.losses.loss import Step, Waste
from backofficine.losses.rules.taken_out import TakenOut
from backofficine.stock.models import Location, Move, Posting


class Breakage(TakenOut):
    """Boxes taken out because they broke.

    A box still on the dock broke while it was being received; elsewhere no fact says which step
    dropped it.
    """

    key = "breakage"
    label = _("Breakage")
    counts = _("each box at its unit cost, and the minutes of cleaning and taking out")
    tariff = "minutes_breakage"
    waste = Waste.DEFECT
    posting_cause = Posting.Cause.BROKEN

    def _cause(self, move: Move) -> Step:
        return Step.RECEIVE if move.source.kind == Location.Kind.DOCK else Step.UNKNOWN
