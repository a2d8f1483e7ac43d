"""A pharmacy that does not exist: its products, its stock, months of its sales and purchases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from backofficine.formats.codes import cip13_of

Ints = NDArray[np.int64]

_SYLLABLES = ("zul", "van", "tor", "ixa", "bré", "ny", "quo", "fel", "dar", "omi", "sté", "pla")
_ENDS = ("tine", "zol", "prane", "mide", "xane", "lène", "rol", "dium")
_FORMS = (
    ("500 mg cpr B/30", 0), ("1 g cpr B/16", 0), ("20 mg gél B/28", 0), ("sirop 150 ml", 0),
    ("crème 50 g", 1), ("gouttes 10 ml", 0), ("sachets B/20", 0), ("brosse à dents", 2),
)  # fmt: skip
_VAT = ("2,1", "10", "20")
_FAMILIES = ("Ordonnance", "Conseil", "Hygiène", "Bébé", "Orthopédie")
_LABORATORIES = ("LABO ZÉPHYR", "OMIX", "VALTERRE", "PHARMA NÉON", "GÉNÉRIS D'ICI")
SUPPLIERS = ("Grossiste du Nord", "Répartition Ouest", "Labo direct")
_PURCHASE_MARGIN = 0.75


@dataclass(frozen=True)
class InventedPharmacy:
    """Arrays by product, and facts as parallel arrays: product, day, boxes.

    Days count from ``first_on``; prices in euro cents; −1 is a day that never came. ``ghosts`` are
    products whose boxes are on record only: their sales stopped though the rhythm did not.
    """

    seed: int
    first_on: date
    as_of: date
    codes: list[str]
    labels: list[str]
    families: list[str]
    laboratories: list[str]
    vat: list[str]
    addresses: list[str]
    purchase_price: Ints
    public_price: Ints
    stock: Ints
    minimum: Ints
    last_sale: Ints
    last_receipt: Ints
    expires: Ints  # days after ``as_of``; −1 unknown
    sold: tuple[Ints, Ints, Ints]
    bought: tuple[Ints, Ints, Ints]
    ghosts: frozenset[int]

    @property
    def days(self) -> int:
        return (self.as_of - self.first_on).days + 1

    def day(self, number: int) -> date:
        return self.first_on + timedelta(days=int(number))

    @property
    def months(self) -> list[str]:
        """Every month of the sales, oldest first, ``AAAA-MM``."""
        first, last = (day.year * 12 + day.month - 1 for day in (self.first_on, self.as_of))
        return [f"{at // 12}-{at % 12 + 1:02d}" for at in range(first, last + 1)]

    def sold_by_month(self) -> Ints:
        """Boxes sold: a line a product, a column a month of :attr:`months`."""
        product, day, boxes = self.sold
        index = {month: at for at, month in enumerate(self.months)}
        of_day = np.array([index[f"{self.day(at):%Y-%m}"] for at in range(self.days)])
        totals = np.zeros((len(self.codes), len(index)), dtype=np.int64)
        np.add.at(totals, (product, of_day[day]), boxes)
        return totals


def invent(
    *,
    seed: int,
    references: int = 8_000,
    months: int = 24,
    as_of: date = date(2026, 10, 31),
    known: Sequence[tuple[str, str]] = (),
    lines_a_day: float = 0.052,
    ghosts: float = 0.01,
) -> InventedPharmacy:
    """Make a pharmacy; the same arguments give the same one.

    :param as_of: the last day of the sales.
    :param known: codes and labels to use first, of a real catalogue for instance.
    :param lines_a_day: mean number of sales lines of a product in a day; two in three sell less
        than half of it.
    :param ghosts: share of the references whose stock is on record only.
    """
    assert references + 1 <= 100_000, "the invented range has five digits"
    dice = np.random.default_rng(seed)
    at = as_of.year * 12 + as_of.month - months
    first_on = date(at // 12, at % 12 + 1, 1)
    days = (as_of - first_on).days + 1
    form = dice.integers(0, len(_FORMS), references)
    rate = dice.lognormal(0, 1.4, references)
    rate *= lines_a_day / rate.mean()
    sold_matrix = _demand(dice, rate, first_on=first_on, days=days)
    stock = _stock(dice, rate)
    lost = _lose(dice, sold_matrix, stock, share=ghosts)
    sold = _facts(sold_matrix)
    bought = _purchases(dice, sold, days=days)
    purchase = dice.lognormal(6.4, 1.0, references).astype(np.int64) + 40
    chosen = [(code, label) for code, label in known[:references]]
    invented = range(references - len(chosen))
    return InventedPharmacy(
        seed=seed,
        first_on=first_on,
        as_of=as_of,
        codes=[*(code for code, _ in chosen), *(cip13_of(f"99{at:05d}") for at in invented)],
        labels=[
            *(label for _, label in chosen),
            *(_label(dice, form[len(chosen) + at]) for at in invented),
        ],
        families=[_FAMILIES[at] for at in dice.integers(0, len(_FAMILIES), references)],
        laboratories=[_LABORATORIES[at] for at in dice.integers(0, len(_LABORATORIES), references)],
        vat=[_VAT[_FORMS[at][1]] for at in form],
        addresses=[
            f"{'ABCDEFG'[row]}{shelf:02d}"
            for row, shelf in zip(
                dice.integers(0, 7, references), dice.integers(1, 40, references), strict=True
            )
        ],
        purchase_price=purchase,
        public_price=(purchase / _PURCHASE_MARGIN).astype(np.int64) + 1,
        stock=stock,
        minimum=np.ceil(rate * 3).astype(np.int64),
        last_sale=_last(sold, references),
        last_receipt=_last(bought, references),
        expires=np.where(
            dice.random(references) < 0.7, dice.integers(20, 1_000, references), -1
        ),
        sold=sold,
        bought=bought,
        ghosts=lost,
    )  # fmt: skip


def _demand(
    dice: np.random.Generator, rate: NDArray[np.float64], *, first_on: date, days: int
) -> Ints:
    """Boxes asked for, a line a day and a column a product; closed on Sundays, some in season."""
    when = np.arange(days)
    opened = (first_on.weekday() + when) % 7 != 6
    season = np.where(dice.random(len(rate)) < 0.2, 0.9, 0.1)
    wave = 1 + np.outer(np.cos(2 * np.pi * (when - 20) / 365.25), season)
    return dice.poisson(wave * rate * opened[:, None] * 7 / 6)


def _stock(dice: np.random.Generator, rate: NDArray[np.float64]) -> Ints:
    target = np.ceil(rate * 25).astype(np.int64) + 1
    stock = dice.integers(0, target + 1)
    stock[dice.random(len(rate)) < 0.002] = -1  # owed to a patient, as some software writes it
    return stock


def _lose(dice: np.random.Generator, sold: Ints, stock: Ints, *, share: float) -> frozenset[int]:
    """Take boxes away unseen: the record keeps them, the sales stop."""
    days = len(sold)
    steady = np.flatnonzero((sold > 0).sum(axis=0) >= max(12, days // 40))
    count = min(len(steady), round(share * sold.shape[1]))
    chosen = dice.choice(steady, size=count, replace=False) if count else np.array([], dtype=int)
    for product in chosen:
        interval = days / max(1, int((sold[:, product] > 0).sum()))
        sold[days - min(days // 2, round(interval * dice.uniform(4, 12)) + 1) :, product] = 0
        stock[product] = max(1, stock[product])
    return frozenset(int(product) for product in chosen)


def _facts(boxes: Ints) -> tuple[Ints, Ints, Ints]:
    day, product = np.nonzero(boxes)
    return product, day, boxes[day, product]


def _purchases(
    dice: np.random.Generator, sold: tuple[Ints, Ints, Ints], *, days: int
) -> tuple[Ints, Ints, Ints]:
    """Buy again what each week sold, on a day of the next one."""
    product, day, boxes = sold
    keys, inverse = np.unique(product * 1_000 + day // 7, return_inverse=True)
    wanted = np.zeros(len(keys), dtype=np.int64)
    np.add.at(wanted, inverse, boxes)
    when = (keys % 1_000 + 1) * 7 + dice.integers(0, 5, len(keys))
    kept = when < days
    order = np.lexsort((keys[kept], when[kept]))
    return keys[kept][order] // 1_000, when[kept][order], wanted[kept][order]


def _last(facts: tuple[Ints, Ints, Ints], references: int) -> Ints:
    last = np.full(references, -1, dtype=np.int64)
    np.maximum.at(last, facts[0], facts[1])
    return last


def _label(dice: np.random.Generator, form: int) -> str:
    first, second, end = dice.integers(0, 12), dice.integers(0, 12), dice.integers(0, len(_ENDS))
    name = f"{_SYLLABLES[first]}{_SYLLABLES[second]}{_ENDS[end]}".upper()
    return f"{name} {_FORMS[form][0]}"
