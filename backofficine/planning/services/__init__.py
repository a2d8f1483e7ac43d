"""What to order now, and sending it: each command is one transaction."""

from backofficine.planning.services.carry import carry_over
from backofficine.planning.services.decisions import (
    DayMissing,
    DaysWrong,
    EmergencyKept,
    NothingStands,
    PauseTooLong,
    PlanEmpty,
    decide,
    end_decision,
    keep_again,
)
from backofficine.planning.services.doubles import (
    DoubleOrder,
    NotDouble,
    PharmacistOnly,
    add_by_hand,
    allow_double,
)
from backofficine.planning.services.propose import (
    NothingToOrderFrom,
    proposals,
    propose_orders,
)
from backofficine.planning.services.send import (
    AlreadyAsked,
    answer_order,
    cancel_order,
    close_order,
    order_elsewhere,
    send_order,
)
from backofficine.planning.services.train import train_forecasts, train_if_due

__all__ = [
    "AlreadyAsked", "DayMissing", "DaysWrong", "DoubleOrder", "EmergencyKept", "NotDouble",
    "NothingStands", "NothingToOrderFrom", "PauseTooLong", "PharmacistOnly", "PlanEmpty",
    "add_by_hand", "allow_double", "answer_order", "cancel_order", "carry_over", "close_order",
    "decide", "end_decision", "keep_again", "order_elsewhere", "proposals", "propose_orders",
    "send_order", "train_forecasts", "train_if_due",
]  # fmt: skip
