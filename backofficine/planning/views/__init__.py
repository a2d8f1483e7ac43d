"""Pages of ordering, one file per flow."""

from backofficine.planning.views.orders import (
    accept,
    add,
    answer,
    cancel,
    carry,
    close,
    elsewhere,
    line,
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
    "answer",
    "cancel",
    "carry",
    "close",
    "elsewhere",
    "line",
    "order",
    "order_file",
    "order_print",
    "orders",
    "prepare",
    "recent",
    "send",
]
