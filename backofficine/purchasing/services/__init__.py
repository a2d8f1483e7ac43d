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
    already_done,
    cancel,
    check_line,
    check_lines,
    open_draft,
    set_line,
)
from backofficine.purchasing.services.rounds import generate_rounds
from backofficine.purchasing.services.send import CutOffPast, EmptyOrder, send
from backofficine.purchasing.services.suppliers import (
    DayPast,
    DropTooEarly,
    NoName,
    RoundsMissing,
    RoundsOfDirect,
    RoundTwice,
    SupplierKnown,
    Terms,
    WeeklyRound,
    add_rounds,
    add_supplier,
    cancel_day,
    change_supplier,
    end_rounds,
    restore_day,
)

__all__ = [
    "AbsurdQuantity", "AnswerTooLarge", "CutOffPast", "DayPast", "DropTooEarly", "EmptyOrder",
    "ImpossibleQuantity", "LineChanged", "NoName", "NotDraft", "OrderChanged", "ReasonMissing",
    "RoundTwice", "RoundsMissing", "RoundsOfDirect", "SupplierKnown", "Terms", "WeeklyRound",
    "WrongMoment", "add_rounds", "add_supplier", "already_done", "cancel", "cancel_day",
    "change_supplier", "check_line", "check_lines", "close", "end_rounds", "generate_rounds",
    "mark_received", "note_received", "note_received_many", "open_draft", "record_answer",
    "restore_day", "send", "set_line",
]  # fmt: skip
