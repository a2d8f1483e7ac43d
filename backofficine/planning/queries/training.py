"""What the last training learnt, and how it is packed in one row."""

import io
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from backofficine.planning.models import Training
from backofficine.science.demand.training import Trained

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Told:
    """What was asked of each product lately, one element each: what a person can check on a page.

    Quantities in stock units, days are open days.
    """

    asked: Ints
    peak: Ints
    """Units of one-off peaks, left out of the forecasts."""
    days: Ints
    """Length of the period, or days since the product came into the range."""
    days_out: Ints
    """Of those, days out of stock: left aside with what was asked on them."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """A training, read back: everything that proposing needs of the past."""

    key: int
    products: Ints
    """(n,) primary keys, rising."""
    told: Told
    trained: Trained
    last_day: date


TOLD = ("asked", "peak", "days", "days_out")
PREFIX = "trained_"


def latest_training(*, at: datetime) -> Learnt | None:
    """What the last training before an instant learnt; ``None`` before the first one."""
    row = Training.objects.filter(trained_at__lte=at).order_by("-trained_at").first()
    if row is None:
        return None
    with np.load(io.BytesIO(bytes(row.packed)), allow_pickle=False) as packed:
        columns = {name: packed[name] for name in packed.files}
    learnt = {
        name.removeprefix(PREFIX): column
        for name, column in columns.items()
        if name.startswith(PREFIX)
    }
    return Learnt(
        key=row.pk,
        products=columns["products"],
        told=Told(**{name: columns[f"told_{name}"] for name in TOLD}),
        trained=Trained.of(learnt, row.shared),
        last_day=row.last_day,
    )


def packed(products: Ints, told: Told, trained: Trained) -> bytes:
    """The columns of a training in one block (NumPy's ``.npz``)."""
    columns: dict[str, npt.NDArray[Any]] = {"products": products}
    columns |= {f"told_{name}": getattr(told, name) for name in TOLD}
    columns |= {PREFIX + name: column for name, column in trained.columns().items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **columns)
    return buffer.getvalue()
