"""Predictive laws of whole-number demands, many at once: mixtures of negative binomials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Cells of probability computed at once: bounds the memory (8 bytes × components each).
CELLS = 1 << 20
# A size above this is a Poisson law to eight digits.
POISSON_FROM = 1e9


@dataclass(frozen=True, slots=True)
class Law:
    """``n`` predictive laws, each a mixture of ``K`` negative binomials.

    A component of mean *m* and size *k* has P(x) = Γ(x+k)/(Γ(k)·x!)·(k/(k+m))^k·(m/(k+m))^x, thus
    a variance of m + m²/k; an infinite size is the Poisson law (Johnson, Kemp & Kotz, *Univariate
    Discrete Distributions*, chapter 5).
    """

    mean: Floats
    """(n, K) units."""
    size: Floats
    """(n, K) above zero; infinite for Poisson."""
    weight: Floats
    """(n, K) rows sum to one."""

    def __post_init__(self) -> None:
        assert self.mean.ndim == 2, "one row for each product"
        assert self.mean.shape == self.size.shape == self.weight.shape, "columns of one shape"

    @classmethod
    def single(cls, mean: Floats, size: Floats) -> Law:
        """Plain negative binomials, without mixture: (n,) means and sizes."""
        return cls(mean=mean[:, None], size=size[:, None], weight=np.ones((len(mean), 1)))

    def __len__(self) -> int:
        return len(self.mean)

    def take(self, index: Any) -> Law:
        """The laws of the chosen products."""
        return Law(mean=self.mean[index], size=self.size[index], weight=self.weight[index])

    def expected(self) -> Floats:
        """(n,) mean demand."""
        return np.asarray((self.weight * self.mean).sum(axis=1))

    def variance(self) -> Floats:
        """(n,) variance of demand."""
        square = self.mean + self.mean**2 / self.size + self.mean**2
        return np.asarray((self.weight * square).sum(axis=1) - self.expected() ** 2)

    def cdf(self, at: npt.ArrayLike) -> Floats:
        """P(demand ≤ at), for ``at`` of shape (n,) or (n, m); zero below zero."""
        return self._read(at, lambda table: np.minimum(np.cumsum(table, axis=1), 1.0), before=0.0)

    def missing(self, stock: npt.ArrayLike) -> Floats:
        """E[(demand − stock)⁺] for whole stocks of shape (n,) or (n, m), negative ones too.

        E[(D − s)⁺] = E[D] − Σ_{x<s} P(D > x): exact, without cutting the tail.
        """
        stocks = np.asarray(stock, dtype=np.int64)
        served = self._read(
            stocks - 1, lambda table: np.cumsum(1.0 - np.cumsum(table, axis=1), axis=1), before=0.0
        )
        expected = self.expected().reshape((-1,) + (1,) * (stocks.ndim - 1))
        return np.maximum(expected - np.where(stocks < 0, stocks, served), 0.0)

    def quantile(self, level: float | Floats) -> Ints:
        """(n,) the least demand d with P(demand ≤ d) ≥ level; one level, or one for each."""
        levels = np.broadcast_to(np.asarray(level, dtype=np.float64), (len(self),))
        assert ((levels >= 0) & (levels < 1)).all(), "a level is a probability below one"
        found = np.zeros(len(self), dtype=np.int64)
        most = self._far(levels)
        waiting = np.arange(len(self))
        while len(waiting):
            for rows in _chunks(most[waiting]):
                index = waiting[rows]
                below = np.cumsum(self.take(index).table(int(most[index].max())), axis=1)
                found[index] = (below < levels[index, None]).sum(axis=1)
            waiting = waiting[found[waiting] > most[waiting]]
            most[waiting] *= 2
        return found

    def table(self, most: int) -> Floats:
        """(n, most + 1) probabilities of 0, 1, … ``most``; the tail beyond is left out.

        The recurrence P(x) = P(x−1)·(k+x−1)/x·m/(k+m) is summed in logarithms, so that large means
        do not vanish at zero.
        """
        total = np.zeros((len(self), most + 1))
        x = np.arange(1, most + 1, dtype=np.float64)
        for column in range(self.mean.shape[1]):
            m = self.mean[:, column, None]
            k = np.minimum(self.size[:, column, None], POISSON_FROM)
            steps = np.empty_like(total)
            steps[:, :1] = -k * np.log1p(m / k)
            with np.errstate(divide="ignore"):
                ratio = np.log(m / (k + m))
            steps[:, 1:] = np.log((k + x - 1) / x) + ratio
            with np.errstate(invalid="ignore"):
                np.cumsum(steps, axis=1, out=steps)
            np.exp(steps, out=steps)
            total += self.weight[:, column, None] * steps
        return total

    def _far(self, levels: Floats) -> Ints:
        """(n,) a demand that hardly any quantile of this level passes: where tables may end."""
        log_tail = -np.log(np.maximum(1 - levels, 1e-12))
        deviation = np.sqrt(self.mean + self.mean**2 / self.size)
        tail = 1.0 + self.mean / self.size
        far = self.mean + np.sqrt(2 * log_tail)[:, None] * deviation + log_tail[:, None] * tail
        reached: Floats = np.where(self.weight > 0, far, 0.0).max(axis=1)
        return np.ceil(reached).astype(np.int64) + 2

    def _read(self, at: npt.ArrayLike, make: Any, *, before: float) -> Floats:
        """Values of ``make(table)`` at whole places, ``before`` at negative ones."""
        places = np.asarray(at, dtype=np.int64)
        wide = places if places.ndim == 2 else places[:, None]
        result = np.empty(wide.shape)
        most = wide.max(axis=1, initial=0)
        for rows in _chunks(most):
            part = wide[rows]
            values = make(self.take(rows).table(int(most[rows].max())))
            read = np.take_along_axis(values, np.maximum(part, 0), axis=1)
            result[rows] = np.where(part < 0, before, read)
        return result.reshape(places.shape)


def _chunks(most: Ints) -> Iterator[Ints]:
    """Rows in groups of like length, so that a short table never pays for a long one."""
    order = np.argsort(most, kind="stable")
    lengths = most[order] + 1
    start = 0
    while start < len(order):
        # Up to twice the length of the shortest: at most half of the cells are wasted.
        end = int(np.searchsorted(lengths, max(2 * lengths[start], 32), side="right"))
        end = min(end, start + max(1, CELLS // int(lengths[end - 1])))
        yield order[start:end]
        start = end
