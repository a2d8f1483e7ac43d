"""The button that makes a picture the pharmacy's starting point, and the one that takes it back.

Sales become history, boxes become opening balances, all by the same commands as a file imported by
hand: a starting point is nothing the ledger does not know already.
"""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Max, Min
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Evidence, Product
from backofficine.catalog.services import make_product, touch_version
from backofficine.formats.codes import UnreadableCode, clean_code
from backofficine.kernel.errors import DomainError
from backofficine.picture.models import Picture, PictureData, StartingPoint
from backofficine.picture.pack import unpack
from backofficine.picture.queries import starting_point
from backofficine.picture.shelf import Item, Shelf
from backofficine.stock.models import Address, Balance, CountRequest, DemandLine, Posting
from backofficine.stock.services import import_sales, import_stock, reverse
from backofficine.stock.services.imports import Codes
from backofficine.stock.services.ledger import in_turn
from backofficine.stock.services.void_history import history_of, void_history
from backofficine.team.models import Actor

_LONGEST_CODE = 20
_CHUNK = 500

Progress = Callable[[str], None]


def _silent(stage: str) -> None:
    """No one watches."""


class DataErased(DomainError):
    message = _(
        "What the files of this picture said was erased, as it is after three months. Take the "
        "picture again with fresh exports, then make it the starting point."
    )


class StockAlreadyOpen(DomainError):
    message = _(
        "The stock is already followed here: a starting point would count its boxes twice. Undo "
        "the starting point first, or count the products that differ."
    )


class HistoryTold(DomainError):
    message = _(
        "Sales of %(first)s to %(last)s were imported already: this picture would count them "
        "twice. Open the stock by importing its file instead."
    )


class NothingOpened(DomainError):
    message = _("No line of this picture can open the stock: check the codes of the stock file.")


class NotInForce(DomainError):
    message = _("This starting point was already undone.")


class StockMoved(DomainError):
    message = _(
        "Boxes have moved since the starting point was made: it cannot be undone any more. Count "
        "the products that differ instead."
    )


def make_starting_point(
    picture: Picture, *, at: datetime, actor: Actor, progress: Progress = _silent
) -> StartingPoint:
    """Open the stock as the picture saw it, all or nothing; the same picture again changes nothing.

    This will make the products that no catalogue knows, write the sales as history, then post the
    boxes with their places, dates and costs. ``progress`` is told "products", "sales", "stock".

    :raises StockAlreadyOpen: if boxes are already followed here.
    :raises DataErased: if the files' words are gone.
    :raises HistoryTold: if sales of the same days were imported before.
    :raises NothingOpened: if no line can be used.
    """
    with transaction.atomic():
        in_turn()
        current = starting_point()
        if current is not None and current.picture_id == picture.pk:
            return current
        if current is not None or _is_open():
            raise StockAlreadyOpen
        data = PictureData.objects.filter(picture=picture).first()
        if data is None:
            raise DataErased
        shelf = unpack(data.packed)
        _refuse_told(_span(shelf))
        return _Opening(picture, shelf, at=at, actor=actor, progress=progress).run()


def _is_open() -> bool:
    """Whether any posting still holds: a starting point that was undone left only mirrors."""
    standing = Posting.objects.exclude(reason=Posting.Reason.REVERSAL).filter(reversed_by=None)
    return standing.exists() or Balance.objects.filter(on_hand__gt=0).exists()


def _span(shelf: Shelf) -> tuple[date, date]:
    """The days whose sales the picture tells."""
    return shelf.starts[0], shelf.as_of


def _refuse_told(span: tuple[date, date]) -> None:
    """Refuse days whose history stands: by day at noon, no line would be known again.

    :raises HistoryTold: if there are any.
    """
    told = (
        DemandLine.objects.standing()
        .filter(kind=DemandLine.Kind.HISTORY, occurred_on__gte=span[0], occurred_on__lte=span[1])
        .aggregate(first=Min("occurred_on"), last=Max("occurred_on"))
    )
    if told["first"] is not None:
        raise HistoryTold(first=f"{told['first']:%d/%m/%Y}", last=f"{told['last']:%d/%m/%Y}")


class _Opening:
    """One picture on its way to the ledger. Steps run in the order of ``run``."""

    def __init__(
        self, picture: Picture, shelf: Shelf, *, at: datetime, actor: Actor, progress: Progress
    ) -> None:
        self.picture = picture
        self.shelf = shelf
        self.at = at
        self.actor = actor
        self.progress = progress
        # Files are known by their bytes, and two pictures may say the same: none of an opening that
        # was undone may look like those of this one, whichever picture it came from.
        self.attempt = StartingPoint.objects.count()
        self.codes = [_written(item) for item in shelf.items]

    def run(self) -> StartingPoint:
        self.progress("products")
        created = self._make_products()
        addresses = set(Address.objects.values_list("pk", flat=True))
        followed = set(Product.objects.filter(is_followed=True).values_list("pk", flat=True))
        name = f"photo-{self.picture.as_of:%Y-%m-%d}"
        self.progress("sales")
        # Sales first: before any opening they are history, whoever holds the stock.
        sales = import_sales(
            self._sales_file(),
            name=f"{name}-ventes.csv",
            at=self.at,
            actor=self.actor,
            covers=_span(self.shelf),
        )
        self.progress("stock")
        stock = import_stock(
            self._stock_file(), name=f"{name}-stock.csv", at=self.at, actor=self.actor
        )
        if stock.is_useless:
            raise NothingOpened
        return StartingPoint.objects.create(
            picture=self.picture,
            posting=_last_opening() if stock.quantity else None,
            stock_report=stock.as_dict(),
            sales_report=sales.as_dict(),
            sales_source=sales.digest,
            created_products=created,
            created_addresses=sorted(set(Address.objects.values_list("pk", flat=True)) - addresses),
            followed_products=sorted(
                set(Product.objects.filter(is_followed=True).values_list("pk", flat=True))
                - followed
            ),
            made_at=self.at,
            made_by=self.actor,
        )

    def _make_products(self) -> int:
        known = Codes.of(self.codes)
        created = 0
        for item, code in zip(self.shelf.items, self.codes, strict=True):
            if code in known.keys:
                continue
            told: dict[str, Any] = {}
            if item.vat_rate is not None and item.vat_rate < 100:
                told |= {"vat_rate": item.vat_rate, "vat_evidence": Evidence.STOCK_FILE}
            make_product(name=(item.label or code)[:400], codes=[code], **told)
            created += 1
        return created

    def _stock_file(self) -> bytes:
        day = f"{self.picture.as_of:%d/%m/%Y} 23:59"
        rows = (
            [code, item.label, quantity, item.address.split(" · ")[0], number, expiry,
             "" if item.cost is None else f"{item.cost:.4f}", day]
            for item, code in zip(self.shelf.items, self.codes, strict=True)
            for quantity, number, expiry in _boxes(item)
        )  # fmt: skip
        heading = ["code", "libelle", "stock", "emplacement", "lot", "peremption", "pamp",
                   "date inventaire"]  # fmt: skip
        return self._csv(heading, rows)

    def _sales_file(self) -> bytes:
        return self._csv(["date", "code", "qte"], self._sales())

    def _sales(self) -> Iterator[list[Any]]:
        rows, periods = np.nonzero(self.shelf.sales)
        for row, period in zip(rows.tolist(), periods.tolist(), strict=True):
            boxes = int(self.shelf.sales[row, period])
            for day, count in _spread(boxes, self.shelf, period):
                yield [day.isoformat(), self.codes[row], count]

    def _csv(self, heading: list[str], rows: Any) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";", lineterminator="\n")
        writer.writerow([*heading, f"photo {self.attempt}"])
        writer.writerows([*row, ""] for row in rows)
        return text.getvalue().encode()


def _written(item: Item) -> str:
    """The code under which a product enters; where the file gives none, one made of its name."""
    try:
        code = clean_code(item.code)
    except UnreadableCode:
        return _made_of(item.code)
    return code if len(code) <= _LONGEST_CODE and item.code != item.label else _made_of(item.code)


def _made_of(name: str) -> str:
    """A code that the next picture finds again, on whatever row it names the product."""
    return f"PHOTO{sha256(name.encode()).hexdigest()[:12].upper()}"


def _boxes(item: Item) -> Iterator[tuple[int, str, str]]:
    """Quantity, lot and date of each line of a product; what no date covers comes last."""
    if "stock" not in item.files and not item.held:
        return
    left = item.held
    for lot in item.lots:
        count = min(lot.quantity, max(left, 0))
        if count:
            yield count, lot.number, f"{lot.expires_on:%d/%m/%Y}"
            left -= count
    if left or not item.lots:
        yield left, "", ""


def _spread(boxes: int, shelf: Shelf, period: int) -> Iterator[tuple[date, int]]:
    """The boxes of a period by day: a month's are laid out evenly, the file does not say when."""
    first = shelf.starts[period]
    if shelf.period_days == 1:
        yield first, boxes
        return
    is_last = period + 1 == len(shelf.starts)
    end = shelf.as_of + timedelta(days=1) if is_last else shelf.starts[period + 1]
    days = max((end - first).days, 1)
    counts: dict[date, int] = {}
    for number in range(boxes):
        day = first + timedelta(days=(2 * number + 1) * days // (2 * boxes))
        counts[day] = counts.get(day, 0) + 1
    yield from counts.items()


def _last_opening() -> Posting | None:
    return Posting.objects.filter(reason=Posting.Reason.OPENING).order_by("-position").first()


# --- Taken back -----------------------------------------------------------------------------------


@transaction.atomic
def undo_starting_point(start: StartingPoint, *, at: datetime, actor: Actor) -> StartingPoint:
    """Take the opening back: its boxes by the mirror posting, its history declared void.

    The products made and the places named stay; their addresses and their following go.

    :raises NotInForce: if it was undone before.
    :raises StockMoved: if anything was posted since.
    """
    in_turn()
    start = StartingPoint.objects.select_related("posting").get(pk=start.pk)
    if not start.is_in_force:
        raise NotInForce
    later = (
        # Without a box to open there is no posting to stand behind; one undone before may be there.
        Posting.objects.filter(recorded_at__gt=start.made_at)
        if start.posting is None
        else Posting.objects.filter(position__gt=start.posting.position)
    )
    if later.exists():
        raise StockMoved
    if start.posting is not None:
        reverse(start.posting, occurred_at=at, recorded_at=at, actor=actor)
    void_history(history_of(start.sales_source), at=at, actor=actor)
    _forget_addresses(start)
    CountRequest.objects.filter(
        why=CountRequest.Why.NEGATIVE, asked_at=start.made_at, closed_at=None
    ).update(closed_at=at)
    StartingPoint.objects.filter(pk=start.pk).update(
        is_in_force=False, undone_at=at, undone_by=actor
    )
    start.refresh_from_db()
    return start


def _forget_addresses(start: StartingPoint) -> None:
    addresses: list[int] = start.created_addresses
    for place in range(0, len(addresses), _CHUNK):
        Address.objects.filter(pk__in=addresses[place : place + _CHUNK]).delete()
    products: list[int] = start.followed_products
    for place in range(0, len(products), _CHUNK):
        Product.objects.filter(pk__in=products[place : place + _CHUNK]).update(is_followed=False)
    if products:
        touch_version()
