"""What a receipt expects and what its scans add up to, product by product."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Max, Q, Sum
from django.db.models.functions import Coalesce

from backofficine.kernel.prepared import Prepared
from backofficine.purchasing.models import OrderLine
from backofficine.receiving.models import ExtraKind, Receipt, ReceiptAnswer, ReceiptScan

Verdict = ReceiptScan.Verdict
Question = ReceiptAnswer.Question


@dataclass(slots=True)
class LotCount:
    """Boxes of one lot: ``expires_on`` is ``None`` while nobody knows the date."""

    number: str
    expires_on: date | None
    quantity: int
    is_held_back: bool = False
    unit_price: Decimal | None = None
    is_gift: bool = False


@dataclass(slots=True)
class Line:
    """One product of a receipt, in boxes. ``touched`` orders lines by their last scan.

    ``ordered`` is what is still due: the supplier's answer if there is one, else the order, less
    what an earlier receipt brought. ``held_back`` boxes came but only go to quarantine.
    """

    product_id: int
    ordered: int = 0
    received: int = 0
    held_back: int = 0
    lots: list[LotCount] = field(default_factory=list)
    touched: int = 0
    expected_price: Decimal | None = None
    actual_price: Decimal | None = None
    promised: int = 0  # of the boxes received, those that a patient waits for
    extra_kind: str = ""
    replaces_id: int | None = None
    short_reason: str = ""
    asked_dates: set[str] = field(default_factory=set)  # lots whose date was asked

    @property
    def is_touched(self) -> bool:
        return self.touched > 0 and (self.received > 0 or self.held_back > 0)

    @property
    def is_complete(self) -> bool:
        return self.received == self.ordered and not self.held_back

    @property
    def is_extra(self) -> bool:
        return self.ordered == 0

    @property
    def missing(self) -> int:
        return max(0, self.ordered - self.received)

    @property
    def has_quantity_gap(self) -> bool:
        return self.is_touched and self.received != self.ordered

    @property
    def price_difference(self) -> Decimal | None:
        """Euros more than expected, or ``None`` when either price is not known."""
        if self.actual_price is None or self.expected_price is None:
            return None
        return self.actual_price - self.expected_price

    @property
    def has_price_gap(self) -> bool:
        return bool(self.price_difference)


@dataclass(slots=True)
class Tally:
    """Every line of a receipt. A receipt without an order counts what comes and expects nothing."""

    lines: dict[int, Line]
    has_orders: bool
    on: date
    dates: dict[tuple[int, str], date] = field(default_factory=dict)  # answered, by product and lot

    def fold(self, row: ReceiptScan) -> None:
        """Add a row that was just written, as reading everything again would."""
        _fold(
            self,
            (
                row.product_id, row.lot_number, row.expires_on, row.verdict, row.extra_kind,
                row.unit_price, row.quantity, row.quantity if row.promise_id else 0, row.pk,
            ),
        )  # fmt: skip

    def line(self, product_id: int) -> Line:
        return self.lines.get(product_id) or Line(product_id)

    @property
    def expected_lines(self) -> list[Line]:
        return [line for line in self.lines.values() if line.ordered]

    @property
    def touched_lines(self) -> list[Line]:
        """Last scanned first."""
        touched = [line for line in self.lines.values() if line.is_touched]
        return sorted(touched, key=lambda line: -line.touched)

    @property
    def waiting_lines(self) -> list[Line]:
        """Expected, and not scanned yet."""
        return [line for line in self.expected_lines if not line.is_touched]


_Group = tuple[int, str, date | None, str, str, Decimal | None, int, int, int]


def tally(receipt: Receipt, *, on: date) -> Tally:
    """Add up a receipt from its facts; ``on`` is the civil day against which dates are read."""
    counts = Tally({}, has_orders=False, on=on)
    counts.has_orders = _expect(receipt, counts.lines)
    _read_answers(receipt, counts)
    for group in _GROUPS.all(receipt.pk):
        _fold(counts, group)
    return counts


_EXPECTED = Prepared(
    lambda receipt: (
        OrderLine.objects.filter(order__receipt_orders__receipt=receipt)
        .values_list(
            "product_id", "quantity", "answered_quantity", "received_quantity", "unit_price"
        )
        .order_by("order_id", "pk")
    ),
    int,
)
_ANSWERS = Prepared(
    lambda receipt: (
        ReceiptAnswer.objects.filter(receipt=receipt, product__isnull=False)
        .values_list(
            "question", "product_id", "lot_number", "answer", "expires_on", "unit_price",
            "replaces_id",
        )
        .order_by("pk")
    ),
    int,
)  # fmt: skip
# A mirror counts against the verdict of the row it undoes.
_GROUPS = Prepared(
    lambda receipt: (
        ReceiptScan.objects.filter(receipt=receipt)
        .annotate(told=Coalesce("undoes__verdict", "verdict"))
        .values_list("product_id", "lot_number", "expires_on", "told", "extra_kind", "unit_price")
        .annotate(
            boxes=Sum("quantity"),
            promised=Coalesce(Sum("quantity", filter=Q(promise__isnull=False)), 0),
            last=Max("pk"),
        )
        .order_by()
    ),
    int,
)


def _expect(receipt: Receipt, lines: dict[int, Line]) -> bool:
    has_orders = False
    is_open = receipt.status == Receipt.Status.OPEN
    for product_id, quantity, answered, received, price in _EXPECTED.all(receipt.pk):
        has_orders = True
        expected = quantity if answered is None else answered
        # Once validated, what was received includes this very receipt.
        due = max(0, expected - received) if is_open else expected
        if not due:
            continue
        line = lines.setdefault(product_id, Line(product_id))
        line.ordered += due
        line.expected_price = price if price is not None else line.expected_price
    return has_orders


def _read_answers(receipt: Receipt, counts: Tally) -> None:
    for row in _ANSWERS.all(receipt.pk):
        question, product_id, lot, answer, expires_on, price, replaces_id = row
        line = counts.lines.setdefault(product_id, Line(product_id))
        match question:
            case Question.EXPIRY:
                assert expires_on is not None, "the wall keeps only given dates"
                counts.dates[product_id, lot] = expires_on
            case Question.PRICE:
                line.actual_price = price
            case Question.EXTRA:
                line.extra_kind, line.replaces_id = answer, replaces_id
            case Question.SHORT_DATED:
                line.short_reason = answer


def _fold(counts: Tally, group: _Group) -> None:
    product_id, lot, printed, verdict, extra_kind, price, quantity, promised, last = group
    line = counts.lines.setdefault(product_id, Line(product_id))
    line.touched = max(line.touched, last)
    expires_on = printed
    if printed is None:
        line.asked_dates.add(lot)
        expires_on = counts.dates.get((product_id, lot))
    if not quantity:
        return
    line.extra_kind = line.extra_kind or extra_kind
    if price is not None and line.actual_price is None:
        line.actual_price = price
    kind = line.extra_kind if verdict == Verdict.EXTRA else extra_kind
    held_back = (
        verdict in ReceiptScan.HELD_BACK
        or (expires_on is not None and expires_on < counts.on)
        or kind == ExtraKind.ERROR
    )
    if held_back:
        line.held_back += quantity
    else:
        line.received += quantity
        line.promised += promised
    line.lots.append(LotCount(lot, expires_on, quantity, held_back, price, kind == ExtraKind.GIFT))
