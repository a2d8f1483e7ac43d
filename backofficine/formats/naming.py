"""The names of medicines: cut for a product line, shortened for a pack, folded for a search."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class DrugName:
    """A national name cut in three; empty where the name does not say."""

    name: str
    strength: str
    form: str


# --- Cutting a name -------------------------------------------------------------------------------

_NUMBER = r"[0-9]+(?:[ \u00a0\u202f][0-9]{3})*(?:[.,][0-9]+)?"
_UNIT = (
    r"(?:microgrammes?|milligrammes?|grammes?|nanogrammes?|mcg|µg|μg|ng|mg|kg|g|"
    r"millilitres?|ml|cl|dl|litres?|l|millions?(?:[ ]d['’]?)?[ ]?(?:UI|unités?)?|M\.?U\.?I\.?|"
    r"U\.I\.|UI|unités?|unites?|U|mmol|mEq|MBq|GBq|kBq|kcal|bar|ppm|CH|DH|"
    r"heures?|jours?|doses?|h|pour[ ]cent|pour[ ]mille|%)"
    r"(?![\w])"
)
_MEASURE = rf"{_NUMBER}\s*{_UNIT}(?:\s+pour\s+(?:cent|mille)\b)?"
_PER = rf"(?:{_MEASURE}|{_NUMBER}|[^\W\d]+)"
_PART = rf"(?:{_NUMBER}\s*/\s*)*{_MEASURE}(?:\s*/\s*{_PER})*"
_STRENGTH = re.compile(
    rf"(?<![\w.,/-]){_PART}(?:\s*\+\s*{_PART})*(?:\s+pour\s+{_MEASURE})?(?:\s*\({_PART}\))?",
    re.IGNORECASE,
)
# A comma that separates is followed by a space: a decimal one never is.
_COMMA = re.compile(r",\s+")
_FORM_WORD = re.compile(
    r"\b(?:comprimés?|gélules?|solutions?|suspensions?|poudres?|crème|gel|pommade|sirop|collyre|"
    r"capsules?|suppositoires?|granulés?|granules|ovules?|émulsion|lotion|pâte|pastilles?|"
    r"lyophilisat|gommes?|dispositif|spray|mousse|shampooing|vernis|emplâtre|implant|gaz|sachets?)\b"
)


def split_name(denomination: str) -> DrugName:
    """Cut ``AMOXICILLINE BIOGARAN 500 mg, gélule`` into name, strength and form.

    Capitals that follow the strength (``SANS SUCRE``) belong to the name. A name that says neither
    strength nor form comes back whole.
    """
    text = " ".join(denomination.split())
    # Homeopathic ranges ("entre 4CH et 30CH") are not the strength of one product.
    found = None if "dilution" in text else _STRENGTH.search(text)
    if found is None:
        parts = _COMMA.split(text, maxsplit=1)
        if len(parts) == 2:
            return DrugName(parts[0].strip(), "", parts[1].strip())
        return _split_at_form(text)
    name, strength, rest = text[: found.start()], found[0], text[found.end() :]
    before = _FORM_WORD.search(name)
    if before and before.start() > 0:
        # The form came first: `X, collyre 0,1 %`.
        return DrugName(
            _trimmed(name[: before.start()]), strength, _trimmed(name[before.start() :])
        )
    extra, _, form = rest.partition(",")
    if extra.strip() and extra.isupper():
        return DrugName(f"{_trimmed(name)} {extra.strip()}", strength, _trimmed(form))
    return DrugName(_trimmed(name), strength, _trimmed(rest))


def _split_at_form(text: str) -> DrugName:
    found = _FORM_WORD.search(text)
    if found is None or found.start() == 0:
        return DrugName(text, "", "")
    return DrugName(_trimmed(text[: found.start()]), "", text[found.start() :])


def _trimmed(text: str) -> str:
    return text.strip(" ,;")


# --- Shortening a pack ----------------------------------------------------------------------------

_PACK = re.compile(
    rf"^(?:(?P<count>{_NUMBER})\s+)?(?P<container>[^\W\d]+)(?:\([^)]*\))*(?P<middle>.*?)"
    rf"\bde\s+(?P<amount>{_NUMBER})(?:\s*(?P<unit>[^\W\d]+)|$)",
    re.IGNORECASE,
)
_BARE_PACK = re.compile(rf"^(?P<count>{_NUMBER})\s+[^\W\d]+")
_ARITHMETIC = re.compile(r"\([^)]*[0-9][^)]*\)")
_MEASURES = {"ml", "cl", "dl", "l", "g", "mg", "kg", "ui", "litre", "litres", "dose", "doses"}
_MEASURES |= {"microgramme", "microgrammes", "m", "cm", "mmol", "gbq", "mbq", "unites", "bar"}
_CONTAINERS = {"flacon": "Fl", "tube": "T", "pot": "Pot", "poche": "Poche", "bidon": "Bidon"}
_UNIT_SPELLINGS = {"litres": "l", "litre": "l", "dose": "doses", "ui": "UI"}


def pack_of(label: str) -> str:
    """Shorten a presentation label the way the trade writes it; empty when it does not say.

    ``B/30`` for thirty tablets, ``Fl/30 ml`` for one bottle, ``B/5 × 20 ml`` for five ampoules.
    """
    # Only the first part of a kit is counted; "90 (3 x 30)" says the same number twice.
    text = " ".join(_ARITHMETIC.sub(" ", label).split()).split(" - ")[0]
    found = _PACK.match(text)
    if found is None:
        bare = _BARE_PACK.match(text)
        return f"B/{_whole(bare['count'])}" if bare else ""
    count = _whole(found["count"] or "1")
    unit = fold(found["unit"] or "")
    if unit not in _MEASURES:
        return f"B/{count * _whole(found['amount'])}"
    measure = f"{' '.join(found['amount'].split())} {_UNIT_SPELLINGS.get(unit, found['unit'])}"
    container = fold(found["container"])
    short = _CONTAINERS.get(container) or _CONTAINERS.get(container.removesuffix("s"))
    if count == 1:
        return f"{short}/{measure}" if short else f"B/1 × {measure}"
    return f"B/{count} × {measure}"


def _whole(number: str) -> int:
    digits = re.split(r"[.,]", number)[0]
    return int("".join(digits.split()))


# --- Folding for a search -------------------------------------------------------------------------

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "’": "'", "ø": "o"})


def fold(text: str) -> str:
    """Lower a text and take its accents off, so that what is typed meets what is printed."""
    if text.isascii():
        return text.lower()
    folded = text
    while (once := _fold_once(folded)) != folded:
        folded = once
    return folded


def _fold_once(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


# Abbreviations that do not begin the word they stand for: prefix search cannot find those alone.
_ABBREVIATIONS = {
    "bt": "boite",
    "bte": "boite",
    "cp": "comprime",
    "cpr": "comprime",
    "cprs": "comprime",
    "cps": "comprime",
    "gtt": "goutte",
    "gtte": "goutte",
    "gttes": "goutte",
    "mcg": "microgramme",
    "pdr": "poudre",
    "pdre": "poudre",
    "pdres": "poudre",
    "srp": "sirop",
    "ug": "microgramme",
    "μg": "microgramme",
}
# Those that do. Expanding them in what is being typed would hide SOLUPRED from whoever types
# "sol", so only the texts that are searched get them.
_BEGINNINGS = {
    "amp": "ampoule",
    "buv": "buvable",
    "caps": "capsule",
    "coll": "collyre",
    "comp": "comprime",
    "cr": "creme",
    "eff": "effervescent",
    "efferv": "effervescent",
    "fl": "flacon",
    "gelul": "gelule",
    "gran": "granule",
    "inh": "inhalation",
    "inj": "injectable",
    "orodisp": "orodispersible",
    "ov": "ovule",
    "pell": "pellicule",
    "perf": "perfusion",
    "pom": "pommade",
    "poud": "poudre",
    "sach": "sachet",
    "sec": "secable",
    "sol": "solution",
    "supp": "suppositoire",
    "suppo": "suppositoire",
    "susp": "suspension",
}
_SINGULARS = {
    f"{word}s": word
    for word in {*_ABBREVIATIONS.values(), *_BEGINNINGS.values(), "dose", "pastille", "gomme"}
}

_ACCENTED_GEL = re.compile(r"\bg[éÉ]l\b", re.IGNORECASE)
_OPTIONAL_ENDING = re.compile(r"\((?:s|x|e|es|se|le|ne|trice)\)")
_THOUSANDS = re.compile(r"(?<![0-9.,])([0-9]{1,3}(?: 000)+)(?![0-9])")
_PACK_SIZE = re.compile(r"\b(?:b ?/ ?|bte? ?(?:/|de)? ?|boites? (?:de )?)([0-9]{1,4})(?![0-9])")
_TOKEN = re.compile(r"b/[0-9]+|[0-9]+(?:[.,][0-9]+)?|[^\W\d_][^\W_]*|%")


@lru_cache(maxsize=65536)
def _tokens(text: str, expand: bool) -> tuple[str, ...]:
    text = _ACCENTED_GEL.sub("gélule", text)  # without its accent it is a gel
    folded = _OPTIONAL_ENDING.sub("", fold(text.replace("\u00a0", " ").replace("\u202f", " ")))
    folded = folded.replace("pour cent", "%")
    folded = _THOUSANDS.sub(lambda found: found[1].replace(" ", ""), folded)
    folded = _PACK_SIZE.sub(r" b/\1 ", folded)
    return tuple(_canonical(token, expand) for token in _TOKEN.findall(folded))


def _canonical(token: str, expand: bool) -> str:
    if token[0].isdigit():
        whole, mark, decimals = token.replace(",", ".").partition(".")
        decimals = decimals.rstrip("0")
        return f"{whole}{mark}{decimals}" if decimals else whole
    token = _ABBREVIATIONS.get(token, token)
    if expand:
        token = _BEGINNINGS.get(token, token)
    return _SINGULARS.get(token, token)


def tokens(text: str, *, expand: bool = False) -> list[str]:
    """Cut a text into canonical folded words: ``Amox 500mg cp`` → amox, 500, mg, comprime.

    Compare by prefix: each word typed must begin a word of the product. Set ``expand`` for the
    texts that are searched, where ``SOL BUV`` must also be found by "solution". A pack size is one
    word, ``b/30``: give the search index the short pack of :func:`pack_of` too.
    """
    return list(_tokens(text, expand))
