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
from backofficine.receiving.services.put_away import (
    NothingToPutAway,
    Placed,
    PutAway,
    lines_of,
    put_away,
    put_away_all,
    report_problem,
    scan_stop,
)
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
    "NothingDropped", "NothingReceived", "NothingToPutAway", "NothingToUndo", "Placed", "PutAway",
    "ReceiptIsClosed", "UnreadableAnswer", "answer", "as_due", "cancel_receipt", "drop", "gaps_of",
    "hear", "keep_unknown", "lines_of", "open_parcel", "put_away", "put_away_all", "receive_all",
    "report_problem", "scan", "scan_many", "scan_stop", "set_quantity", "start_receipt", "tie_code",
    "undo_scan", "validate",
]  # fmt: skip
