"""Commands about pictures: take one, remember columns, type counts, open the stock from it."""

from backofficine.picture.services.counts import NotInThePicture, type_count, type_counts
from backofficine.picture.services.starting import (
    DataErased,
    HistoryTold,
    NotInForce,
    StockAlreadyOpen,
    StockMoved,
    make_starting_point,
    undo_starting_point,
)
from backofficine.picture.services.take import (
    GivenFile,
    PictureRefused,
    erase_old_data,
    read_files,
    remember_layout,
    take_picture,
)

__all__ = [
    "DataErased", "GivenFile", "HistoryTold", "NotInForce", "NotInThePicture", "PictureRefused",
    "StockAlreadyOpen", "StockMoved", "erase_old_data", "make_starting_point", "read_files",
    "remember_layout", "take_picture", "type_count", "type_counts", "undo_starting_point",
]  # fmt: skip
