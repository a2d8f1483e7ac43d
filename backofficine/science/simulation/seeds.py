"""Where every simulated number comes from: one seed, split by part, day and thing."""

from __future__ import annotations

import zlib

import numpy as np

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def generator(seed: int, part: str, *numbers: int) -> np.random.Generator:
    """A generator of its own for one part of the world (and one day, one patient…).

    Parts do not share a stream, so that changing one leaves the draws of the others as they were.
    """
    return np.random.default_rng([seed, zlib.crc32(part.encode()), *numbers])


def mixed(seed: int, part: int, *numbers: int) -> int:
    """64 well-mixed bits that depend on all arguments (the finaliser of SplitMix64).

    For answers asked one by one and in any order, such as « is this line short today? »: building
    a numpy generator for each of a few hundred thousand questions would cost seconds.
    """
    state = (seed * _GOLDEN + part) & _MASK
    for number in numbers:
        state = _finalised(state ^ ((number * _GOLDEN + 1) & _MASK))
    return _finalised(state)


def chance(seed: int, part: int, *numbers: int) -> float:
    """A uniform number in [0, 1) that depends on all arguments (see :func:`mixed`)."""
    return (mixed(seed, part, *numbers) >> 11) * 2.0**-53


def part_number(part: str) -> int:
    """The number under which :func:`mixed` and :func:`chance` know a part of the world."""
    return zlib.crc32(part.encode())


def _finalised(state: int) -> int:
    state = (state + _GOLDEN) & _MASK
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 31)
