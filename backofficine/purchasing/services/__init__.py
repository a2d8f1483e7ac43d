"""What changes rounds and orders: each command is one transaction."""

from backofficine.purchasing.services.answer import (
    AnswerTooLarge,
    close,
    mark_received,
    note_received,
    note_received_many,
    record_answer,
)
from backofficine.purchasing.services.orders import (
    AbsurdQuantity,
    ImpossibleQuantity,
    LineChanged,
    NotDraft,
    OrderChanged,
    ReasonMissing,
    WrongMoment,
    cancel,
    check_line,
    check_lines,
    open_draft,
    set_line,
)
from backofficine.purchasing.services.rounds import generate_rounds
from backofficine.purchasing.services.send import CutOffPast, EmptyOrder, send
from backofficine.purchasing.services.suppliers import (
    NoName,
    RoundsMissing,
    RoundsOfDirect,
    RoundTwice,
    SupplierKnown,
    WeeklyRound,
    add_supplier,
)

__all__ = [
    "AbsurdQuantity", "AnswerTooLarge", "CutOffPast", "EmptyOrder", "ImpossibleQuantity",
    "LineChanged", "NoName", "NotDraft", "OrderChanged", "ReasonMissing", "RoundTwice",
    "RoundsMissing", "RoundsOfDirect", "SupplierKnown", "WeeklyRound", "WrongMoment",
    "add_supplier", "cancel", "check_line", "check_lines", "close", "generate_rounds",
    "mark_received", "note_received", "note_received_many", "open_draft", "record_answer", "send",
    "set_line",
]  # fmt: skip
