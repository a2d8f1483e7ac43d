"""Founds the invented pharmacy: people, places, products, suppliers, and its stock on day one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.contrib.auth.hashers import make_password

from backofficine.catalog.models import (
    Evidence,
    GenericGroup,
    GenericMember,
    LegalStatus,
    Price,
    Product,
    ProductCode,
    Speciality,
    Storage,
)
from backofficine.catalog.services import touch_version
from backofficine.kernel.bulk import insert_rows
from backofficine.kernel.ids import derived_id
from backofficine.kernel.money import to_finest
from backofficine.pharmacy import services as pharmacy
from backofficine.pharmacy.models import Pharmacy
from backofficine.purchasing.models import (
    Supplier,
    SupplierPrice,
    SupplyException,
    SupplySchedule,
)
from backofficine.purchasing.services import generate_rounds
from backofficine.science.simulation import rounds
from backofficine.science.simulation.assortment import InventedProduct, addresses_of
from backofficine.science.simulation.assortment import Status as InventedStatus
from backofficine.science.simulation.past import Visit
from backofficine.science.simulation.profiles import PARIS, at_local, instant
from backofficine.science.simulation.rounds import SUPPLIERS, SupplierKind
from backofficine.science.simulation.world import OpeningLot
from backofficine.stock import queries as stock
from backofficine.stock.models import Address, DemandLine, Location, Posting
from backofficine.stock.services import MoveLine, lots_of, post
from backofficine.team.demo import PASSWORD, PEOPLE
from backofficine.team.models import Actor, User, Workstation
from backofficine.team.services import actor_of, add_person, add_workstation

NAME = "Pharmacie de démonstration"
CHECKED_ZONE = "T1-A"  # a column of look-alike boxes: each one is scanned
SLOTS, COLD_SLOTS = 40, 6
DIRECT_DISCOUNT = Decimal("0.06")  # off the wholesaler's price, net (assumed)
SIGNED_TARIFFS = {
    "hourly_cost": "26.50", "minutes_promise": "7", "minutes_not_found": "3.5",
    "minutes_stock_error": "9",
}  # fmt: skip
# Rounds are known this long after the end of the past.
ROUNDS_AHEAD_DAYS = 14

ZONE_WORDS = {
    "T": "TIROIRS", "L": "LIQUIDES", "D": "PETITS", "V": "ESPACE", "F": "FRIGO", "C": "COFFRE",
    "R": "RESERVE",
}  # fmt: skip
KINDS = {
    "T": Location.Kind.DRAWER, "L": Location.Kind.DRAWER, "D": Location.Kind.DRAWER,
    "V": Location.Kind.SHELF, "F": Location.Kind.FRIDGE, "C": Location.Kind.SAFE,
    "R": Location.Kind.RESERVE,
}  # fmt: skip
LEGAL = {
    InventedStatus.LIST_1: LegalStatus.LIST_I,
    InventedStatus.LIST_2: LegalStatus.LIST_II,
    InventedStatus.NARCOTIC: LegalStatus.NARCOTIC,
}


@dataclass(frozen=True, slots=True)
class Shop:
    """The rows of the invented shop, in the order in which the simulation numbers them."""

    seed: int
    people: list[User]
    counters: list[Workstation]
    bench: Workstation
    office: Workstation
    assortment: Sequence[InventedProduct]
    products: list[Product]
    suppliers: list[Supplier]
    places: dict[str, Location]

    def main_place(self, index: int) -> Location:
        return self.places[self.assortment[index].address]

    def reserve_place(self, index: int) -> Location | None:
        code = self.assortment[index].reserve_address
        return self.places[code] if code else None


def found_shop(
    assortment: Sequence[InventedProduct], *, seed: int, first_day: date, last_day: date
) -> Shop:
    """Make everything that stands in the pharmacy before its first morning."""
    eve = at_local(first_day, time(0, 1))
    found = pharmacy.found_pharmacy(name=NAME, at=eve, is_demo=True)
    Pharmacy.objects.filter(pk=found.pk).update(
        address="1 place du Marché, 00000 Valombrage", team_informed_on=first_day
    )
    people = [
        add_person(
            username=one.username, name=one.name, role=one.role, password=None, pin=one.pin,
            at=eve,
        )
        for one in PEOPLE
    ]  # fmt: skip
    # The same word for all, told on the login page: its slow hash is computed once.
    shared = make_password(PASSWORD)
    for user in people:
        user.password = shared
    User.objects.bulk_update(people, ["password"])
    _sign_tariffs(actor_of(people[0], at=eve), at=eve, since=first_day)
    counters = [
        add_workstation(name=f"Comptoir {number}", post=Workstation.Post.COUNTER)
        for number in (1, 2, 3)
    ]
    office = add_workstation(name="Bureau", post=Workstation.Post.BACK_OFFICE)
    bench = add_workstation(name="Réception", post=Workstation.Post.RECEIVING)
    add_workstation(name="Téléphone du rayon", post=Workstation.Post.PHONE)
    places = _places(assortment)
    products = _products(assortment, seed=seed, since=first_day)
    _addresses(assortment, products=products, places=places)
    suppliers = _suppliers(assortment, products=products, first_day=first_day, last_day=last_day)
    days = (last_day - first_day).days + 1 + ROUNDS_AHEAD_DAYS
    generate_rounds(at=eve, days=days)
    return Shop(
        seed=seed,
        people=people,
        counters=counters,
        bench=bench,
        office=office,
        assortment=assortment,
        products=products,
        suppliers=suppliers,
        places=places,
    )


def _sign_tariffs(owner: Actor, *, at: datetime, since: date) -> None:
    """The owner has signed what was timed; the rest stays assumed, and says so."""
    for key, amount in SIGNED_TARIFFS.items():
        pharmacy.set_tariff(
            key,
            amount=Decimal(amount),
            valid_from=since,
            source="Chronométré à la pharmacie de démonstration (valeur inventée)",
            signed_by=owner,
            at=at,
        )


# --- Places ---------------------------------------------------------------------------------------


def _places(assortment: Sequence[InventedProduct]) -> dict[str, Location]:
    """The tree of places: rooms, cabinets, then addresses, in the order in which one walks."""
    cold_first = {"F": 1, "C": 2}
    codes = sorted(addresses_of(assortment), key=lambda code: (cold_first.get(code[0], 3), code))
    rooms = {letter: _zone(ZONE_WORDS[letter]) for letter in sorted({code[0] for code in codes})}
    front, back = _zone("ARRIERE"), _zone("CASIERS")
    cabinets = {
        head: _zone(head, parent=rooms[head[0]])
        for head in sorted({code.split("-")[0] for code in codes})
    }
    fresh = [
        Location(
            parent=cabinets[code.split("-")[0]],
            kind=KINDS[code[0]],
            code=code,
            holds_stock=True,
            walk_order=10 * number,
            put_away_mode=_mode(code),
        )
        for number, code in enumerate(codes, start=10)
    ]
    after = 10 * (len(codes) + 10)
    fresh += [
        # The dock comes last in the walk: boxes are served from their address first.
        Location(parent=front, kind=Location.Kind.DOCK, code="QUAI", holds_stock=True,
                 walk_order=after),
        Location(parent=front, kind=Location.Kind.QUARANTINE, code="Q-01", holds_stock=True,
                 walk_order=after + 10),
    ]  # fmt: skip
    fresh += [
        Location(parent=back, kind=Location.Kind.PROMISE_SLOT, code=f"CASIER-{number:02d}",
                 holds_stock=True, walk_order=number)
        for number in range(1, SLOTS + 1)
    ]  # fmt: skip
    # Slots of the fridge hang under the fridge that keeps them.
    fridge = Location.objects.create(
        parent=rooms.get("F") or _zone("FRIGO"), kind=Location.Kind.FRIDGE, code="F2",
        holds_stock=True, walk_order=95,
    )  # fmt: skip
    fresh += [
        Location(parent=fridge, kind=Location.Kind.PROMISE_SLOT, code=f"F2-P{number}",
                 holds_stock=True, walk_order=number)
        for number in range(1, COLD_SLOTS + 1)
    ]  # fmt: skip
    Location.objects.bulk_create(fresh, batch_size=500)
    return {place.code: place for place in Location.objects.select_related("parent")}


def _zone(code: str, *, parent: Location | None = None) -> Location:
    return Location.objects.create(
        kind=Location.Kind.ZONE, code=code, parent=parent, holds_stock=False
    )


def _mode(code: str) -> str:
    if code.startswith("C"):
        return Location.PutAwayMode.STRICT
    if code.startswith(CHECKED_ZONE):
        return Location.PutAwayMode.CHECKED
    return Location.PutAwayMode.FREE


def _addresses(
    assortment: Sequence[InventedProduct], *, products: list[Product], places: dict[str, Location]
) -> None:
    rows: list[tuple[int, int, bool, int | None]] = []
    for about, product in zip(assortment, products, strict=True):
        rows.append((product.pk, places[about.address].pk, True, about.room))
        if about.reserve_address:
            rows.append((product.pk, places[about.reserve_address].pk, False, None))
    insert_rows(Address, ["product_id", "location_id", "is_main", "room"], rows)


# --- Products -------------------------------------------------------------------------------------


def brand_of(about: InventedProduct) -> str:
    """The name alone: strength and form stand in columns of their own."""
    words = f", {about.form}" if about.form else ""
    return about.name.removesuffix(f" {about.strength}{words}")


def _products(assortment: Sequence[InventedProduct], *, seed: int, since: date) -> list[Product]:
    specialities = _specialities(assortment)
    insert_rows(
        Product,
        ["public_id", "speciality_id", "cip13", "name", "strength", "form", "pack", "full_label",
         "manufacturer", "substance", "legal_status", "storage", "storage_evidence", "case_size",
         "vat_rate", "vat_evidence", "unit_cost", "cost_evidence", "public_price", "is_invented",
         "is_followed"],
        [
            [
                derived_id("demo product", seed, about.cip13),
                specialities.get(_speciality_key(about)),
                about.cip13,
                brand_of(about),
                about.strength,
                about.form,
                about.pack,
                f"{about.name}, {about.pack}",
                about.laboratory,
                about.substance,
                str(LEGAL.get(about.status, LegalStatus.NONE)),
                str(Storage(about.storage.value)),
                str(Evidence.HERE),
                about.case_size,
                about.vat_percent,
                str(Evidence.HERE),
                about.unit_cost,
                str(Evidence.STOCK_FILE),
                about.public_price,
                True,
                True,
            ]
            for about in assortment
        ],
    )  # fmt: skip
    made = {product.cip13: product for product in Product.objects.filter(is_invented=True)}
    products = [made[about.cip13] for about in assortment]
    insert_rows(
        ProductCode,
        ["product_id", "kind", "code"],
        [
            row
            for about, product in zip(assortment, products, strict=True)
            for row in (
                (product.pk, str(ProductCode.Kind.CIP13), about.cip13),
                (product.pk, str(ProductCode.Kind.CIP7), about.cip7),
            )
        ],
    )
    insert_rows(
        Price,
        ["product_id", "amount", "valid_from", "source"],
        [
            (product.pk, about.public_price, since, str(Evidence.STOCK_FILE))
            for about, product in zip(assortment, products, strict=True)
        ],
    )
    touch_version()
    return products


def _speciality_key(about: InventedProduct) -> tuple[str, str, str]:
    return brand_of(about), about.strength, about.form


def _specialities(assortment: Sequence[InventedProduct]) -> dict[tuple[str, str, str], int]:
    """Boxes of the same name, strength and form are one speciality; cosmetics have none."""
    by_key: dict[tuple[str, str, str], InventedProduct] = {}
    for about in assortment:
        if about.substance:
            by_key.setdefault(_speciality_key(about), about)
    codes = {key: f"9{number:07d}" for number, key in enumerate(by_key, start=1)}
    insert_rows(
        Speciality,
        ["cis", "name", "form", "holder", "atc", "legal_status"],
        [
            (codes[key], about.name, about.form, about.laboratory, about.atc,
             str(LEGAL.get(about.status, LegalStatus.NONE)))
            for key, about in by_key.items()
        ],
    )  # fmt: skip
    made = dict(Speciality.objects.values_list("cis", "pk"))
    _groups(by_key, codes=codes, made=made)
    return {key: made[code] for key, code in codes.items()}


def _groups(
    by_key: dict[tuple[str, str, str], InventedProduct],
    *,
    codes: dict[tuple[str, str, str], str],
    made: dict[str, int],
) -> None:
    members: dict[int, list[tuple[str, InventedProduct]]] = {}
    for key, about in by_key.items():
        if about.generic_group is not None:
            members.setdefault(about.generic_group, []).append((codes[key], about))
    insert_rows(
        GenericGroup,
        ["number", "label"],
        [
            (f"99{number:05d}", f"{ones[0][1].substance} {ones[0][1].strength}")
            for number, ones in members.items()
        ],
    )
    groups = dict(GenericGroup.objects.values_list("number", "pk"))
    insert_rows(
        GenericMember,
        ["group_id", "cis", "speciality_id", "kind", "rank"],
        [
            (groups[f"99{number:05d}"], cis, made[cis],
             int(GenericMember.Kind.GENERIC if about.is_generic else GenericMember.Kind.BRAND),
             rank)
            for number, ones in members.items()
            for rank, (cis, about) in enumerate(ones)
        ],
    )  # fmt: skip


# --- Suppliers ------------------------------------------------------------------------------------


def _suppliers(
    assortment: Sequence[InventedProduct],
    *,
    products: list[Product],
    first_day: date,
    last_day: date,
) -> list[Supplier]:
    suppliers = []
    for about in SUPPLIERS:
        is_direct = about.kind is SupplierKind.DIRECT
        suppliers.append(
            Supplier.objects.create(
                name=about.name,
                kind=Supplier.Kind.DIRECT if is_direct else Supplier.Kind.WHOLESALER,
                customer_number=f"DEMO-{about.index + 1:03d}",
                lead_time_days=about.lead_time_days[1] if is_direct else None,
                free_carriage_from=Decimal(300) if is_direct else None,
                is_main=about.index == 0,
            )
        )
    since = first_day - timedelta(days=1)
    schedules = {}
    for about, supplier in zip(SUPPLIERS, suppliers, strict=True):
        for one in about.rounds:
            schedules[about.index, one] = SupplySchedule.objects.create(
                supplier=supplier,
                name="nuit" if one.drop_day_offset else "midi",
                weekday=one.weekday,
                cut_off_time=one.cut_off,
                drop_time=one.drop,
                drop_day_offset=one.drop_day_offset,
                valid_from=since,
            )
    until = last_day + timedelta(days=ROUNDS_AHEAD_DAYS)
    SupplyException.objects.bulk_create(
        [
            SupplyException(
                supplier=suppliers[index],
                schedule=schedules[index, one],
                occurs_on=day,
                is_cancelled=moved_to is None,
                moved_drop_at=None if moved_to is None else at_local(moved_to, one.drop),
            )
            for index, one, day, moved_to in rounds.exceptions(first_day, until)
        ]
    )
    _direct_prices(assortment, products=products, suppliers=suppliers, since=since)
    return suppliers


def _direct_prices(
    assortment: Sequence[InventedProduct],
    *,
    products: list[Product],
    suppliers: list[Supplier],
    since: date,
) -> None:
    by_maker = {about.laboratory: about.index for about in SUPPLIERS if about.laboratory}
    SupplierPrice.objects.bulk_create(
        [
            SupplierPrice(
                supplier=suppliers[by_maker[about.laboratory]],
                product=product,
                unit_price=to_finest(about.unit_cost * (1 - DIRECT_DISCOUNT)),
                valid_from=since,
                source="tarif de démonstration",
            )
            for about, product in zip(assortment, products, strict=True)
            if about.laboratory in by_maker
        ],
        batch_size=500,
    )


# --- The first morning ----------------------------------------------------------------------------


def open_stock(
    shop: Shop, *, opening: dict[int, list[OpeningLot]], at: datetime, actor: Actor
) -> Posting:
    """Post the boxes that are there on the first morning, as one bulk posting.

    What does not fit at the address stands in the reserve.
    """
    lots = lots_of(
        (shop.products[index], lot.number, lot.expires_on)
        for index, ones in opening.items()
        for lot in ones
    )
    counted = stock.virtual(Location.Kind.COUNT)
    lines: list[MoveLine] = []
    for index, ones in opening.items():
        room = shop.assortment[index].room
        for one in ones:
            lot = lots[shop.products[index].pk, one.number, one.expires_on]
            place, reserve = shop.main_place(index), shop.reserve_place(index)
            here = one.boxes if reserve is None else min(one.boxes, room)
            room -= here
            if here:
                lines.append(MoveLine(lot, counted, place, here))
            if one.boxes > here and reserve is not None:
                lines.append(MoveLine(lot, counted, reserve, one.boxes - here))
    return post(
        lines=lines,
        reason=Posting.Reason.OPENING,
        occurred_at=at,
        recorded_at=at,
        actor=actor,
        request_id=derived_id("demo opening", shop.seed),
    )


def record_history(shop: Shop, visits: Iterable[Visit]) -> int:
    """Write what was sold before the first morning: demand, without moves. Returns the lines."""
    rows = []
    for visit in visits:
        day = visit.at.astimezone(PARIS).date()
        request_id = derived_id("demo history", shop.seed, visit.number)
        for number, line in enumerate(visit.lines):
            rows.append(
                (
                    shop.products[line.product].pk,
                    str(DemandLine.Kind.HISTORY),
                    line.quantity,
                    visit.at,
                    day,
                    request_id,
                    number,
                    "demo",
                )
            )
    insert_rows(
        DemandLine,
        ["product_id", "kind", "quantity", "occurred_at", "occurred_on", "request_id", "line",
         "source"],
        rows,
    )  # fmt: skip
    return len(rows)


def first_instant(first_day: date) -> datetime:
    """When the opening stock is posted: before anybody comes."""
    return instant(first_day, 6.5).astimezone(UTC)
