"""Rows of a sparse matrix in pieces of one length, to add up many of them at once.

A product of two sparse matrices looks for the places of each row of the result one number after the other, and twice.
Pieces are copied whole, and a matrix made of them adds up what stands at one place: a fifth of the time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Floats, Floats32, Ints
from retention.recommenders.similarity import ranges

LENGTH = 20
"""Numbers of a piece: the neighbours of a product fill five, and what a customer has bought fills one or two."""
AT_ONCE = 10_000
"""Pieces that are copied at a time: about as many as a processor's cache holds."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A sparse matrix; each row begins with a piece of its own."""

    columns: int
    ends: Ints
    """The piece after the last of each row; shape (rows,)."""
    places: NDArray[np.int32]
    """The columns of the numbers; shape (pieces, LENGTH)."""
    values: Floats32
    """Shape as `places`; 0 where a row's last piece is not full."""
    spots: Ints
    """Where each number of the matrix stands in `places` and `values`."""

    @classmethod
    def of(cls, matrix: Any) -> Self:
        """From a sparse matrix by rows."""
        length = np.diff(matrix.indptr)
        many = -(-length // LENGTH)
        ends = np.cumsum(many)
        shift = (ends - many) * LENGTH - matrix.indptr[:-1]
        spots = np.arange(matrix.nnz) + np.repeat(shift, length)
        pieces = int(many.sum())
        places, values = np.zeros(pieces * LENGTH, np.int32), np.zeros(pieces * LENGTH, np.float32)
        places[spots], values[spots] = matrix.indices, matrix.data
        shape = (pieces, LENGTH)
        return cls(matrix.shape[1], ends, places.reshape(shape), values.reshape(shape), spots)

    def filled(self, data: Floats32) -> Self:
        """The same places with other numbers, in the order of the sparse matrix."""
        values = np.zeros(self.values.size, np.float32)
        values[self.spots] = data
        return replace(self, values=values.reshape(self.values.shape))

    def sums(self, which: Ints, weights: Floats | Floats32, ends: Ints, out: Floats32) -> Floats32:
        """Weighted sums of rows.

        Args:
            which: rows, those of each sum after those of the one before.
            weights: of each of them; shape as `which`.
            ends: for each sum, the place in `which` after its last row.
            out: takes the sums; shape (sums, columns).
        """
        pieces, many = ranges(self.ends, which)
        last = np.r_[0, np.cumsum(many)][np.r_[0, ends]]
        each = np.repeat(weights.astype(np.float32), many)
        for first, end in together(np.diff(last), AT_ONCE):
            mine = slice(last[first], last[end])
            self._sum(pieces[mine], each[mine], last[first : end + 1] - last[first], out[first:end])
        return out

    def _sum(self, pieces: Ints, weights: Floats32, ends: Ints, out: Floats32) -> None:
        from scipy.sparse import csr_array

        values, places = self.values.take(pieces, axis=0), self.places.take(pieces, axis=0)
        values *= weights[:, None]
        ends = (ends * LENGTH).astype(np.int32)
        # What stands at one place of a row several times is added up.
        csr_array((values.ravel(), places.ravel(), ends), shape=out.shape).toarray(out=out)


def together(sizes: Ints, most: int) -> list[tuple[int, int]]:
    """From where to where to take things at once, one after the other, so that their sizes add up to about the most.

    Args:
        sizes: of the things; shape (things,).
        most: a thing as large as that, or larger, is taken alone.
    """
    cuts = np.flatnonzero(np.diff(np.cumsum(sizes) // most)) + 1
    return list(pairwise([0, *cuts.tolist(), len(sizes)])) if len(sizes) else []
