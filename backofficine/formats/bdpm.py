"""The national catalogue of medicines (BDPM): a folder of files in, one checked edition out."""

import gzip
import hashlib
import html
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from backofficine.formats.codes import are_digits, has_valid_key

# --- What an edition holds ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Speciality:
    """A medicine as authorised (one CIS); ``marketed`` is what its own file says."""

    cis: str
    name: str
    form: str
    routes: tuple[str, ...]
    status: str
    procedure: str
    marketed: bool
    authorised_on: date | None
    bdm_status: str
    eu_number: str
    holder: str
    watched: bool


@dataclass(frozen=True, slots=True)
class Presentation:
    """A box (one CIP13). Prices in euros, taxes included; rates in percent.

    ``price`` leaves out the dispensing fee, ``full_price`` holds it; all as published, so that
    editions compare. What may be used is ``regulated_price``.
    """

    cis: str
    cip7: str
    cip13: str
    label: str
    status: str
    state: str
    declared_on: date | None
    community: bool | None
    rates: tuple[int, ...]
    price: Decimal | None
    full_price: Decimal | None
    fee: Decimal | None
    indications: str

    @property
    def marketed(self) -> bool:
        return self.state == MARKETED

    @property
    def price_is_consistent(self) -> bool:
        """Price and fee add up to the full price, or the three are absent together."""
        if self.price is None or self.full_price is None:
            return self.price is self.full_price is self.fee
        return self.price + (self.fee or 0) == self.full_price

    @property
    def regulated_price(self) -> Decimal | None:
        """The price without fee, ``None`` when the published parts contradict one another."""
        return self.price if self.price_is_consistent else None


MARKETED = "Déclaration de commercialisation"


@dataclass(frozen=True, slots=True)
class Component:
    """A substance in one element of a medicine; ``nature`` is SA (substance) or FT (fraction)."""

    cis: str
    element: str
    substance_code: str
    substance: str
    dosage: str
    reference: str
    nature: str
    link: str


@dataclass(frozen=True, slots=True)
class GroupMember:
    """A medicine in a generic group. ``kind``: 0 brand, 1 generic, 2 by dosage, 4 substitutable."""

    group_id: str
    group_label: str
    cis: str
    kind: int
    rank: int | None


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of prescription or delivery, in the regulator's words."""

    cis: str
    text: str


@dataclass(frozen=True, slots=True)
class Availability:
    """A shortage (1), tension (2), end of sale (3) or return (4); no CIP13 means every box."""

    cis: str
    cip13: str
    code: int
    label: str
    started_on: date | None
    updated_on: date | None
    back_on: date | None
    link: str


@dataclass(frozen=True, slots=True)
class Mitm:
    """A medicine of major therapeutic interest, with its ATC class."""

    cis: str
    atc: str
    name: str
    link: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """A health authority opinion: ``scale`` is SMR or ASMR."""

    scale: str
    cis: str
    case_code: str
    reason: str
    given_on: date | None
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class OpinionLink:
    """The published page of an opinion."""

    case_code: str
    url: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A safety notice attached to a medicine for a while; the text is HTML."""

    cis: str
    started_on: date | None
    ended_on: date | None
    text: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line, numbered from 1, that was left out, or whose price alone was (``is_kept``)."""

    file: str
    line: int
    reason: str
    is_kept: bool = False


@dataclass(frozen=True)
class Edition:
    """One edition of the catalogue. ``digests`` and ``line_counts`` are by file name."""

    edition: str
    specialities: list[Speciality] = field(default_factory=list)
    presentations: list[Presentation] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)
    group_members: list[GroupMember] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    availabilities: list[Availability] = field(default_factory=list)
    mitm: list[Mitm] = field(default_factory=list)
    opinions: list[Opinion] = field(default_factory=list)
    opinion_links: list[OpinionLink] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    line_counts: dict[str, int] = field(default_factory=dict)


class EditionRefused(ValueError):
    """The whole edition is unusable; the French sentence says why and what to do."""


# --- Fields ---------------------------------------------------------------------------------------

_FRENCH_DAY = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_ISO_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_PRICE = re.compile(r"[0-9]{1,3}(?:,?[0-9]{3})*(?:,[0-9]{1,2})?|[0-9]+")
_RATE = re.compile(r"([0-9]{1,3})%?")


@lru_cache(maxsize=32768)
def _day(text: str) -> date | None:
    if not text:
        return None
    if found := _FRENCH_DAY.fullmatch(text):
        day, month, year = map(int, found.groups())
    elif found := _ISO_DAY.fullmatch(text[:10]):
        year, month, day = map(int, found.groups())
    else:
        raise ValueError(f"date illisible « {text} »")
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"date impossible « {text} »") from None


@lru_cache(maxsize=32768)
def _price(text: str) -> Decimal | None:
    """Read ``1,466,29``: the last comma is the decimal one, the others separate thousands."""
    if not text:
        return None
    if not _PRICE.fullmatch(text):
        raise ValueError(f"prix illisible « {text} »")
    units, comma, cents = text.rpartition(",")
    return Decimal(f"{units.replace(',', '')}.{cents}" if comma else text)


@lru_cache(maxsize=256)
def _rates(text: str) -> tuple[int, ...]:
    rates = []
    for part in text.split(";"):
        if squeezed := "".join(part.split()):
            found = _RATE.fullmatch(squeezed)
            if not found:
                raise ValueError(f"taux de remboursement illisible « {text} »")
            rates.append(int(found[1]))
    return tuple(rates)


@lru_cache(maxsize=256)
def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _number(text: str, what: str) -> int:
    if not are_digits(text):
        raise ValueError(f"{what} illisible « {text} »")
    return int(text)


_COMMUNITY = {"oui": True, "non": False}

# --- One builder per file: stripped columns in, a dataclass out, ValueError when unreadable -------


def _speciality(row: list[str]) -> Speciality:
    return Speciality(
        row[0],
        row[1],
        row[2],
        _list(row[3]),
        row[4],
        row[5],
        row[6].casefold() == "commercialisée",
        _day(row[7]),
        row[8],
        row[9],
        row[10],
        row[11].casefold() == "oui",
    )


def _presentation(row: list[str]) -> Presentation:
    cip7, cip13 = row[1], row[6]
    if len(cip13) != 13 or not has_valid_key(cip13):
        raise ValueError(f"CIP13 à la clé fausse « {cip13} »")
    if cip13[5:12] != cip7:
        raise ValueError(f"le CIP7 {cip7} n’est pas celui du CIP13 {cip13}")
    return Presentation(
        row[0],
        cip7,
        cip13,
        row[2],
        row[3],
        row[4],
        _day(row[5]),
        _COMMUNITY.get(row[7].casefold()),
        _rates(row[8]),
        _price(row[9]),
        _price(row[10]),
        _price(row[11]),
        row[12] if len(row) > 12 else "",
    )


def _component(row: list[str]) -> Component:
    return Component(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7])


def _group_member(row: list[str]) -> GroupMember:
    if len(row[2]) != 8 or not are_digits(row[2]):
        raise ValueError(f"code CIS illisible « {row[2]} »")
    rank = _number(row[4], "numéro de tri") if row[4] else None
    return GroupMember(row[0], row[1], row[2], _number(row[3], "type de générique"), rank)


def _condition(row: list[str]) -> Condition:
    return Condition(row[0], row[1])


def _availability(row: list[str]) -> Availability:
    if row[1] and not (len(row[1]) == 13 and has_valid_key(row[1])):
        raise ValueError(f"CIP13 à la clé fausse « {row[1]} »")
    code = _number(row[2], "code de disponibilité")
    if code not in (1, 2, 3, 4):
        raise ValueError(f"code de disponibilité inconnu « {row[2]} »")
    link = row[7] if len(row) > 7 else ""
    return Availability(
        row[0], row[1], code, row[3], _day(row[4]), _day(row[5]), _day(row[6]), link
    )


def _mitm(row: list[str]) -> Mitm:
    return Mitm(row[0], row[1].upper(), row[2], row[3] if len(row) > 3 else "")


def _smr(row: list[str]) -> Opinion:
    return Opinion("SMR", row[0], row[1], row[2], _day(row[3]), row[4], row[5])


def _asmr(row: list[str]) -> Opinion:
    return Opinion("ASMR", row[0], row[1], row[2], _day(row[3]), row[4], row[5])


def _opinion_link(row: list[str]) -> OpinionLink:
    return OpinionLink(row[0], row[1])


def _notice(row: list[str]) -> Notice:
    return Notice(row[0], _day(row[1]), _day(row[2]), row[3])


@dataclass(frozen=True)
class _File:
    """How one of the eleven files is recognised, cut and read.

    ``fewest`` columns are needed. Lines that do not begin with a key continue the text of the
    last column, whose index is ``text_column`` (``None``: such lines are rejected).
    """

    name: str
    pattern: re.Pattern[str]
    part: str
    build: Callable[[list[str]], object]
    fewest: int
    key: re.Pattern[str]
    text_column: int | None = None
    once: int | None = None
    is_required: bool = False


_CIS_KEY = re.compile(r"[0-9]{8}\t")
_GROUP_KEY = re.compile(r"[0-9]+\t")
_CASE_KEY = re.compile(r"CT-?[0-9]+\t")


def _named(stem: str) -> re.Pattern[str]:
    return re.compile(rf"{stem}\.txt(?:\.gz)?", re.IGNORECASE)


_FILES = (
    _File(
        "CIS_bdpm.txt",
        _named("CIS_bdpm"),
        "specialities",
        _speciality,
        12,
        _CIS_KEY,
        once=0,
        is_required=True,
    ),
    _File(
        "CIS_CIP_bdpm.txt",
        _named("CIS_CIP_bdpm"),
        "presentations",
        _presentation,
        12,
        _CIS_KEY,
        text_column=12,
        once=6,
        is_required=True,
    ),
    _File("CIS_COMPO_bdpm.txt", _named("CIS_COMPO_bdpm"), "components", _component, 8, _CIS_KEY),
    _File(
        "CIS_GENER_bdpm.txt",
        _named("CIS_GENER_bdpm"),
        "group_members",
        _group_member,
        5,
        _GROUP_KEY,
    ),
    _File(
        "CIS_CPD_bdpm.txt",
        _named("CIS_CPD_bdpm"),
        "conditions",
        _condition,
        2,
        _CIS_KEY,
        text_column=1,
    ),
    _File(
        "CIS_CIP_Dispo_Spec.txt",
        _named("CIS_CIP_Dispo_Spec(?:_bdpm)?"),
        "availabilities",
        _availability,
        7,
        _CIS_KEY,
    ),
    _File("CIS_MITM.txt", _named("CIS_MITM(?:_bdpm)?"), "mitm", _mitm, 3, _CIS_KEY),
    _File(
        "CIS_HAS_SMR_bdpm.txt",
        _named("CIS_HAS_SMR_bdpm"),
        "opinions",
        _smr,
        6,
        _CIS_KEY,
        text_column=5,
    ),
    _File(
        "CIS_HAS_ASMR_bdpm.txt",
        _named("CIS_HAS_ASMR_bdpm"),
        "opinions",
        _asmr,
        6,
        _CIS_KEY,
        text_column=5,
    ),
    _File(
        "HAS_LiensPageCT_bdpm.txt",
        _named("HAS_LiensPageCT_bdpm"),
        "opinion_links",
        _opinion_link,
        2,
        _CASE_KEY,
    ),
    _File(
        "CIS_InfoImportantes.txt",
        _named("CIS_InfoImportantes(?:_[0-9]{8,14})?(?:_bdpm)?"),
        "notices",
        _notice,
        4,
        _CIS_KEY,
        text_column=3,
    ),
)

_UNREADABLE_SHARE = Decimal("0.001")
_DOWNLOAD_AGAIN = (
    "Téléchargez-le à nouveau sur base-donnees-publique.medicaments.gouv.fr, puis recommencez."
)

# --- Reading --------------------------------------------------------------------------------------


def read_folder(folder: Path) -> Edition:
    """Read the national files present in a folder, gzipped or not.

    :raises EditionRefused: if the whole edition cannot be trusted; nothing is returned then.
    """
    paths = _present_in(folder)
    parts: dict[str, list[Any]] = {file.part: [] for file in _FILES}
    rejected: list[Rejected] = []
    digests: dict[str, str] = {}
    line_counts: dict[str, int] = {}
    for file in _FILES:
        if file.name not in paths:
            continue
        data = _bytes(paths[file.name], file)
        digests[file.name] = hashlib.sha256(data).hexdigest()
        line_counts[file.name] = _read_file(data, file, parts[file.part], rejected)
    rejected.sort(key=lambda line: (line.file, line.line))
    return Edition(
        _edition_of(folder, parts["availabilities"], parts["presentations"]),
        **parts,
        rejected=rejected,
        digests=digests,
        line_counts=line_counts,
    )


def digests_of(folder: Path) -> dict[str, str]:
    """Digest of each file of a folder, without reading it: the ``digests`` of its edition.

    :raises EditionRefused: as :func:`read_folder` does for a missing, empty or broken file.
    """
    paths = _present_in(folder)
    return {
        file.name: hashlib.sha256(_bytes(paths[file.name], file)).hexdigest()
        for file in _FILES
        if file.name in paths
    }


def _present_in(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise EditionRefused(
            f"Le dossier « {folder} » n’existe pas. Indiquez le dossier qui contient les fichiers "
            "de la base de données publique des médicaments."
        )
    return _present(folder)


def _present(folder: Path) -> dict[str, Path]:
    """Find each known file; the plain one wins over the gzipped, the latest dated name wins."""
    paths: dict[str, Path] = {}
    for path in sorted(folder.iterdir(), key=lambda path: (path.suffix != ".gz", path.name)):
        for file in _FILES:
            if file.pattern.fullmatch(path.name) and path.is_file():
                paths[file.name] = path
    missing = [file.name for file in _FILES if file.is_required and file.name not in paths]
    if missing:
        raise EditionRefused(
            f"Il manque {' et '.join(missing)} dans le dossier « {folder.name} ». Sans ce fichier, "
            "le catalogue serait incomplet : ajoutez-le (avec ou sans .gz), puis recommencez."
        )
    return paths


def _bytes(path: Path, file: _File) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EditionRefused(
            f"Le fichier {file.name} ne peut pas être lu ({error.strerror}). Vérifiez les droits "
            "d’accès au dossier."
        ) from error
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise EditionRefused(
                f"Le fichier {file.name} est compressé mais incomplet ou abîmé. {_DOWNLOAD_AGAIN}"
            ) from error
    if not data.strip():
        raise EditionRefused(f"Le fichier {file.name} est vide. {_DOWNLOAD_AGAIN}")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise EditionRefused(
            f"Le fichier {file.name} contient une page web au lieu de données : le téléchargement "
            f"a échoué. {_DOWNLOAD_AGAIN}"
        )
    return data


def _text(data: bytes) -> str:
    """Decode a whole file as strict UTF-8, else as Windows-1252: never Latin-1, which loses ’."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "Ã" not in text:
        return text
    # A few stray bytes in a UTF-8 file must not turn every accent of the others into two signs.
    return "\n".join(map(_line_text, data.split(b"\n")))


def _line_text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _read_file(data: bytes, file: _File, objects: list[object], rejected: list[Rejected]) -> int:
    """Read one file into ``objects``; return its number of lines, blank ones left out."""
    seen: set[str] = set()
    unreadable: list[Rejected] = []
    count = last = 0
    for number, row in _rows(_text(data), file, unreadable):
        count, last = count + 1, number
        if len(row) < file.fewest:
            reason = f"{len(row)} colonnes au lieu de {file.fewest}"
            unreadable.append(Rejected(file.name, number, _sentence(reason)))
            continue
        try:
            built = file.build(row)
            if file.once is not None:
                if row[file.once] in seen:
                    raise ValueError(f"le code {row[file.once]} est déjà apparu plus haut")
                seen.add(row[file.once])
        except ValueError as error:
            unreadable.append(Rejected(file.name, number, _sentence(str(error))))
        else:
            objects.append(built)
            if isinstance(built, Presentation) and not built.price_is_consistent:
                kept = Rejected(file.name, number, _contradiction(built), is_kept=True)
                rejected.append(kept)
    count += sum(1 for line in unreadable if line.reason == _NO_KEY)
    last = max([last, *(line.line for line in unreadable)])
    if unreadable and not data.endswith(b"\n") and any(line.line == last for line in unreadable):
        raise EditionRefused(
            f"Le fichier {file.name} s’arrête au milieu de sa dernière ligne ({last}) : il est "
            f"incomplet. {_DOWNLOAD_AGAIN}"
        )
    # One bad line is never a reason, even in a file of ten lines.
    if len(unreadable) > 1 and len(unreadable) > count * _UNREADABLE_SHARE:
        first = min(unreadable, key=lambda line: line.line)
        raise EditionRefused(
            f"Le fichier {file.name} a {len(unreadable)} lignes illisibles sur {count}, plus d’une "
            f"sur mille ; la première est la ligne {first.line} : {first.reason} L’édition entière "
            f"est refusée. {_DOWNLOAD_AGAIN}"
        )
    rejected.extend(unreadable)
    return count


_NO_KEY = "La ligne ne commence pas par un code suivi d’une tabulation."


def _rows(text: str, file: _File, unreadable: list[Rejected]) -> Iterator[tuple[int, list[str]]]:
    """Cut a file on line feeds only, put continued lines back together, strip every column."""
    pending: list[str] = []
    started = 0
    begins = file.key.match
    for number, line in enumerate(text.split("\n"), start=1):
        if begins(line):
            if pending:
                yield started, pending
            pending, started = [column.strip() for column in line.split("\t")], number
        elif not line.strip():
            continue
        elif _continues(pending, line, file):
            pending[-1] = f"{pending[-1]} {line.strip()}".strip()
        else:
            unreadable.append(Rejected(file.name, number, _NO_KEY))
    if pending:
        yield started, pending


def _continues(pending: list[str], line: str, file: _File) -> bool:
    # Only an open text can go on: a stray line must not be glued to a finished record.
    column = file.text_column
    return (
        column is not None and len(pending) == column + 1 and pending[-1] != "" and "\t" not in line
    )


def _sentence(reason: str) -> str:
    return f"{reason[0].upper()}{reason[1:]}."


def _contradiction(box: Presentation) -> str:
    return (
        f"Le prix de la boîte {box.cip13} se contredit : {_euros(box.price)} plus "
        f"{_euros(box.fee)} d’honoraire ne font pas {_euros(box.full_price)}. La boîte est "
        "gardée, son prix n’est pas repris."
    )


def _euros(amount: Decimal | None) -> str:
    return "rien" if amount is None else f"{amount:.2f} €".replace(".", ",")


def _edition_of(
    folder: Path, availabilities: list[Availability], presentations: list[Presentation]
) -> str:
    """Date an edition: by the name of its folder, else by the latest day its files mention."""
    try:
        return date.fromisoformat(folder.resolve().name).isoformat()
    except ValueError:
        pass
    days = [line.updated_on for line in availabilities if line.updated_on]
    days = days or [box.declared_on for box in presentations if box.declared_on]
    return max(days).isoformat() if days else ""


# --- Facts derived from an edition ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LegalStatus:
    """What the prescription conditions of a medicine amount to for the pharmacy."""

    list_1: bool = False
    list_2: bool = False
    narcotic: bool = False
    narcotic_like: bool = False
    secure_prescription: bool = False
    hospital_only: bool = False


_LIST = re.compile(r"\bliste (i{1,2})\b")


@lru_cache(maxsize=4096)
def _marks(text: str) -> frozenset[str]:
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = "".join(sign for sign in folded if not unicodedata.combining(sign))
    marks = {f"list_{len(found)}" for found in _LIST.findall(folded)}
    if "stupefiant" in folded:
        marks.add("narcotic_like" if "assimile" in folded else "narcotic")
    if "ordonnance securisee" in folded:
        marks |= {"narcotic_like", "secure_prescription"}
    if "usage hospitalier" in folded or "reservee aux pharmacies a usage interieur" in folded:
        marks.add("hospital_only")
    return frozenset(marks)


def legal_status(conditions: Iterable[Condition]) -> dict[str, LegalStatus]:
    """Derive the legal status of each CIS that has conditions; the others have none.

    ``narcotic_like`` (*assimilé stupéfiant*): needs a secure prescription without being a
    narcotic. Case and accents of the texts do not matter.
    """
    marks: dict[str, set[str]] = {}
    for condition in conditions:
        marks.setdefault(condition.cis, set()).update(_marks(condition.text))
    return {
        cis: LegalStatus(**dict.fromkeys(found - _excluded(found), True))
        for cis, found in marks.items()
    }


def _excluded(marks: set[str]) -> set[str]:
    return {"narcotic_like"} if "narcotic" in marks else set()


# Classes whose medicines nearly all live between 2 and 8 °C; the catalogue itself does not say.
_COLD_CLASSES = (
    *("J07", "J06", "A10A", "A10BJ", "L03A", "L04AB", "L04AC", "B03XA", "G03GA", "H01C"),
    *("S01EE01", "S01EE03", "S01EE04", "S01EE05"),
)


def cold_by_atc(atc: str) -> bool:
    """Presume the fridge from the ATC class: an assumption, to be confirmed at first reception."""
    return atc.strip().upper().startswith(_COLD_CLASSES)


def effective_availability(
    availabilities: Iterable[Availability], presentations: Iterable[Presentation]
) -> dict[str, Availability]:
    """Give each CIP13 the line that holds for it: its own or its CIS's, the latest update winning.

    Among lines of the same day, one that names the box wins over one that names the medicine, and
    a later line of the file over an earlier one.
    """
    by_cis: dict[str, Availability] = {}
    by_box: dict[str, Availability] = {}
    for line in availabilities:
        kept, key = (by_box, line.cip13) if line.cip13 else (by_cis, line.cis)
        if key not in kept or _updated(line) >= _updated(kept[key]):
            kept[key] = line
    effective: dict[str, Availability] = {}
    for box in presentations:
        lines = [line for line in (by_cis.get(box.cis), by_box.get(box.cip13)) if line]
        if lines:
            effective[box.cip13] = max(reversed(lines), key=_updated)
    return effective


def _updated(line: Availability) -> date:
    return line.updated_on or date.min


_BREAK = re.compile(r"<\s*(?:br|/p|/li)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!][^>]*>")


def plain_text(marked_up: str) -> str:
    """Turn the HTML of indications and notices into lines of plain text, safe once escaped."""
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", marked_up)))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
