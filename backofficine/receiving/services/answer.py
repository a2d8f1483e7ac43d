"""What a person tells the bench: what an unordered box is, a date, a price, a reason."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.models import Product, ProductCode
from backofficine.catalog.services import touch_version
from backofficine.formats.gs1 import read
from backofficine.kernel.errors import DomainError
from backofficine.kernel.ids import derived_id
from backofficine.receiving.models import (
    ExtraKind,
    Receipt,
    ReceiptAnswer,
    ShortReason,
    UnknownKind,
    UnknownScan,
)
from backofficine.receiving.queries import ScanResult
from backofficine.receiving.services.scan import ReceiptIsClosed, locked_receipt, scan
from backofficine.team.models import Actor, Workstation

Question = ReceiptAnswer.Question
_LONGEST_CODE = 20


class UnreadableAnswer(DomainError):
    message = _("This answer could not be read. Choose one of those shown, or type it again.")


class CodeNotKept(DomainError):
    message = _(
        "This code cannot be tied to a product: it is too long or not a code. Set the box aside "
        "for the pharmacist."
    )


_CHOICES: dict[str, list[str]] = {
    Question.EXTRA: ExtraKind.values,
    Question.SHORT_DATED: ShortReason.values,
    Question.UNKNOWN: UnknownKind.values,
}


@transaction.atomic
def answer(
    receipt: Receipt,
    *,
    question: str,
    at: datetime,
    actor: Actor,
    request_id: UUID,
    product: Product | None = None,
    unknown: UnknownScan | None = None,
    choice: str = "",
    replaces: Product | None = None,
    lot_number: str = "",
    expires_on: date | None = None,
    unit_price: Decimal | None = None,
    workstation: Workstation | None = None,
) -> ReceiptAnswer:
    """Append an answer; the last one to a question holds. The same ``request_id`` answers once.

    ``unit_price`` is that of the delivery note, in euros excl. VAT for one box.

    :raises UnreadableAnswer: if it is not one of the choices, or what was asked is missing.
    :raises ReceiptIsClosed: if the receipt was validated meanwhile.
    """
    receipt = locked_receipt(receipt)
    known = ReceiptAnswer.objects.filter(request_id=request_id).first()
    if known is not None:
        return known
    if receipt.status != Receipt.Status.OPEN:
        raise ReceiptIsClosed(receipt=receipt)
    is_missing = (
        (question in _CHOICES and choice not in _CHOICES[question])
        or (question == Question.EXPIRY and expires_on is None)
        or (question == Question.PRICE and (unit_price is None or unit_price < 0))
        or (question == Question.UNKNOWN) != (unknown is not None and product is None)
        or (question != Question.UNKNOWN and product is None)
        or question not in Question.values
    )
    if is_missing:
        raise UnreadableAnswer
    return ReceiptAnswer.objects.create(
        receipt=receipt,
        question=question,
        answer=choice,
        product=product,
        replaces=replaces,
        unknown=unknown,
        lot_number=lot_number,
        expires_on=expires_on,
        unit_price=unit_price,
        request_id=request_id,
        answered_at=at,
        actor=actor,
        workstation=workstation,
    )


@transaction.atomic
def tie_code(
    unknown: UnknownScan,
    *,
    product: Product,
    at: datetime,
    on: date,
    request_id: UUID,
    **who: Any,
) -> ScanResult:
    """The unknown box is a product we know: its code is filed, and the box counted.

    ``who`` is what :func:`scan` needs: actor, by_pharmacist, workstation.

    :raises CodeNotKept: if the code is no code.
    """
    receipt = unknown.receipt
    reading = read(unknown.code.replace("␝", "\x1d"), today=on)
    code = reading.code or reading.text
    if not 4 <= len(code) <= _LONGEST_CODE:
        raise CodeNotKept
    ProductCode.objects.get_or_create(
        product=product, kind=ProductCode.Kind.INTERNAL, code=code, defaults={"valid_from": on}
    )
    touch_version()
    answer(
        receipt,
        question=Question.UNKNOWN,
        choice=UnknownKind.PRODUCT,
        unknown=unknown,
        at=at,
        request_id=derived_id("tie", request_id),
        actor=who["actor"],
        workstation=who.get("workstation"),
    )
    return scan(
        receipt, product=product, reading=reading, at=at, on=on, request_id=request_id, **who
    )
