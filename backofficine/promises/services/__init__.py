"""What happens to a promise. Each command is one transaction and leaves one fact."""

from backofficine.promises.services.contact import (
    Contact,
    OpeningReason,
    destroy_key,
    erase_old,
    open_contact,
)
from backofficine.promises.services.create import (
    NothingPromised,
    UnreadableName,
    UnreadablePhone,
    promise,
    promise_again,
    serve_and_promise,
)
from backofficine.promises.services.hand import (
    NothingInSlot,
    NothingToCredit,
    TooMany,
    abandon,
    credit,
    hand_over,
    restock,
    return_to_supplier,
    set_aside,
    unset,
)
from backofficine.promises.services.slots import NoSlot, reserve_slot
from backofficine.promises.services.states import (
    BundleNotReady,
    WrongMoment,
    arrive,
    back_to_order,
    cancel,
    mark_ordered,
    release_unfilled,
    tell,
)

__all__ = [
    "BundleNotReady", "Contact", "NoSlot", "NothingInSlot", "NothingPromised", "NothingToCredit",
    "OpeningReason", "TooMany", "UnreadableName", "UnreadablePhone", "WrongMoment", "abandon",
    "arrive", "back_to_order", "cancel", "credit", "destroy_key", "erase_old", "hand_over",
    "mark_ordered", "open_contact", "promise", "promise_again", "release_unfilled", "reserve_slot",
    "restock", "return_to_supplier", "serve_and_promise", "set_aside", "tell", "unset",
]  # fmt: skip
