"""Pages of the stock: the list, one product, what goes out, what is counted, what is imported."""

from backofficine.stock.views.acts import count, not_found, take_out, undo
from backofficine.stock.views.imports import imports
from backofficine.stock.views.lots import hold_lot, lift_hold, who
from backofficine.stock.views.narcotics import give_visa, visas
from backofficine.stock.views.places import place_mode, places, retire_place
from backofficine.stock.views.reading import product, stock_list

__all__ = [
    "count",
    "give_visa",
    "hold_lot",
    "imports",
    "lift_hold",
    "not_found",
    "place_mode",
    "places",
    "product",
    "retire_place",
    "stock_list",
    "take_out",
    "undo",
    "visas",
    "who",
]  # fmt: skip
