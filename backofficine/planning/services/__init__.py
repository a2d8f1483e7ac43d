"""What to order now, and sending it: each command is one transaction."""

from backofficine.planning.services.carry import carry_over
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

__all__ = [
    "AlreadyAsked", "NothingToOrderFrom", "answer_order", "cancel_order", "carry_over",
    "close_order", "order_elsewhere", "proposals", "propose_orders", "send_order",
]  # fmt: skip
