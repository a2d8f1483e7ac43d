"""Names and phones: how they are closed, and by what they are found without being read."""

import re
import unicodedata
from collections.abc import Iterable

from backofficine.kernel import vault
from backofficine.promises.models import Promise, PromiseIdentity

_TITLES = {"m", "mr", "mme", "mlle", "monsieur", "madame", "mademoiselle", "dr", "docteur"}
_BETWEEN_WORDS = re.compile(r"[\s\-‐‑–,;.]+")
LETTERS = 3
DIGITS = 4
UNKNOWN = "–"


def fold(word: str) -> str:
    """Small letters without accents or marks: ``Éloïse`` is ``eloise``, ``O'Brien`` ``obrien``."""
    apart = unicodedata.normalize("NFKD", word.replace("œ", "oe").replace("Œ", "OE"))
    return "".join(filter(str.isalnum, apart.lower()))


def words_of(name: str) -> list[str]:
    """The words of a name as typed, titles left out: ``Mme Martin-Durand`` has two."""
    folded = [(word, fold(word)) for word in _BETWEEN_WORDS.split(name)]
    words = [word for word, letters in folded if letters]
    return [word for word, letters in folded if letters and letters not in _TITLES] or words


def digits_of(phone: str) -> str:
    return "".join(sign for sign in phone if "0" <= sign <= "9")


def initials(name: str) -> str:
    """``M. D.``: the first letters of the first and of the last word."""
    words = words_of(name)
    ends = words[:1] + words[-1:] if len(words) > 1 else words
    return " ".join(f"{word[0].upper()}." for word in ends)


def name_hash(letters: str) -> str:
    """By which a name is found: its folded first three letters, whole if it has fewer."""
    return vault.lookup_hash("promise.name", fold(letters)[:LETTERS])


def name_hashes(name: str) -> set[str]:
    return {name_hash(word) for word in words_of(name)}


def phone_hash(phone: str) -> str:
    """By which a phone is found: its last four digits; ``""`` if it has fewer."""
    digits = digits_of(phone)
    return vault.lookup_hash("promise.phone", digits[-DIGITS:]) if len(digits) >= DIGITS else ""


def patient_hash(name: str, *, key: str = "") -> str:
    """The same-patient key: of ``key`` (the LGO's number, name and birth date…), else the name.

    The order of first and last name does not matter.
    """
    text = f"key:{key.strip()}" if key.strip() else " ".join(sorted(map(fold, words_of(name))))
    return vault.lookup_hash("promise.patient", text)


def key_name(month: str) -> str:
    """The vault's name of a month's key: ours alone, so that destroying it closes nothing else."""
    return f"promises-{month}"


def seal(promise: Promise, *, name: str, phone: str, month: str, key: str) -> PromiseIdentity:
    """An identity ready to be saved, encrypted under the key of ``month``."""
    return PromiseIdentity(
        promise=promise,
        month=month,
        name_cipher=vault.encrypt(name.strip(), month=key_name(month)),
        phone_cipher=vault.encrypt(phone.strip(), month=key_name(month)) if phone.strip() else "",
        phone_hash=phone_hash(phone),
        patient_hash=patient_hash(name, key=key),
    )


def name_of(identity: PromiseIdentity) -> str:
    """The name; raises :class:`backofficine.kernel.vault.Erased` once its key is destroyed."""
    return vault.decrypt(identity.name_cipher, month=key_name(identity.month))


def phone_of(identity: PromiseIdentity) -> str:
    if not identity.phone_cipher:
        return ""
    return vault.decrypt(identity.phone_cipher, month=key_name(identity.month))


def initials_of(promise: Promise) -> str:
    """Initials computed when shown; a dash once the identity is erased."""
    identity: PromiseIdentity | None = getattr(promise, "identity", None)
    return sealed_initials(identity.name_cipher, month=identity.month) if identity else UNKNOWN


def sealed_initials(cipher: str, *, month: str) -> str:
    """The same, of a name as it is kept."""
    try:
        return initials(vault.decrypt(cipher, month=key_name(month)))
    except vault.Erased:
        return UNKNOWN


def starts_with(name: str, letters: Iterable[str]) -> bool:
    """Whether each of ``letters`` begins a word of the name."""
    words = [fold(word) for word in words_of(name)]
    return all(any(word.startswith(fold(start)) for word in words) for start in letters)
