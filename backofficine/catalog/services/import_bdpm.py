"""An edition of the national catalogue enters in one transaction, or not at all.

``formats.bdpm`` reads and checks the files; this compares with what the last edition said and
writes the difference. Nothing is deleted: what an edition no longer holds gets ``absent_since``.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backofficine.catalog.margins import MarginTable, margin_table
from backofficine.catalog.models import (
    CatalogEdition,
    CatalogVersion,
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
from backofficine.catalog.services.products import touch_version
from backofficine.formats import bdpm
from backofficine.formats.naming import pack_of, split_name
from backofficine.kernel.bulk import insert_rows, update_rows
from backofficine.kernel.errors import DomainError
from backofficine.pharmacy.queries import local_day

LEAST_SHARE = Decimal("0.8")  # of the previous edition's lines: less is a broken download
PRESENTATIONS = "CIS_CIP_bdpm.txt"
GENERICS = "CIS_GENER_bdpm.txt"
COMPOSITION = "CIS_COMPO_bdpm.txt"
CONDITIONS = "CIS_CPD_bdpm.txt"
AVAILABILITY = "CIS_CIP_Dispo_Spec.txt"
MAJOR_INTEREST = "CIS_MITM.txt"

Progress = Callable[[str], None]


class EditionRefused(DomainError):
    """The whole edition is refused; the catalogue stays as it was."""

    message = _("%(why)s")


class ShrunkEdition(EditionRefused):
    message = _(
        "%(file)s has %(lines)s lines where the previous edition had %(before)s: the download is "
        "incomplete. The catalogue is unchanged; download the files again."
    )


class OlderEdition(EditionRefused):
    message = _(
        "This edition (%(edition)s) is older than the one already here (%(known)s): it would bring "
        "old prices back. The catalogue is unchanged."
    )


@dataclass
class Differences:
    """How many things an edition added, removed, left alone, changed."""

    added: int = 0
    removed: int = 0
    unchanged: int = 0


@dataclass
class ImportReport:
    """What an edition changed, presentations counted by CIP13; the JSON of ``import-bdpm``."""

    edition: str
    presentations: Differences = field(default_factory=Differences)
    changed: Counter[str] = field(default_factory=Counter)
    groups: Differences = field(default_factory=Differences)
    groups_changed: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    is_known: bool = False  # these very files were imported last time

    @property
    def sentence(self) -> str:
        """The report as one reads it."""
        counts = self.presentations
        if self.is_known:
            return gettext(
                "Edition of %(edition)s: nothing changed, %(unchanged)d presentations."
            ) % {
                "edition": self.edition,
                "unchanged": counts.unchanged,
            }
        kinds = ("price", "state", "availability", "other")
        return gettext(
            "Edition of %(edition)s: %(added)d presentations added, %(removed)d gone, "
            "%(unchanged)d unchanged; %(price)d prices, %(state)d states, %(availability)d "
            "availabilities and %(other)d other lines changed."
        ) % {
            "edition": self.edition,
            "added": counts.added,
            "removed": counts.removed,
            "unchanged": counts.unchanged,
            **{kind: self.changed[kind] for kind in kinds},
        }

    def as_dict(self) -> dict[str, Any]:
        """``changed``: a presentation may count in several, ``unchanged`` in none."""
        kinds = ("price", "state", "availability", "other")
        return {
            "edition": self.edition,
            "presentations": {
                "added": self.presentations.added,
                "removed": self.presentations.removed,
                "unchanged": self.presentations.unchanged,
                "changed": {kind: self.changed[kind] for kind in kinds},
            },
            "groups": {
                "added": self.groups.added,
                "removed": self.groups.removed,
                "unchanged": self.groups.unchanged,
                "changed": self.groups_changed,
            },
            "rejected": self.rejected,
        }


def import_bdpm(
    folder: Path, *, at: datetime, progress: Progress = lambda stage: None
) -> ImportReport:
    """Bring the catalogue to the edition held by ``folder``.

    Products are known by their CIP13. What this pharmacy learnt (storage, cost, VAT from a receipt,
    a stock file or a person) is kept; assumed values are assumed again. A file that the folder
    lacks leaves what it told untouched. The same files again change nothing. ``progress`` is told
    each stage.

    :raises EditionRefused: if the files cannot be trusted, are older than the catalogue, or hold
        under 80 % of the previous edition's lines.
    """
    latest = CatalogEdition.objects.order_by("-pk").first()
    try:
        progress("read")
        digests = bdpm.digests_of(folder)
        digest = _digest(digests)
        if latest is not None and latest.digest == digest:
            return _known(latest)
        edition = bdpm.read_folder(folder)
    except bdpm.EditionRefused as error:
        raise EditionRefused(why=str(error)) from error
    day = _day_of(edition, at=at)
    _refuse(edition, latest)
    with transaction.atomic():
        # Two imports at once would both insert: the second waits here, then sees the first.
        CatalogVersion.objects.select_for_update().get(pk=1)
        report = ImportReport(
            edition=edition.edition or day.isoformat(),
            rejected=[
                {"file": line.file, "line": line.line, "reason": line.reason}
                for line in edition.rejected
            ],
        )
        _Import(edition, day=day, report=report, progress=progress).run()
        CatalogEdition.objects.create(
            edition=report.edition,
            digest=digest,
            imported_at=at,
            line_counts=edition.line_counts,
            report=report.as_dict(),
        )
        touch_version()
    return report


def _digest(digests: dict[str, str]) -> str:
    lines = (f"{name} {digest}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _known(latest: CatalogEdition) -> ImportReport:
    present = Product.objects.filter(absent_since="").exclude(bdpm_digest="").count()
    return ImportReport(
        edition=latest.edition,
        presentations=Differences(unchanged=present),
        groups=Differences(unchanged=GenericGroup.objects.count()),
        rejected=latest.report["rejected"],
        is_known=True,
    )


def _day_of(edition: bdpm.Edition, *, at: datetime) -> date:
    return date.fromisoformat(edition.edition) if edition.edition else local_day(at)


def _refuse(edition: bdpm.Edition, latest: CatalogEdition | None) -> None:
    if latest is None:
        return
    if edition.edition and edition.edition < latest.edition:
        raise OlderEdition(edition=edition.edition, known=latest.edition)
    for name, before in latest.line_counts.items():
        lines = edition.line_counts.get(name)
        if lines is not None and lines < before * LEAST_SHARE:
            raise ShrunkEdition(file=name, lines=lines, before=before)


# --- What the files say of a medicine -------------------------------------------------------------

_STATES = {
    "Déclaration de commercialisation": Product.State.MARKETED,
    "Déclaration d'arrêt de commercialisation": Product.State.STOPPED,
    "Déclaration de suspension de commercialisation": Product.State.SUSPENDED,
}
_AVAILABILITIES = {
    0: Product.Availability.AVAILABLE,
    1: Product.Availability.SHORTAGE,
    2: Product.Availability.TENSION,
    3: Product.Availability.STOPPED,
    4: Product.Availability.BACK,
}


def _state(box: bdpm.Presentation) -> Product.State:
    if box.status == "Présentation abrogée":
        return Product.State.WITHDRAWN
    return _STATES.get(box.state.replace("’", "'"), Product.State.WITHDRAWN)


def _list(status: bdpm.LegalStatus) -> LegalStatus:
    if status.narcotic:
        return LegalStatus.NARCOTIC
    if status.list_1:
        return LegalStatus.LIST_I
    return LegalStatus.LIST_II if status.list_2 else LegalStatus.NONE


def _substances(components: Iterable[bdpm.Component]) -> dict[str, str]:
    """The active substances of each CIS, in the order of the file, joined by « + ».

    Of a substance and its therapeutic fraction (same link), only the fraction is kept: all salts of
    a molecule share a strength ladder.
    """
    by_cis: dict[str, dict[str, bdpm.Component]] = {}
    for line in components:
        kept = by_cis.setdefault(line.cis, {})
        key = line.link or line.substance
        if key not in kept or (line.nature == "FT" and kept[key].nature != "FT"):
            kept[key] = line
    return {
        cis: " + ".join(dict.fromkeys(line.substance for line in kept.values()))[:300]
        for cis, kept in by_cis.items()
    }


def _seals(box: bdpm.Presentation, availability: int) -> str:
    """Sixteen signs for each of price, state, availability and the rest: what reports compare."""
    rest = (
        box.cis,
        box.label,
        box.status,
        box.declared_on,
        box.community,
        box.rates,
        box.full_price,
        box.fee,
        box.indications,
    )
    return "".join(_seal(part) for part in (box.price, box.state, availability, rest))


def _seal(part: object) -> str:
    return hashlib.blake2b(repr(part).encode(), digest_size=8).hexdigest()


_PARTS = {"price": slice(0, 16), "state": slice(16, 32), "availability": slice(32, 48)}
_PARTS["other"] = slice(48, 64)

_TOLD = (
    "speciality_id", "cip13", "name", "strength", "form", "pack", "full_label", "manufacturer",
    "substance", "legal_status", "is_narcotic_like", "is_major_interest", "storage",
    "storage_evidence", "state", "availability", "vat_rate", "vat_evidence", "unit_cost",
    "cost_evidence", "public_price", "absent_since", "bdpm_digest",
)  # fmt: skip
_OURS = {Evidence.HERE, Evidence.RECEIPT, Evidence.STOCK_FILE}


# As the box writes it; a ladder of twelve strengths must fit its line.
_MICROGRAM = re.compile(r"\bmicrogrammes?\b", re.IGNORECASE)


@dataclass(slots=True)
class _Medicine:
    """What a CIS gives each of its boxes."""

    pk: int | None
    name: str
    strength: str
    form: str
    denomination: str
    holder: str
    atc: str
    is_major_interest: bool
    legal_status: str
    is_narcotic_like: bool
    substance: str


@dataclass
class _Import:
    """One edition on its way in. Steps run in the order of ``run``."""

    edition: bdpm.Edition
    day: date
    report: ImportReport
    progress: Progress
    medicines: dict[str, _Medicine] = field(default_factory=dict)

    def run(self) -> None:
        self.progress("specialities")
        self._write_specialities()
        self.progress("presentations")
        self._write_products()
        self.progress("groups")
        self._write_groups()

    def _has(self, name: str) -> bool:
        return name in self.edition.line_counts

    # Specialities

    def _write_specialities(self) -> None:
        names = (
            "cis", "name", "form", "routes", "holder", "atc", "is_marketed", "is_major_interest",
            "legal_status", "is_narcotic_like", "is_hospital_only", "absent_since",
        )  # fmt: skip
        known = {row[1]: row for row in Speciality.objects.values_list("pk", *names)}
        legal = bdpm.legal_status(self.edition.conditions)
        atc: dict[str, str] = {}
        for line in self.edition.mitm:
            # The most precise class wins when a medicine is listed twice.
            atc[line.cis] = max(atc.get(line.cis, ""), line.atc[:7], key=len)
        new: list[tuple[Any, ...]] = []
        changed: list[tuple[Any, ...]] = []
        present = set()
        for each in self.edition.specialities:
            present.add(each.cis)
            before = known.get(each.cis)
            status = legal.get(each.cis, bdpm.LegalStatus())
            keeps_atc = before is not None and not self._has(MAJOR_INTEREST)
            keeps_list = before is not None and not self._has(CONDITIONS)
            row = (
                each.cis,
                each.name[:400],
                each.form[:200],
                ", ".join(each.routes)[:200],
                each.holder[:300],
                before[6] if before and keeps_atc else atc.get(each.cis, ""),
                each.marketed,
                before[8] if before and keeps_atc else each.cis in atc,
                before[9] if before and keeps_list else str(_list(status)),
                before[10] if before and keeps_list else status.narcotic_like,
                before[11] if before and keeps_list else status.hospital_only,
                "",
            )
            if before is None:
                new.append(row)
            elif before[1:] != row:
                changed.append((before[0], *row))
        insert_rows(Speciality, names, new)
        update_rows(Speciality, names, changed)
        gone = [row[0] for cis, row in known.items() if cis not in present and not row[12]]
        update_rows(Speciality, ["absent_since"], [(pk, self.report.edition) for pk in gone])
        self._learn_medicines()

    def _learn_medicines(self) -> None:
        substances = _substances(self.edition.components)
        if not self._has(COMPOSITION):
            substances = dict(
                Product.objects.exclude(substance="").values_list("speciality__cis", "substance")
            )
        rows = Speciality.objects.filter(absent_since="").values_list(
            "pk", "cis", "name", "form", "holder", "atc", "is_major_interest", "legal_status",
            "is_narcotic_like",
        )  # fmt: skip
        for pk, cis, name, form, holder, atc, major, status, narcotic_like in rows:
            cut = split_name(name)
            strength = _MICROGRAM.sub("µg", cut.strength)[:120]
            self.medicines[cis] = _Medicine(
                pk, cut.name, strength, (cut.form or form)[:200], name,
                holder.split(";")[0].strip(), atc, major, status, narcotic_like,
                substances.get(cis, ""),
            )  # fmt: skip

    # Presentations

    def _write_products(self) -> None:
        ids = dict(
            ProductCode.objects.filter(
                kind=ProductCode.Kind.CIP13, valid_until=None, product__is_invented=False
            ).values_list("code", "product_id")
        )
        known = {
            row[0]: row
            for row in Product.objects.filter(is_invented=False).values_list(
                "pk", *_TOLD, "stock_unit", "doses_per_box"
            )
        }
        effective = bdpm.effective_availability(
            self.edition.availabilities, self.edition.presentations
        )
        table = margin_table(on=self.day)
        new: list[tuple[Any, ...]] = []
        changed: list[tuple[Any, ...]] = []
        present: set[int] = set()
        for box in self.edition.presentations:
            pk = ids.get(box.cip13)
            before = dict(zip(_BEFORE, known[pk], strict=True)) if pk else None
            line = effective.get(box.cip13)
            row = self._row(box, line.code if line else 0, before, table)
            if pk is None or before is None:
                new.append(row)
                self.report.presentations.added += 1
                continue
            present.add(pk)
            self._compare(before, row[-1])
            if any(before[name] != value for name, value in zip(_TOLD, row, strict=True)):
                changed.append((pk, *row))
        insert_rows(Product, _TOLD, new)
        update_rows(Product, _TOLD, changed)
        gone = [
            pk for pk, row in known.items()
            if pk not in present and row[_DIGEST] and not row[_ABSENT]
        ]  # fmt: skip
        self.report.presentations.removed = len(gone)
        update_rows(Product, ["absent_since"], [(pk, self.report.edition) for pk in gone])
        ids |= self._file_codes([row[1] for row in new])
        self.progress("prices")
        self._write_prices(ids)

    def _compare(self, before: dict[str, Any], digest: str) -> None:
        old = before["bdpm_digest"]
        if not old or before["absent_since"]:
            self.report.presentations.added += 1
        elif old == digest:
            self.report.presentations.unchanged += 1
        else:
            self.report.changed.update(
                kind for kind, part in _PARTS.items() if old[part] != digest[part]
            )

    def _row(
        self,
        box: bdpm.Presentation,
        availability: int,
        before: dict[str, Any] | None,
        table: MarginTable,
    ) -> tuple[Any, ...]:
        """The values of ``_TOLD``, in its order."""
        medicine = self.medicines.get(box.cis) or _unknown(box)
        seals = _seals(box, availability)
        available = _AVAILABILITIES[availability]
        if before and not self._has(AVAILABILITY):
            available = before["availability"]
            seals = seals[:32] + (before["bdpm_digest"] or seals)[32:48] + seals[48:]
        price = box.regulated_price
        return (
            medicine.pk,
            box.cip13,
            medicine.name,
            medicine.strength,
            medicine.form,
            (pack_of(box.label) or box.label)[:200],
            f"{medicine.denomination}, {box.label}"[:600],
            medicine.holder,
            medicine.substance,
            medicine.legal_status,
            medicine.is_narcotic_like,
            medicine.is_major_interest,
            *_storage(medicine, before),
            str(_state(box)),
            str(available),
            *_vat(price, before),
            *_cost(price, before, table),
            price,
            "",
            seals,
        )

    def _file_codes(self, cip13s: list[str]) -> dict[str, int]:
        """Give the new products their code; CIP7 and GTIN-14 are computed from it, never stored."""
        if not cip13s:
            return {}
        wanted = set(cip13s)
        rows = [
            (pk, str(ProductCode.Kind.CIP13), cip13)
            for pk, cip13 in Product.objects.filter(is_invented=False).values_list("pk", "cip13")
            if cip13 in wanted
        ]
        insert_rows(ProductCode, ["product_id", "kind", "code"], rows)
        return {cip13: pk for pk, _kind, cip13 in rows}

    def _write_prices(self, ids: dict[str, int]) -> None:
        opened = {
            (product, kind): (pk, amount, valid_from)
            for pk, product, kind, amount, valid_from in Price.objects.filter(
                valid_until=None
            ).values_list("pk", "product_id", "kind", "amount", "valid_from")
        }
        new: list[tuple[Any, ...]] = []
        ended: list[tuple[int, date]] = []
        corrected: list[tuple[int, Decimal]] = []
        void: list[int] = []
        source = f"BDPM {self.report.edition}"
        for box in self.edition.presentations:
            price = box.regulated_price
            fee = box.fee if price is not None else None
            for kind, amount in ((Price.Kind.PUBLIC, price), (Price.Kind.FEE, fee)):
                key = ids[box.cip13], str(kind)
                old = opened.get(key)
                if (old[1] if old else None) == amount:
                    continue
                if old is not None and old[2] >= self.day:
                    # The same day said two things: the later is true, the first never held.
                    if amount is None:
                        void.append(old[0])
                    else:
                        corrected.append((old[0], amount))
                    continue
                if old is not None:
                    ended.append((old[0], self.day - timedelta(days=1)))
                if amount is not None:
                    new.append((*key, amount, self.day, source))
        update_rows(Price, ["valid_until"], ended)
        update_rows(Price, ["amount"], corrected)
        Price.objects.filter(pk__in=void).delete()
        insert_rows(Price, ["product_id", "kind", "amount", "valid_from", "source"], new)

    # Generic groups

    def _write_groups(self) -> None:
        known = {
            number: (pk, label)
            for pk, number, label in GenericGroup.objects.values_list("pk", "number", "label")
        }
        if not self._has(GENERICS):
            self.report.groups.unchanged = len(known)
            return
        labels: dict[str, str] = {}
        wanted: dict[tuple[str, str, int], int] = {}
        for line in self.edition.group_members:
            labels[line.group_id] = line.group_label[:400]
            wanted[line.group_id, line.cis, line.kind] = line.rank or 0
        held = {
            (number, cis, kind): (pk, rank, speciality)
            for pk, number, cis, kind, rank, speciality in GenericMember.objects.values_list(
                "pk", "group__number", "cis", "kind", "rank", "speciality_id"
            )
        }
        touched = {number for number, _cis, _kind in wanted.keys() ^ held.keys()}
        touched |= {key[0] for key in wanted.keys() & held.keys() if wanted[key] != held[key][1]}
        touched |= {
            number for number, label in labels.items()
            if number in known and known[number][1] != label
        }  # fmt: skip
        self.report.groups = Differences(
            added=len(labels.keys() - known.keys()),
            removed=len(known.keys() - labels.keys()),
            unchanged=len((labels.keys() & known.keys()) - touched),
        )
        self.report.groups_changed = len(labels.keys() & known.keys() & touched)
        self._apply_groups(labels, known, wanted, held)

    def _apply_groups(
        self,
        labels: dict[str, str],
        known: dict[str, tuple[int, str]],
        wanted: dict[tuple[str, str, int], int],
        held: Mapping[tuple[str, str, int], tuple[int, int, int | None]],
    ) -> None:
        renamed = [
            (known[number][0], label) for number, label in labels.items()
            if number in known and known[number][1] != label
        ]  # fmt: skip
        update_rows(GenericGroup, ["label"], renamed)
        fresh = [item for item in labels.items() if item[0] not in known]
        insert_rows(GenericGroup, ["number", "label"], fresh)
        _delete(GenericMember, [held[key][0] for key in held.keys() - wanted.keys()])
        _delete(GenericGroup, [known[number][0] for number in known.keys() - labels.keys()])
        ids = dict(GenericGroup.objects.values_list("number", "pk"))
        new: list[tuple[Any, ...]] = []
        moved: list[tuple[Any, ...]] = []
        for key, rank in wanted.items():
            number, cis, kind = key
            medicine = self.medicines.get(cis)
            speciality = medicine.pk if medicine else None
            before = held.get(key)
            if before is None:
                new.append((ids[number], cis, kind, rank, speciality))
            elif before[1:] != (rank, speciality):
                moved.append((before[0], rank, speciality))
        insert_rows(GenericMember, ["group_id", "cis", "kind", "rank", "speciality_id"], new)
        update_rows(GenericMember, ["rank", "speciality_id"], moved)


_BEFORE = ("pk", *_TOLD, "stock_unit", "doses_per_box")
_DIGEST = _BEFORE.index("bdpm_digest")
_ABSENT = _BEFORE.index("absent_since")


def _unknown(box: bdpm.Presentation) -> _Medicine:
    """A box whose medicine is not in the specialities file: its own label is all that is known."""
    return _Medicine(None, box.label[:400], "", "", box.label, "", "", False, "none", False, "")


def _storage(medicine: _Medicine, before: dict[str, Any] | None) -> tuple[str, str]:
    if before and before["storage_evidence"] in _OURS:
        return before["storage"], before["storage_evidence"]
    if medicine.legal_status == LegalStatus.NARCOTIC:
        return str(Storage.SAFE), str(Evidence.FILE)
    cold = bool(medicine.atc) and bdpm.cold_by_atc(medicine.atc)
    return str(Storage.FRIDGE if cold else Storage.AMBIENT), str(Evidence.ASSUMED)


def _vat(price: Decimal | None, before: dict[str, Any] | None) -> tuple[Decimal, str]:
    if before and before["vat_evidence"] in _OURS:
        return before["vat_rate"], before["vat_evidence"]
    return Decimal("2.10") if price is not None else Decimal("10.00"), str(Evidence.ASSUMED)


def _cost(
    price: Decimal | None, before: dict[str, Any] | None, table: MarginTable
) -> tuple[Decimal | None, str]:
    if before and before["cost_evidence"] in _OURS:
        return before["unit_cost"], before["cost_evidence"]
    if price is None:
        return None, str(Evidence.ASSUMED)
    units = before["doses_per_box"] if before else 1
    return table.cost_of_unit(price, units=units), str(Evidence.ASSUMED)


def _delete(model: type[GenericMember] | type[GenericGroup], keys: Sequence[int]) -> None:
    for start in range(0, len(keys), 500):
        model.objects.filter(pk__in=keys[start : start + 500]).delete()
