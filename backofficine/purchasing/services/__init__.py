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
from backofficine.purchasing.services.terms import (
    BudgetNegative,
    CommitmentToNobody,
    LaboratoryMissing,
    TermDatesWrong,
    TierImpossible,
    TierLine,
    add_tiers,
    commit_to,
    end_commitment,
    end_term,
    set_budget,
    set_house,
    set_quota,
)

__all__ = [
    "AbsurdQuantity", "AnswerTooLarge", "BudgetNegative", "CommitmentToNobody", "CutOffPast",
    "DayPast", "DropTooEarly", "EmptyOrder", "ImpossibleQuantity", "LaboratoryMissing",
    "LineChanged", "NoName", "NotDraft", "OrderChanged", "ReasonMissing", "RoundTwice",
    "RoundsMissing", "RoundsOfDirect", "SupplierKnown", "TermDatesWrong", "Terms", "TierImpossible",
    "TierLine", "WeeklyRound", "WrongMoment", "add_rounds", "add_supplier", "add_tiers",
    "already_done", "cancel", "cancel_day", "change_supplier", "check_line", "check_lines", "close",
    "commit_to", "end_commitment", "end_rounds", "end_term", "generate_rounds", "mark_received",
    "note_received", "note_received_many", "open_draft", "record_answer", "restore_day", "send",
    "set_budget", "set_house", "set_line", "set_quota",
]  # fmt: skip
