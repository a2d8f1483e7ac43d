"""Invented words: active substances, brands, laboratories, suppliers, people who do not exist.

Substances and brands are built from syllables that real ones hardly use, and never carry an
official stem (-olol, -pril, -statine…), so that nobody takes them for a medicine. A test compares
them with the national catalogue.
"""

from __future__ import annotations

import numpy as np

_HEADS = (
    "Vélo", "Zado", "Kéru", "Ombru", "Javi", "Wapo", "Fizo", "Galu", "Hovi", "Juno", "Kavo",
    "Lévu", "Moza", "Navu", "Ploué", "Rivo", "Suvé", "Tavu", "Ubra", "Yvo",
)  # fmt: skip
_MIDDLES = (
    "wab", "jov", "kun", "zim", "gol", "faj", "muz", "nob", "luk", "big", "dof", "tub", "paz",
    "nuv", "cho", "fid", "mob", "zug", "haj", "ruf",
)  # fmt: skip
_SUBSTANCE_TAILS = ("uwine", "ovude", "azobe", "ikume", "ugone", "ejide", "abuve", "ofume")
_BRAND_TAILS = ("ouk", "ijab", "uvy", "agwo", "ozu", "ewik", "ubo", "ajyx")

LABORATORIES = (
    "Vélombrage", "Bruyédal", "Kérujonc", "Zadomare", "Fizobruyère", "Hovimousse", "Ubravigne",
    "Tavucombe", "Galupierre", "Mozatilleul", "Plouébois", "Suvélune", "Rivochâtel", "Wapochamp",
)  # fmt: skip
"""Makers of generics and brands; the first two are the house laboratories of the pharmacy."""

COSMETIC_HOUSES = ("Ombrécume", "Joncalune", "Zibelombre", "Navumousse", "Hovicombe", "Rivépeau")

GIVEN_NAMES = (
    "Alix", "Camille", "Claude", "Dominique", "Eden", "Élie", "Gaby", "Jo", "Lou", "Loïs",
    "Maé", "Maxence", "Noa", "Océane", "Paule", "Quentin", "Rachel", "Sacha", "Théa", "Ulysse",
    "Violette", "Wanda", "Yaël", "Zélie", "Agathe", "Basile", "Colette", "Denis", "Estelle",
    "Félix",
)  # fmt: skip
_FAMILY_HEADS = (
    "Aubre", "Belle", "Champ", "Dorne", "Échau", "Fontre", "Grand", "Haute", "Jonque", "Lande",
    "Mare", "Noir", "Orme", "Perce", "Quatre", "Roche", "Sauve", "Tourne", "Vaux", "Blanche",
)  # fmt: skip
_FAMILY_TAILS = (
    "combe", "fougère", "lune", "bruyère", "mousse", "vigne", "rivière", "pommier", "brume",
    "noisette", "pivoine", "sureau", "tilleul", "chardon",
)  # fmt: skip

FAMILY_NAMES = tuple(head + tail for head in _FAMILY_HEADS for tail in _FAMILY_TAILS)


def substances(count: int, *, rng: np.random.Generator) -> list[str]:
    """Distinct invented active substances, in no order."""
    return _words(count, tails=_SUBSTANCE_TAILS, rng=rng)


def brands(count: int, *, rng: np.random.Generator) -> list[str]:
    """Distinct invented brand names."""
    return _words(count, tails=_BRAND_TAILS, rng=rng)


def _words(count: int, *, tails: tuple[str, ...], rng: np.random.Generator) -> list[str]:
    possible = len(_HEADS) * len(_MIDDLES) * len(tails)
    assert count <= possible, "more names than the syllables can make"
    words = []
    for number in rng.permutation(possible)[:count]:
        rest, tail = divmod(int(number), len(tails))
        head, middle = divmod(rest, len(_MIDDLES))
        words.append(_HEADS[head] + _MIDDLES[middle] + tails[tail])
    return words
