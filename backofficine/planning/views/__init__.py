"""Pages of ordering, one file per flow."""

from backofficine.planning.views.decisions import decide, decisions, end_decision
from backofficine.planning.views.doubles import allow_double, doubles
from backofficine.planning.views.orders import (
    accept,
    add,
    answer,
    cancel,
    carry,
    close,
    elsewhere,
    line,
    month_end,
    order,
    order_file,
    order_print,
    orders,
    prepare,
    recent,
    send,
)

__all__ = [
    "accept",
    "add",
    "allow_double",
    "answer",
    "cancel",
    "carry",
    "close",
    "decide",
    "decisions",
    "doubles",
    "elsewhere",
    "end_decision",
    "line",
    "month_end",
    "order",
    "order_file",
    "order_print",
    "orders",
    "prepare",
    "recent",
    "send",
]
