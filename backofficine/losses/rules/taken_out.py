"""Boxes taken out for good: what expired and breakage share."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backofficine.losses.loss import Fact, FactKind, Loss, State, Step
from backofficine.losses.rules.base import Period, Rule, columns_of
from backofficine.losses.tariffs import TariffBook
from backofficine.pharmacy.queries import local_day
from backofficine.stock.models import Location, Move, Posting

OUT = (Posting.Reason.WRITE_OFF, Posting.Reason.QUARANTINE)


class TakenOut(Rule):
    """A box taken out of stock for one cause, dated at the move that took it out.

    Reads the moves of write-offs and of quarantines made by *Sortir* with this cause, undone ones
    left out. Counts euros at the unit cost the move carries, and the minutes of one line, however
    many boxes it has. A box that went to quarantine first is not counted again when it leaves for
    waste.
    """

    posting_cause: str
    sufferer = Step.STOCK

    def losses(self, period: Period, book: TariffBook) -> Iterable[Loss]:
        moves = list(
            self._moves()
            .filter(posting__occurred_at__gte=period.start, posting__occurred_at__lt=period.end)
            .select_related("posting", "lot__product", "source")
            .only(
                "line",
                "quantity",
                "unit_cost",
                "posting__position",
                "posting__reason",
                "posting__occurred_at",
                "source__code",
                "source__kind",
                "source__holds_stock",
                *columns_of("lot__product"),
            )
            .order_by("posting__position", "line")
        )
        told = self._told_in_quarantine(moves)
        for move in moves:
            quantity = move.quantity - told.get(move.pk, 0)
            if quantity:
                yield self._loss(move, quantity=quantity, period=period, book=book)

    def day_of(self, key: str) -> date | None:
        position, _colon, line = key.partition(":")
        if not (position.isdecimal() and line.isdecimal()):
            return None
        move = (
            self._moves()
            .filter(posting__position=int(position), line=int(line))
            .select_related("posting")
            .first()
        )
        return local_day(move.posting.occurred_at) if move else None

    def _moves(self) -> QuerySet[Move]:
        # By their places: few moves go to waste or quarantine, whatever the period holds.
        places = Location.objects.filter(
            kind__in=(Location.Kind.WASTE, Location.Kind.QUARANTINE)
        ).values_list("pk", flat=True)
        return Move.objects.filter(
            target__in=list(places),
            posting__reason__in=OUT,
            posting__cause=self.posting_cause,
            posting__reversed_by__isnull=True,
        )

    def _told_in_quarantine(self, moves: Sequence[Move]) -> dict[int, int]:
        """Boxes of each write-off from quarantine that an earlier line already counted."""
        lots = {move.lot_id for move in moves if move.source.kind == Location.Kind.QUARANTINE}
        if not lots:
            return {}
        waiting: dict[int, int] = defaultdict(int)
        told: dict[int, int] = {}
        history = self._moves().filter(lot__in=lots).select_related("source", "target")
        for move in history.order_by("posting__position", "line"):
            if move.target.kind == Location.Kind.QUARANTINE:
                waiting[move.lot_id] += move.quantity
            elif move.source.kind == Location.Kind.QUARANTINE:
                told[move.pk] = min(move.quantity, waiting[move.lot_id])
                waiting[move.lot_id] -= told[move.pk]
        return told

    def _loss(self, move: Move, *, quantity: int, period: Period, book: TariffBook) -> Loss:
        product, posting = move.lot.product, move.posting
        words = _("Taken out for good")
        if posting.reason == Posting.Reason.QUARANTINE:
            words = _("Moved to quarantine")
        fact = Fact(
            FactKind.MOVE,
            f"{posting.position}",
            posting.occurred_at,
            words,
            location=move.source if move.source.holds_stock else None,
            quantity=quantity,
        )
        return self.price(
            book,
            key=f"{posting.position}:{move.line}",
            at=posting.occurred_at,
            day=period.day_of(posting.occurred_at),
            product=product,
            quantity=quantity,
            cash=move.unit_cost * quantity,
            apart=self._apart(move),
            cause=self._cause(move),
            proof=(fact,),
        )

    def _apart(self, move: Move) -> State | None:
        return None

    def _cause(self, move: Move) -> Step:
        return Step.UNKNOWN
