"""A shelf in a few hundred kilobytes: what corrections and the starting point need, no more."""

import io
import json
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from backofficine.picture.shelf import Item, LotHeld, Shelf

_FIELDS = (
    "code", "label", "address", "held", "cost", "is_cost_assumed", "price", "vat_rate",
    "last_sale_on", "last_receipt_on", "sales_lines", "recent_lines", "season_class",
    "files",
)  # fmt: skip
_DECIMALS = frozenset({"cost", "price", "vat_rate"})
_DAYS = frozenset({"last_sale_on", "last_receipt_on"})


def pack(shelf: Shelf) -> bytes:
    """Sales that are not zero, and what is known of each product, compressed."""
    rows, periods = np.nonzero(shelf.sales)
    head = {
        "items": [
            [*(_plain(getattr(item, name)) for name in _FIELDS),
             [[lot.expires_on.isoformat(), lot.quantity, lot.number] for lot in item.lots]]
            for item in shelf.items
        ],
        "periods": [day.isoformat() for day in shelf.starts],
        "period_days": shelf.period_days,
        "as_of": shelf.as_of.isoformat(),
        "grain": shelf.grain,
    }  # fmt: skip
    kept = io.BytesIO()
    np.savez_compressed(
        kept,
        head=np.frombuffer(json.dumps(head).encode(), dtype=np.uint8),
        rows=rows.astype(np.int32),
        periods=periods.astype(np.int32),
        boxes=shelf.sales[rows, periods].astype(np.int32),
    )
    return kept.getvalue()


def unpack(data: bytes | memoryview) -> Shelf:
    """The shelf that :func:`pack` packed; what the catalogue said of its products is gone."""
    with np.load(io.BytesIO(bytes(data)), allow_pickle=False) as kept:
        head = json.loads(kept["head"].tobytes())
        items = tuple(_item(row) for row in head["items"])
        sales = np.zeros((len(items), len(head["periods"])))
        sales[kept["rows"], kept["periods"]] = kept["boxes"]
    return Shelf(
        items=items,
        sales=sales,
        period_days=head["period_days"],
        starts=tuple(date.fromisoformat(day) for day in head["periods"]),
        as_of=date.fromisoformat(head["as_of"]),
        grain=head["grain"],
        stock_columns=frozenset(),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, date | Decimal) else value


def _item(row: list[Any]) -> Item:
    told: dict[str, Any] = dict(zip(_FIELDS, row, strict=False))
    for name in _DECIMALS:
        told[name] = None if told[name] is None else Decimal(told[name])
    for name in _DAYS:
        told[name] = None if told[name] is None else date.fromisoformat(told[name])
    told["files"] = tuple(told["files"])
    lots = tuple(LotHeld(date.fromisoformat(day), count, number) for day, count, number in row[-1])
    return Item(**told, lots=lots)
