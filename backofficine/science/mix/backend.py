"""The one door to HiGHS: a linear programme that grows by columns, and a mixed-integer one.

HiGHS is imported when first used (0.1 s). An index repeated inside a row or column has been seen to
make it run past its time limit, so every matrix passes through :func:`merged`, which adds such
entries up. One thread, so that the same instance gives the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import highspy
    from highspy._core import _Highs

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

INFINITE = float("inf")


class SolverFailed(RuntimeError):
    """HiGHS refused a model: a bug of ours, since every model we give it has a solution."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Entries (row, column, value), each pair once, by column."""

    row: Ints
    column: Ints
    value: Floats

    def starts(self, columns: int) -> npt.NDArray[np.int32]:
        """Where each column begins, for HiGHS."""
        counts = np.bincount(self.column, minlength=columns)
        return np.concatenate(([0], counts.cumsum()[:-1])).astype(np.int32)


def merged(row: Ints, column: Ints, value: Floats) -> Matrix:
    """Entries sorted by column then row, those of a same place added up."""
    height = int(row.max()) + 1 if len(row) else 1
    key = column * height + row
    unique, place = np.unique(key, return_inverse=True)
    total: Floats = np.bincount(place, weights=value, minlength=len(unique)).astype(np.float64)
    return Matrix(row=unique % height, column=unique // height, value=total)


class Programme:
    """A linear programme (minimise) kept warm while columns come."""

    def __init__(self, *, lower: Floats, upper: Floats) -> None:
        self._highs = _quiet()
        rows = len(lower)
        _ok(
            self._highs.addRows(
                rows,
                lower,
                upper,
                0,
                np.zeros(rows, dtype=np.int32),
                np.empty(0, dtype=np.int32),
                np.empty(0),
            )
        )
        self._columns = 0

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return self._columns

    def add(self, *, cost: Floats, upper: Floats, matrix: Matrix) -> None:
        """Add columns between zero and ``upper``."""
        count = len(cost)
        _ok(
            self._highs.addCols(
                count,
                cost,
                np.zeros(count),
                upper,
                len(matrix.value),
                matrix.starts(count),
                matrix.row.astype(np.int32),
                matrix.value,
            )
        )
        self._columns += count

    def cap(self, columns: Ints, *, upper: Floats) -> None:
        """Change upper bounds."""
        _ok(
            self._highs.changeColsBounds(
                len(columns), columns.astype(np.int32), np.zeros(len(columns)), upper
            )
        )

    def solve(self, *, seconds: float) -> tuple[float, Floats, Floats] | None:
        """(value, column values, row prices), or None if the time ran out."""
        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + max(seconds, 0.0))
        self._highs.run()
        if not _optimal(self._highs):
            return None
        solution = self._highs.getSolution()
        return (
            float(self._highs.getObjectiveValue()),
            np.array(solution.col_value),
            np.array(solution.row_dual),
        )


@dataclass(frozen=True, slots=True)
class Mixed:
    """A mixed-integer programme (minimise); columns lie between zero and ``upper``."""

    cost: Floats
    upper: Floats
    whole: npt.NDArray[np.bool_]
    """Which columns are whole numbers."""
    lower_row: Floats
    upper_row: Floats
    matrix: Matrix
    lower: Floats | None = None
    """Where columns start, zero if None."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What HiGHS found."""

    values: Floats | None
    """None if no solution was found in time."""
    cost: float
    bound: float
    """No solution of this programme costs less."""


def solve(mixed: Mixed, *, gap: float, seconds: float, start: Floats | None = None) -> Answer:
    """Solve to a relative gap, or as far as the time allows."""
    import highspy

    highs = _quiet()
    columns, rows = len(mixed.cost), len(mixed.lower_row)
    model = highspy.HighsLp()
    model.num_col_ = columns
    model.num_row_ = rows
    model.col_cost_ = mixed.cost
    model.col_lower_ = np.zeros(columns) if mixed.lower is None else mixed.lower
    model.col_upper_ = mixed.upper
    model.row_lower_ = mixed.lower_row
    model.row_upper_ = mixed.upper_row
    matrix = model.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kColwise
    matrix.start_ = np.append(mixed.matrix.starts(columns), len(mixed.matrix.value)).astype(
        np.int32
    )
    matrix.index_ = mixed.matrix.row.astype(np.int32)
    matrix.value_ = mixed.matrix.value
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    model.integrality_ = [kinds[int(whole)] for whole in mixed.whole]
    _ok(highs.passModel(model))
    highs.setOptionValue("mip_rel_gap", gap)
    highs.setOptionValue("mip_abs_gap", 1e-6)
    highs.setOptionValue("time_limit", max(seconds, 0.0))
    if start is not None:
        given = highspy.HighsSolution()
        given.col_value = start.tolist()
        highs.setSolution(given)
    highs.run()
    information = highs.getInfo()
    found = information.primal_solution_status == 2
    return Answer(
        values=np.array(highs.getSolution().col_value) if found else None,
        cost=float(information.objective_function_value) if found else INFINITE,
        bound=float(information.mip_dual_bound),
    )


def _quiet() -> _Highs:
    # The public class adds callbacks, and a banner on the console that no option silences.
    from highspy._core import _Highs

    highs = _Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    return highs


def _ok(status: highspy.HighsStatus) -> None:
    import highspy

    if status == highspy.HighsStatus.kError:
        raise SolverFailed("HiGHS refused the model")


def _optimal(highs: _Highs) -> bool:
    import highspy

    return bool(highs.getModelStatus() == highspy.HighsModelStatus.kOptimal)
