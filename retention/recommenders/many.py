"""The lists of the two-stage recommender for many customers at once: those of `TwoStage.ranked`, a block at a time.

A single customer costs a millisecond, most of it calls of NumPy; a block of several hundred costs a quarter of that
each. Sources are worked out as sparse matrices, customers by products, in single precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Bools, Floats, Floats32, Ints
from retention.recommenders import features
from retention.recommenders.candidates import CLOSEST, PER_SOURCE, TABLES
from retention.recommenders.explanation import TABLES as EVIDENCE
from retention.recommenders.facts import BREADTH, SIMILARITIES, STATIC
from retention.recommenders.interactions import Interactions, Profile, profile_of_rows
from retention.recommenders.model import POPULARITY, Recommender
from retention.recommenders.neighbourhood import MOST_ASKED
from retention.recommenders.similarity import READ_MOST

CELLS = 500_000
"""Customers times products of a block, which bounds its memory to some 25 MB."""
NAMING = ("bought_together", "viewed_together", "similar_content")
"""Codes of reasons that name a product."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profiles of several customers, one after the other."""

    rows: Profile
    """Its arrays, for each customer's products in turn."""
    owner: Ints
    """The place of the customer that each row is of."""
    count: int
    """Of the customers, all of whom have a product."""

    @classmethod
    def of(cls, log: Interactions, events: Ints, owner: Ints, count: int) -> Self:
        """From rows of a log, and the place of the customer of each."""
        size = len(log.products)
        rows = profile_of_rows(
            owner * size + log.items[events], log.kinds[events], log.at[events], log.values[events], log.now
        )
        whose = rows.items // size
        last = np.full(count, np.inf)
        np.minimum.at(last, whose[rows.bought], rows.since[rows.bought])
        in_last = rows.bought & (rows.since <= last[whose] + 1.0)
        return cls(replace(rows, items=rows.items % size, in_last_basket=in_last), whose, count)

    def matrix(self, weight: Floats, products: int) -> Any:
        """Customers by products, sparse."""
        ends = np.searchsorted(self.owner, np.arange(self.count + 1))
        return _sparse(weight, self.rows.items, ends, (self.count, products))


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of several customers; every array has shape (customers, places)."""

    items: Ints
    """-1 where there is no further candidate."""
    scores: Floats
    reasons: Ints
    """0 for `popular`; else 1 + the place of the code in `NAMING`, times the number of products, + the product."""
    days: Floats
    """Since the product was bought, where that is the reason; -1 elsewhere."""


class ManyLists:
    """A recommender that makes the lists of many customers."""

    def __init__(self, model: Recommender, *, repeats: bool, hidden: Ints) -> None:
        """Args:
        model: any but an empty one.
        repeats: may products that were bought before come back?
        hidden: indices of products that are not shown.
        """
        facts = model.facts
        self._model, self._facts, self._repeats = model, facts, repeats
        self._size = len(facts)
        self._mode = model.mode(repeats=repeats)
        self._weights = dict(zip(features.NAMES, self._mode.weights.tolist(), strict=True))
        self._shown = np.ones(self._size, dtype=bool)
        self._shown[hidden] = False
        self._tables = {name: _as_matrix(*facts.neighbours[name]) for name in SIMILARITIES}
        self._static = facts.static @ np.array([self._weights[name] for name in STATIC])
        self._buyers, self._ratings, self._recent = _crowd(model)

    def blocks(self, log: Interactions, n: int) -> Iterator[tuple[Ints, Lists]]:
        """The lists of all customers of the log as of its `now`, those with about as many events together.

        Returns:
            Customers' codes, and their lists of at most `n` places.
        """
        order = np.argsort(log.users, kind="stable")
        events = np.bincount(log.users, minlength=log.customers)
        starts = np.cumsum(events) - events
        by_size = np.argsort(events, kind="stable")[np.count_nonzero(events == 0) :]
        many = max(CELLS // max(self._size, 1), 1)
        for first in range(0, len(by_size), many):
            mine = by_size[first : first + many]
            owner = np.repeat(np.arange(len(mine)), events[mine])
            offset = np.repeat(starts[mine] - (np.cumsum(events[mine]) - events[mine]), events[mine])
            rows = order[offset + np.arange(len(owner))]
            yield mine, self.lists(Profiles.of(log, rows, owner, len(mine)), n)

    def lists(self, block: Profiles, n: int) -> Lists:
        """The lists of a block."""
        allowed = np.broadcast_to(self._shown, (block.count, self._size)).copy()
        if not self._repeats:
            owned = block.rows.bought
            allowed[block.owner[owned], block.rows.items[owned]] = False
        sources = list(self._sources(block))
        chosen = self._popular(allowed)
        for _, scores in sources:
            _add_best(chosen, scores, allowed)
        mine = allowed[block.owner, block.rows.items]
        chosen[block.owner[mine], block.rows.items[mine]] = True
        who, items = np.nonzero(chosen)
        total = self._scored(block, sources, who, items)
        best, scores = _best_of_each(who, items, total, block.count, n)
        return self._explained(block, best, scores)

    # --- candidates --------------------------------------------------------------------------------------

    def _sources(self, block: Profiles) -> Iterator[tuple[str, Any]]:
        """What the sources say, customers by products; see `candidates.source_scores`."""
        wanted = {
            name: block.matrix(getattr(block.rows, name), self._size)
            for name in {one for _, one in TABLES.values()}
        }
        for name, (table, weight) in TABLES.items():
            yield name, wanted[weight] @ self._tables[table]
        yield from self._of_others(wanted["interest"])

    def _of_others(self, wanted: Any) -> Iterator[tuple[str, Any]]:
        """What similar customers bought; see `UserNeighbourhood.similar` and `terms`."""
        alike = wanted @ self._buyers
        lengths = np.sqrt(np.asarray(wanted.multiply(wanted).sum(axis=1), np.float32)).ravel()
        who = np.repeat(np.arange(alike.shape[0]), np.diff(alike.indptr))
        alike.data /= np.maximum(lengths, 1e-12)[who]
        read = np.diff(self._ratings.indptr)
        asked = _closest(alike, MOST_ASKED)
        _read_no_more(asked, read)
        yield "crowd", _told(asked, self._facts.closeness, self._ratings)
        yield "crowd_recent", _told(_closest(asked, CLOSEST), self._facts.closeness, self._recent)

    def _popular(self, allowed: Bools) -> Bools:
        """The first popular products that are allowed, customers by products."""
        chosen = np.zeros_like(allowed)
        for order in self._model.popular:
            head = order[: 4 * PER_SOURCE]
            found = allowed[:, head]
            for row in np.flatnonzero(found.sum(axis=1) < min(PER_SOURCE, self._size)).tolist():
                chosen[row, order[allowed[row, order]][:PER_SOURCE]] = True
            found &= np.cumsum(found, axis=1, dtype=np.int16) <= PER_SOURCE
            chosen[:, head] |= found
        return chosen

    # --- scores ------------------------------------------------------------------------------------------

    def _scored(self, block: Profiles, sources: list[tuple[str, Any]], who: Ints, items: Ints) -> Floats:
        """The score of each candidate; see `features.rows`."""
        if self._mode.policy == POPULARITY:
            return self._facts.column("popular_30")[items]
        total: Floats = self._static[items]
        place = who * self._size + items
        for name, scores in sources:
            plain, log = self._weights[f"{name}_relative"], self._weights[f"{name}_log"]
            if plain or log:
                whole = scores.toarray()
                most = np.maximum(whole.max(axis=1), np.float32(1e-9))
                relative = whole.ravel()[place] / most[who]
                total += plain * relative + log * np.log(relative + np.float32(features.FLOOR))
        total += self._weights["category_share"] * self._category_shares(block, who, items)
        total += self._breadth(block, who, items)
        self._add_own(total, block, who, items)
        return total

    def _category_shares(self, block: Profiles, who: Ints, items: Ints) -> Floats:
        many = self._facts.categories + 1
        known = self._facts.category[block.rows.items] + 1
        shares: Floats = np.bincount(
            block.owner * many + known, block.rows.interest, block.count * many
        ).astype(float)
        shares = shares.reshape(block.count, many)
        shares[:, 0] = 0.0
        found: Floats = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
        result: Floats = found[who, self._facts.category[items] + 1]
        return result

    def _breadth(self, block: Profiles, who: Ints, items: Ints) -> Floats:
        """See `BuyerBreadth.columns`."""
        breadth = self._facts.breadth
        size, apart, alike, popular = (self._weights[name] for name in BREADTH)
        mine = np.log1p(np.bincount(block.owner, block.rows.bought, block.count))
        of, own = breadth.size[items], mine[who]
        quarter = np.searchsorted(breadth.quarters, mine)[who]
        found: Floats = of * (size + alike * (own - breadth.quarters[1])) - apart * np.abs(of - own)
        found += popular * breadth.popular[quarter, items]
        return found

    def _add_own(self, total: Floats, block: Profiles, who: Ints, items: Ints) -> None:
        """What customers did with the candidates themselves."""
        there, place = _found(who * self._size + items, block.owner * self._size + block.rows.items)
        mine = Profile(**{name: getattr(block.rows, name)[there] for name in Profile.__slots__})
        purchases = np.bincount(block.owner, block.rows.count, block.count).astype(float)
        own = features.own(self._facts, mine, purchases[block.owner[there]])
        total[place[there]] += sum(
            self._weights[name] * one for name, one in zip(features.OWN, own, strict=True)
        )

    # --- reasons -----------------------------------------------------------------------------------------

    def _explained(self, block: Profiles, items: Ints, scores: Floats) -> Lists:
        """The strongest reason of each product; see `TwoStage.reasons`."""
        reasons, days = np.zeros(items.size, np.int64), np.full(items.size, -1.0)
        listed = np.flatnonzero(items.ravel() >= 0)
        of, whose = items.ravel()[listed], listed // max(items.shape[1], 1)
        again, place = _found(block.owner * self._size + block.rows.items, whose * self._size + of)
        again[again] = block.rows.bought[place[again]]
        days[listed[again]] = block.rows.since[place[again]]
        listed, of, whose = listed[~again], of[~again], whose[~again]
        ends = np.searchsorted(block.owner, np.arange(block.count + 1))
        for name in EVIDENCE:
            if not len(listed):
                break
            speaks, known = self._speaking(self._tables[name], block, of, ends[whose], ends[whose + 1])
            viewed = ~block.rows.bought[speaks]
            code = np.full(len(speaks), NAMING.index("similar_content")) if name == "content" else viewed * 1
            told = 1 + code * self._size + block.rows.items[speaks]
            reasons[listed[known]] = told[known]
            listed, of, whose = listed[~known], of[~known], whose[~known]
        return Lists(items, scores, reasons.reshape(items.shape), days.reshape(items.shape))

    @staticmethod
    def _speaking(table: Any, block: Profiles, of: Ints, first: Ints, end: Ints) -> tuple[Ints, Bools]:
        """The row of the block that speaks most for each product, among those of its customer, and whether any does."""
        many = end - first
        begin = np.cumsum(many) - many
        pair = np.repeat(np.arange(len(of)), many)
        rows = np.arange(len(pair)) + np.repeat(first - begin, many)
        pull = np.asarray(table[block.rows.items[rows], of[pair]]).ravel() * block.rows.interest[rows]
        most = np.maximum.reduceat(pull, begin)
        speaks = np.minimum.reduceat(np.where(pull == most[pair], rows, len(block.owner)), begin)
        return speaks, most > 0


def _found(keys: Ints, asked: Ints) -> tuple[Bools, Ints]:
    """Which are among the keys, ascending, and where."""
    place = np.searchsorted(keys, asked)
    return np.append(keys, -1)[place] == asked, place


def _sparse(values: Any, columns: Any, ends: Any, shape: tuple[int, int]) -> Any:
    """A sparse matrix of 32 bits, for values and places: with 64, products of matrices take half as long again."""
    from scipy.sparse import csr_array

    return csr_array(
        (values.astype(np.float32), columns.astype(np.int32), ends.astype(np.int32)), shape=shape, copy=False
    )


def _as_matrix(places: NDArray[np.int32], values: Floats32) -> Any:
    """A table of neighbours as a sparse matrix, products by products."""
    some = values > 0
    matrix = _sparse(values[some], places[some], np.r_[0, np.cumsum(some.sum(axis=1))], (len(places),) * 2)
    matrix.sort_indices()
    return matrix


def _crowd(model: Recommender) -> tuple[Any, Any, Any]:
    """Products by customers: how alike a customer is because of a product; customers by products: what they bought, and
    what of it lately."""
    crowd = model.facts.customers
    shape = (len(crowd.ends), crowd.products)
    ratings, recent = (
        _sparse(values, crowd.items, np.r_[0, crowd.ends], shape) for values in (crowd.ratings, crowd.recent)
    )
    alike = crowd.buyer_ratings / np.maximum(crowd.norms[crowd.buyers], 1e-12)
    return _sparse(alike, crowd.buyers, np.r_[0, crowd.buyer_ends], shape[::-1]), ratings, recent


def _largest(values: Floats32, length: Ints, most: int) -> Floats32:
    """Of rows of values, one after the other, the value at that place, the largest first; 0 where a row has fewer."""
    groups = max(int(length.max(initial=0)) // (4 * most), 1)
    padded = _padded(values, length, groups)
    if groups > 1:
        # The largest of each of many groups: what so many of them exceed is not among the largest of all.
        tops = padded.reshape(len(length), groups, -1).max(axis=1)
        tops.sort(axis=1)
        kept = (padded >= tops[:, -most, None]) & (padded > 0)
        padded = _padded(padded[kept], np.count_nonzero(kept, axis=1))
    if padded.shape[1] < most:
        return np.zeros(len(length), np.float32)
    padded.sort(axis=1)
    return np.maximum(padded[:, -most], 0.0)


def _padded(values: Floats32, length: Ints, multiple: int = 1) -> Floats32:
    """Rows of values, one after the other, below each other; filled up with 0."""
    width = -(-int(length.max(initial=0)) // multiple) * multiple
    padded = np.zeros((len(length), width), np.float32)
    padded[np.arange(width) < length[:, None]] = values
    return padded


def _closest(matrix: Any, most: int) -> Any:
    """Of each row the entries that are largest, so many of them and ties with the last; none that is 0."""
    length = np.diff(matrix.indptr)
    least = np.repeat(_largest(matrix.data, length, most), length)
    kept = (matrix.data >= least) & (matrix.data > 0)
    ends = np.r_[0, np.cumsum(kept)][matrix.indptr]
    return _sparse(matrix.data[kept], matrix.indices[kept], ends, matrix.shape)


def _read_no_more(asked: Any, read: Ints) -> None:
    """Leave out, by 0, the least similar customers of rows whose customers have bought too much to read."""
    for row in np.flatnonzero(
        np.add.reduceat(np.append(read[asked.indices], 0), asked.indptr[:-1]) > READ_MOST
    ):
        place = slice(asked.indptr[row], asked.indptr[row + 1])
        who, similar = asked.indices[place], asked.data[place]
        order = np.lexsort((who, -similar))
        whole = int(np.searchsorted(np.cumsum(read[who[order]]), READ_MOST, side="right"))
        similar[order[max(whole, 1) :]] = 0.0


def _told(asked: Any, closeness: float, ratings: Any) -> Any:
    """What the asked customers bought, weighed by their cosines to a power; customers by products."""
    return _sparse(asked.data**closeness, asked.indices, asked.indptr, asked.shape) @ ratings


def _add_best(chosen: Bools, scores: Any, allowed: Bools) -> None:
    """Choose each row's highest `PER_SOURCE` that are allowed."""
    length = np.diff(scores.indptr)
    rows = np.arange(len(chosen), dtype=np.int32) * np.int32(chosen.shape[1])
    place = np.repeat(rows, length) + scores.indices
    values = scores.data * allowed.ravel().take(place)
    least = np.repeat(_largest(values, length, PER_SOURCE), length)
    chosen.ravel()[place[np.flatnonzero((values >= least) & (values > 0))]] = True


def _best_of_each(who: Ints, items: Ints, scores: Floats, count: int, n: int) -> tuple[Ints, Floats]:
    """The best `n` candidates of each customer, ties by product; shape (customers, n), -1 where there are no more."""
    ends = np.searchsorted(who, np.arange(count + 1))
    length = np.diff(ends)
    width = max(int(length.max(initial=0)), n)
    padded = np.full((count, width), -np.inf)
    place = np.arange(width) < length[:, None]
    padded[place] = scores
    among = np.full((count, width), -1)
    among[place] = items
    near = (
        np.argpartition(-padded, n - 1, axis=1)[:, :n]
        if n < width
        else np.arange(width)[None, :].repeat(count, 0)
    )
    near.sort(axis=1)
    order = np.argsort(-np.take_along_axis(padded, near, 1), axis=1, kind="stable")
    best = np.take_along_axis(near, order, 1)
    return np.take_along_axis(among, best, 1), np.take_along_axis(padded, best, 1)
