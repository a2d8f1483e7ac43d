"""What changes the floor and the bench. Each command is one transaction and may be retried."""

from backofficine.receiving.services.answer import (
    CodeNotKept,
    UnreadableAnswer,
    answer,
    tie_code,
)
from backofficine.receiving.services.bulk import as_due, receive_all
from backofficine.receiving.services.drop import NothingDropped, drop, open_parcel
from backofficine.receiving.services.hear import hear
from backofficine.receiving.services.scan import (
    Boxes,
    ImpossibleQuantity,
    NarcoticForPharmacist,
    NothingToUndo,
    ReceiptIsClosed,
    keep_unknown,
    scan,
    scan_many,
    set_quantity,
    undo_scan,
)
from backofficine.receiving.services.start import start_receipt
from backofficine.receiving.services.validate import (
    BoxesWereScanned,
    NothingReceived,
    cancel_receipt,
    gaps_of,
    validate,
)

__all__ = [
    "Boxes", "BoxesWereScanned", "CodeNotKept", "ImpossibleQuantity", "NarcoticForPharmacist",
    "NothingDropped", "NothingReceived", "NothingToUndo", "ReceiptIsClosed", "UnreadableAnswer",
    "answer", "as_due", "cancel_receipt", "drop", "gaps_of", "hear", "keep_unknown", "open_parcel",
    "receive_all", "scan", "scan_many", "set_quantity", "start_receipt", "tie_code", "undo_scan",
    "validate",
]  # fmt: skip
