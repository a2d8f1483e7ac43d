"""What the invented pharmacy sells: references, codes, prices, addresses and yearly demand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from backofficine.science.simulation import names
from backofficine.science.simulation.profiles import CLASSES, TherapeuticClass
from backofficine.science.simulation.seeds import generator

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BOXES_PER_OPEN_DAY = 390.0
"""Boxes handed out per open day by the average French pharmacy (FACTS § 2, derived)."""
OPEN_DAYS_PER_YEAR = 302

PARETO = (
    (0.001, 0.17), (0.01, 0.39), (0.05, 0.66), (0.10, 0.79), (0.20, 0.90), (0.30, 0.95),
    (0.50, 0.988), (1.00, 1.00),
)  # fmt: skip
"""(share of references, share of boxes), the best-selling first (FACTS § 2, boxes of 2024)."""

PRICES = (
    (0.0, 0.85), (0.05, 1.07), (0.25, 1.41), (0.50, 2.58), (0.75, 5.26), (0.90, 15.0),
    (0.95, 33.0), (0.99, 129.0), (0.9964, 469.0), (1.0, 3500.0),
)  # fmt: skip
"""(share of boxes, public price in euros) of reimbursed boxes, cheapest first (FACTS § 4)."""


class Status(StrEnum):
    LIST_1 = "list_1"
    LIST_2 = "list_2"
    NARCOTIC = "narcotic"
    OTC = "otc"
    PARAPHARMACY = "parapharmacy"


class Storage(StrEnum):
    AMBIENT = "ambient"
    FRIDGE = "fridge"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class InventedProduct:
    """One sellable box that exists nowhere else."""

    index: int
    """Its place in the assortment: events name products by it."""
    cip7: str
    """99xxxxx: a range without a code in the national catalogue."""
    cip13: str
    name: str
    """As on the box: « Zadozimuwine Vélombrage 10 mg, comprimé »."""
    substance: str
    """Empty for parapharmacy."""
    strength: str
    form: str
    """In French, as it is printed on the box."""
    pack: str
    """« B/30 »."""
    units_per_box: int
    laboratory: str
    is_generic: bool
    generic_group: int | None
    """Same substance, strength and form; None for products alone in theirs."""
    status: Status
    storage: Storage
    atc: str
    """Code of its class in ``profiles.CLASSES``."""
    class_index: int
    reimbursed: bool
    reimbursement_percent: int
    vat_percent: Decimal
    public_price: Decimal
    """Euros, taxes included, dispensing fee excluded."""
    unit_cost: Decimal
    """Euros, before tax. Assumed margins: see :func:`assumed_cost`."""
    boxes_per_open_day: float
    """Mean demand over a year."""
    case_size: int
    """Boxes that the wholesaler sells together."""
    address: str
    """T3-B-07 drawer, F1-B fridge shelf, C1-02 safe, V1-C-04 sales floor."""
    reserve_address: str
    """R2-04, or empty for a product without overflow."""
    room: int
    """Boxes that fit at the address."""
    shelf_life_days: int
    """From making to expiry."""
    fragile: bool

    @property
    def cold(self) -> bool:
        return self.storage is Storage.FRIDGE

    @property
    def therapeutic_class(self) -> TherapeuticClass:
        return CLASSES[self.class_index]

    @property
    def boxes_per_year(self) -> float:
        return self.boxes_per_open_day * OPEN_DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class _Form:
    words: str
    packs: tuple[int, ...]
    """Units per box."""
    units: str
    """Unit of strength."""
    zone: str
    boxes_in_slot: int
    fragile: bool = False


_FORMS: dict[str, _Form] = {
    "tablet": _Form("comprimé", (30, 30, 30, 28, 90, 20), "mg", "T", 18),
    "film_coated": _Form("comprimé pelliculé", (30, 30, 28, 90, 14), "mg", "T", 18),
    "capsule": _Form("gélule", (30, 28, 20, 16), "mg", "T", 16),
    "gastro_capsule": _Form("gélule gastrorésistante", (28, 14, 30), "mg", "T", 16),
    "effervescent": _Form("comprimé effervescent", (20, 16, 8), "mg", "T", 12),
    "sachet": _Form("poudre orale en sachet", (30, 20, 12), "mg", "L", 10),
    "suspension": _Form("poudre pour suspension buvable", (1,), "mg/5 mL", "L", 8, fragile=True),
    "syrup": _Form("sirop", (1,), "mg/mL", "L", 8, fragile=True),
    "solution": _Form("solution buvable en gouttes", (1,), "mg/mL", "L", 10, fragile=True),
    "ampoule": _Form("solution buvable en ampoule", (1, 4, 20), "UI", "L", 10, fragile=True),
    "patch": _Form("dispositif transdermique", (5, 10, 30), "µg/h", "T", 12),
    "pen": _Form("solution injectable en stylo prérempli", (5, 1, 2), "UI/mL", "F", 10),
    "syringe": _Form("solution injectable en seringue préremplie", (1, 2, 6), "mg", "T", 10),
    "inhaler": _Form("suspension pour inhalation en flacon pressurisé", (1,), "µg/dose", "D", 10),
    "nasal": _Form("solution pour pulvérisation nasale", (1,), "µg/dose", "D", 10),
    "eye_drops": _Form("collyre en solution", (1, 30, 3), "mg/mL", "D", 12),
    "ear_drops": _Form("solution auriculaire", (1,), "mg/mL", "D", 10),
    "cream": _Form("crème", (1,), "%", "D", 12),
    "gel": _Form("gel", (1,), "%", "D", 12),
    "spray": _Form("collutoire", (1,), "mg/mL", "D", 10),
    "cosmetic": _Form("", (1,), "mL", "V", 8),
}

_LADDERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "mg": (
        ("5", "10", "20"), ("2,5", "5", "10"), ("25", "50", "100"), ("20", "40"), ("500", "1000"),
        ("75", "150", "300"), ("1", "2", "4"), ("200", "400"), ("10", "20", "40", "80"), ("100",),
    ),
    "mg/5 mL": (("125", "250", "500"), ("100", "200"), ("40",)),
    "mg/mL": (("1", "2"), ("5", "10"), ("20",), ("0,5",)),
    "UI": (("80000", "100000"), ("400", "1000"), ("50000",)),
    "UI/mL": (("100",), ("100", "200", "300")),
    "µg/h": (("12", "25", "50", "75", "100"), ("25", "50", "100")),
    "µg/dose": (("50", "125", "250"), ("100", "200"), ("50",)),
    "%": (("1", "2"), ("0,05", "0,1"), ("5",)),
    "mL": (("200", "400"), ("50",), ("150",), ("500",)),
}  # fmt: skip

_COSMETICS = (
    "crème hydratante", "gel lavant", "lait corporel", "baume à lèvres", "shampooing doux",
    "eau micellaire", "crème solaire", "dentifrice", "bain de bouche", "pansements",
    "bande élastique", "sérum physiologique", "lait infantile", "couches", "thermomètre",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Draft:
    """A product before it has a rank, a price and an address."""

    class_index: int
    substance: str
    name: str
    strength: str
    step: int
    """Place of its strength in the ladder, from 0."""
    form: str
    units_per_box: int
    laboratory: str
    is_generic: bool
    group: int | None
    popularity: float
    """Natural logarithm, comparable inside a class only."""


def invent_assortment(*, size: int = 6000, seed: int) -> list[InventedProduct]:
    """An assortment of ``size`` references whose demands sum to 390 boxes per open day.

    Shares of boxes by reference, by class, and public prices by box follow FACTS §§ 2 and 4.

    :raises ValueError: below 300 references, where the shares have no room to be true.
    """
    if size < 300:
        raise ValueError("an assortment needs at least 300 references")
    rng = generator(seed, "assortment")
    words = zip(names.substances(3000, rng=rng), names.brands(3000, rng=rng), strict=True)
    by_class = [
        _drafts(index, count=count, words=words, rng=rng)
        for index, count in enumerate(_reference_counts(size))
    ]
    rates = _pareto_rates(size)
    owners = _share_out(rates, counts=[len(drafts) for drafts in by_class])
    best_first = [iter(sorted(drafts, key=lambda draft: -draft.popularity)) for drafts in by_class]
    drafts = _numbered_groups([next(best_first[owner]) for owner in owners])
    prices = _prices(drafts, rates=rates, rng=rng)
    serials = rng.permutation(100_000)[:size]

    products = [
        _product(draft, index=index, rate=float(rate), price=price, serial=int(serial), rng=rng)
        for index, (draft, rate, price, serial) in enumerate(
            zip(drafts, rates, prices, serials, strict=True)
        )
    ]
    return _with_addresses(products)


def ean_key(digits: str) -> str:
    """The control digit of an EAN-13, from its first twelve digits."""
    assert len(digits) == 12
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return str(-total % 10)


def assumed_cost(*, price: float, vat_percent: float, is_generic: bool) -> float:
    """Purchase cost before tax in euros, assumed from the public price.

    The pharmacy's margin shrinks as the price grows: 30 % up to 30 €, then 9 % up to 150 €, then
    5 % up to 1 500 €, flat above, 10 points more on generics (assumed; domain § 8.1 gives a mean
    margin near 30 % and about 100 € on the dearest boxes).
    """
    before_tax = price / (1 + vat_percent / 100)
    margin = 0.30 * min(before_tax, 30) + 0.09 * _between(before_tax, 30, 150)
    margin += 0.05 * _between(before_tax, 150, 1500)
    if is_generic:
        margin += 0.10 * min(before_tax, 30)
    return before_tax - margin


def addresses_of(products: Iterable[InventedProduct]) -> list[str]:
    """Every address in use, reserve included, sorted as one walks."""
    used = {product.address for product in products}
    used |= {product.reserve_address for product in products if product.reserve_address}
    return sorted(used)


def _between(value: float, low: float, high: float) -> float:
    return max(0.0, min(value, high) - low)


def _reference_counts(size: int) -> list[int]:
    counts = [max(1, round(one.reference_share * size)) for one in CLASSES]
    counts[counts.index(max(counts))] += size - sum(counts)
    return counts


def _pareto_rates(size: int) -> Floats:
    """Boxes per open day by rank, the best first: the curve of :data:`PARETO`."""
    ranks = np.arange(1, size + 1)
    weights = np.empty(size)
    start, done = 0, 0.0
    for share_of_references, share_of_boxes in PARETO:
        end = max(round(share_of_references * size), start + 1)
        # Slope −0.71 among the very first (FACTS § 2); then even in the logarithm of the rank.
        slope = 0.71 if start == 0 else 1.0
        piece = ranks[start:end] ** -slope
        weights[start:end] = piece / piece.sum() * (share_of_boxes - done)
        start, done = end, share_of_boxes
    rates: Floats = np.sort(weights)[::-1] * BOXES_PER_OPEN_DAY
    return rates


def _share_out(rates: Floats, *, counts: list[int]) -> list[int]:
    """The class of each rank, such that classes get their share of boxes and of references.

    From the best-selling rank down, a rank goes to the class furthest below its share so far;
    a class never takes a product that alone would make a third of it.
    """
    shares = np.array([one.box_share for one in CLASSES])
    left = np.array(counts)
    got = np.zeros(len(CLASSES))
    total = rates.sum()
    owners = []
    given = 0.0
    for place, rate in enumerate(rates):
        weight = rate / total
        given += weight
        missing = shares * given - got
        # At the tail, what is missing no longer decides: the references that are left do.
        if place > 0.6 * len(rates):
            missing = left.astype(float)
        fits = (left > 0) & (weight <= 0.35 * shares)
        open_to = fits if fits.any() else left > 0
        owner = int(np.argmax(np.where(open_to, missing, -np.inf)))
        owners.append(owner)
        left[owner] -= 1
        got[owner] += weight
    return owners


def _drafts(
    class_index: int, *, count: int, words: Iterator[tuple[str, str]], rng: np.random.Generator
) -> list[_Draft]:
    """``count`` products of one class: substances, strength ladders, brands and their generics."""
    if CLASSES[class_index].status == Status.PARAPHARMACY:
        return _cosmetics(class_index, count=count, rng=rng)
    drafts: list[_Draft] = []
    while len(drafts) < count:
        substance, brand = next(words)
        drafts += _family(class_index, substance=substance, brand=brand, rng=rng)
    return drafts[:count]


def _family(
    class_index: int, *, substance: str, brand: str, rng: np.random.Generator
) -> list[_Draft]:
    """All boxes of one substance: look-alikes by strength, by pack and by laboratory.

    In one pharmacy the house laboratory takes most of a generic group (FACTS § 2: the first
    reference of a group takes 34 % nationally, nearer to one or two laboratories in one shop).
    """
    therapeutic = CLASSES[class_index]
    form = str(rng.choice(therapeutic.forms))
    spec = _FORMS[form]
    ladders = _LADDERS[spec.units]
    ladder = ladders[rng.integers(len(ladders))]
    packs = sorted({int(pack) for pack in rng.choice(spec.packs, size=2)})
    owner = int(rng.integers(2, len(names.LABORATORIES)))
    copied = therapeutic.reimbursed and not therapeutic.cold and rng.random() < 0.5
    copies = int(rng.choice([1, 2, 3, 4, 6])) if copied else 0
    # The two house laboratories, then some of the others.
    copiers = [0, 1, *(2 + rng.permutation(len(names.LABORATORIES) - 2)).tolist()][:copies]
    liked = rng.normal(0.0, 1.5)

    drafts = []
    for step, strength in enumerate(ladder):
        strength_liked = liked + rng.normal(0.0, 0.6)
        # A name that no other group has; numbered in the order of sales afterwards.
        group = int(rng.integers(1, 2**62)) if copies else None
        for maker in [None, *copiers]:
            laboratory = names.LABORATORIES[owner if maker is None else maker]
            lean = {None: 0.1 if copies else 0.3, 0: 0.9, 1: 0.0}.get(maker, -1.6)
            for place, pack in enumerate(packs):
                # The usual pack first; only brands and house copies come in the second one.
                if place and maker not in (None, 0):
                    continue
                drafts.append(
                    _Draft(
                        class_index=class_index,
                        substance=substance,
                        name=brand if maker is None else f"{substance} {laboratory}",
                        strength=f"{strength} {spec.units}",
                        step=step,
                        form=form,
                        units_per_box=pack,
                        laboratory=laboratory,
                        is_generic=maker is not None,
                        group=group,
                        popularity=strength_liked + lean - 0.9 * place + rng.normal(0.0, 0.5),
                    )
                )
    return drafts


def _cosmetics(class_index: int, *, count: int, rng: np.random.Generator) -> list[_Draft]:
    drafts = []
    lines = names.brands(400, rng=rng)
    for number in range(count):
        kind, house = divmod(number, len(names.COSMETIC_HOUSES))
        laboratory = names.COSMETIC_HOUSES[house]
        words = _COSMETICS[kind % len(_COSMETICS)]
        ladder = _LADDERS["mL"][number % len(_LADDERS["mL"])]
        line = lines[kind // len(_COSMETICS) % len(lines)]
        drafts.append(
            _Draft(
                class_index=class_index,
                substance="",
                name=f"{laboratory} {line} {words}",
                strength=f"{ladder[number % len(ladder)]} mL",
                step=0,
                form="cosmetic",
                units_per_box=1,
                laboratory=laboratory,
                is_generic=False,
                group=None,
                popularity=rng.normal(0.0, 1.0),
            )
        )
    return drafts


def _prices(drafts: list[_Draft], *, rates: Floats, rng: np.random.Generator) -> list[float]:
    """Public prices in euros: reimbursed boxes get the quantiles of :data:`PRICES`, by box."""
    classes = [CLASSES[draft.class_index] for draft in drafts]
    score = np.array([one.price_level for one in classes])
    score += [0.15 * draft.step - 0.25 * draft.is_generic for draft in drafts]
    score += [0.8 * (draft.units_per_box >= 84) for draft in drafts]
    # The boxes that sell most are cheap ones: FACTS § 4, catalogue median 8.83 €, by box 2.58 €.
    score -= 0.25 * np.log(rates / rates.mean())
    # One substance has one level of price: its strengths and copies stay near each other.
    level = {name: rng.normal(0.0, 0.5) for name in sorted({draft.substance for draft in drafts})}
    score += [level[draft.substance] for draft in drafts]
    score += rng.normal(0.0, 0.15, size=len(drafts))

    reimbursed = np.array([one.reimbursed for one in classes])
    weights = np.where(reimbursed, rates, 0.0)
    order = np.argsort(score)
    reached = np.cumsum(weights[order]) - weights[order] / 2
    shares, euros = np.array(PRICES).T
    by_rank = np.exp(np.interp(reached / weights.sum(), shares, np.log(euros)))
    regulated = np.empty(len(drafts))
    regulated[order] = by_rank
    # Free prices: assumed, median 7.90 €, ending in 0 cents of ten as shops like them.
    free = np.round(np.exp(rng.normal(np.log(7.9), 0.55, size=len(drafts))), 1)
    return [float(price) for price in np.where(reimbursed, regulated, np.maximum(free, 1.5))]


def _product(
    draft: _Draft, *, index: int, rate: float, price: float, serial: int, rng: np.random.Generator
) -> InventedProduct:
    therapeutic = CLASSES[draft.class_index]
    spec = _FORMS[draft.form]
    cip7 = f"99{serial:05d}"
    status = _status(therapeutic, draft)
    reimbursed = therapeutic.reimbursed
    vat = Decimal("2.1") if reimbursed else Decimal(10)
    if status is Status.PARAPHARMACY:
        vat = Decimal("5.5") if "infantile" in draft.name else Decimal(20)
    cost = assumed_cost(price=price, vat_percent=float(vat), is_generic=draft.is_generic)
    words = f", {spec.words}" if spec.words else ""
    storage = Storage.FRIDGE if therapeutic.cold else Storage.AMBIENT
    if status is Status.NARCOTIC:
        storage = Storage.SAFE
    cold = storage is Storage.FRIDGE
    return InventedProduct(
        index=index,
        cip7=cip7,
        cip13=f"34009{cip7}{ean_key(f'34009{cip7}')}",
        name=f"{draft.name} {draft.strength}{words}",
        substance=draft.substance,
        strength=draft.strength,
        form=spec.words,
        pack=f"B/{draft.units_per_box}",
        units_per_box=draft.units_per_box,
        laboratory=draft.laboratory,
        is_generic=draft.is_generic,
        generic_group=draft.group,
        status=status,
        storage=storage,
        atc=therapeutic.code,
        class_index=draft.class_index,
        reimbursed=reimbursed,
        reimbursement_percent=_reimbursement(therapeutic) if reimbursed else 0,
        vat_percent=vat,
        public_price=Decimal(f"{price:.2f}"),
        unit_cost=Decimal(f"{cost:.4f}"),
        boxes_per_open_day=rate,
        case_size=_case_size(status, rng=rng),
        address="",
        reserve_address="",
        room=int(np.clip(np.ceil(rate * 8), spec.boxes_in_slot, 80)),
        shelf_life_days=int(rng.choice([540, 730] if cold else [730, 1095, 1095, 1460])),
        fragile=spec.fragile or cold,
    )


def _status(therapeutic: TherapeuticClass, draft: _Draft) -> Status:
    # Some painkillers sold without a list are on it in their higher strengths.
    if therapeutic.code == "N02" and draft.step >= 2:
        return Status.LIST_1
    return Status(therapeutic.status)


def _reimbursement(therapeutic: TherapeuticClass) -> int:
    if therapeutic.code in {"L", "L04"}:
        return 100
    if therapeutic.code in {"R01", "R05", "A06", "A11"}:
        return 30
    return 65


def _case_size(status: Status, *, rng: np.random.Generator) -> int:
    """Wholesalers sell medicines by the box; some goods of the sales floor by three or six."""
    if status is Status.PARAPHARMACY:
        return int(rng.choice([1, 1, 3, 6]))
    return int(rng.choice([1, 10], p=[0.985, 0.015]))


def _numbered_groups(drafts: list[_Draft]) -> list[_Draft]:
    """Groups numbered from 1 in order of first sight; a group of one is no group."""
    sizes = Counter(draft.group for draft in drafts if draft.group is not None)
    numbers: dict[int, int] = {}
    numbered = []
    for draft in drafts:
        group = draft.group
        if group is not None:
            group = numbers.setdefault(group, len(numbers) + 1) if sizes[group] > 1 else None
        numbered.append(replace(draft, group=group))
    return numbered


def _with_addresses(products: list[InventedProduct]) -> list[InventedProduct]:
    """Drawers hold products in the order of their names: neighbours differ by their strength."""
    placed = list(products)
    for zone, members in _zones(products).items():
        by_name = sorted(members, key=lambda product: (product.name, product.units_per_box))
        for place, product in enumerate(by_name):
            placed[product.index] = replace(product, address=_address(zone, place, len(by_name)))
    overflowing = [
        product
        for product in placed
        if product.boxes_per_open_day > 1.2 and product.storage is Storage.AMBIENT
    ]
    for place, product in enumerate(overflowing):
        reserve = f"R{1 + place // 24 % 4}-{1 + place % 24:02d}"
        placed[product.index] = replace(product, reserve_address=reserve)
    return placed


def _zones(products: list[InventedProduct]) -> dict[str, list[InventedProduct]]:
    zones: dict[str, list[InventedProduct]] = {}
    by_words = {spec.words: spec.zone for spec in _FORMS.values()}
    for product in products:
        zone = by_words[product.form]
        if product.storage is Storage.FRIDGE:
            zone = "F"
        elif product.storage is Storage.SAFE:
            zone = "C"
        zones.setdefault(zone, []).append(product)
    return zones


def _address(zone: str, place: int, count: int) -> str:
    if zone == "F":
        # Six shelves, several products on each.
        return f"F1-{'ABCDEF'[place * 6 // count]}"
    if zone == "C":
        return f"C1-{1 + place // 6:02d}"
    column, row = divmod(place, 50)
    cabinet, letter = divmod(column, 12)
    return f"{zone}{cabinet + 1}-{'ABCDEFGHIJKL'[letter]}-{row + 1:02d}"
