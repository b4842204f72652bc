"""The lists of the two-stage recommender for many customers at once: those of `TwoStage.ranked`, a block at a time.

A single customer costs a millisecond, most of it calls of NumPy; a block of some hundred costs a fifth of that
each. Sources are worked out as dense matrices, customers by products, in single precision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Bools, Floats, Floats32, Ints
from retention.recommenders import features
from retention.recommenders.candidates import CLOSEST, PER_SOURCE, SOURCES, TABLES
from retention.recommenders.ease import NEIGHBOURS
from retention.recommenders.explanation import TABLES as EVIDENCE
from retention.recommenders.facts import BREADTH, SIMILARITIES, STATIC
from retention.recommenders.interactions import Interactions, Profile, profile_of_rows
from retention.recommenders.model import POPULARITY, Recommender
from retention.recommenders.neighbourhood import MOST_ASKED
from retention.recommenders.pieces import Pieces, together
from retention.recommenders.similarity import READ_MOST

CELLS = 1_000_000
"""Customers times products of a block, which bounds its memory to some 60 MB; customers who have bought so much that
their neighbours are more than the products count for more, and none for less than `LEAST_CELLS`."""
LEAST_CELLS = 1_000
NAMING = ("bought_together", "viewed_together", "similar_content")
"""Codes of reasons that name a product."""

Room: TypeAlias = Mapping[str, Floats32]
"""For each source, customers by products."""


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

    @property
    def ends(self) -> Ints:
        """The place after each customer's last row."""
        return _ends(self.owner, self.count)


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
        self._near = {name: Pieces.of(table) for name, table in self._tables.items()}
        self._static = facts.static @ np.array([self._weights[name] for name in STATIC])
        self._buyers, self._ratings, self._recent = _crowd(model)
        self._bought = np.diff(facts.customers.ends, prepend=0)

    def blocks(self, log: Interactions, n: int) -> Iterator[tuple[Ints, Lists]]:
        """The lists of all customers of the log as of its `now`, those with about as many events together.

        Returns:
            Customers' codes, and their lists of at most `n` places.
        """
        order = np.argsort(log.users, kind="stable")
        events = np.bincount(log.users, minlength=log.customers)
        starts = np.cumsum(events) - events
        by_size = np.argsort(events, kind="stable")[np.count_nonzero(events == 0) :]
        cells = np.maximum(NEIGHBOURS * events[by_size], max(self._size, LEAST_CELLS))
        blocks = together(cells, CELLS)
        room = self._room(max((end - first for first, end in blocks), default=0))
        for first, end in blocks:
            mine = by_size[first:end]
            owner = np.repeat(np.arange(len(mine)), events[mine])
            offset = np.repeat(starts[mine] - (np.cumsum(events[mine]) - events[mine]), events[mine])
            rows = order[offset + np.arange(len(owner))]
            yield mine, self.lists(Profiles.of(log, rows, owner, len(mine)), n, room)

    def _room(self, customers: int) -> Room:
        """For what the sources say of so many customers; made once, since room that is given back has to be asked for
        anew, page by page."""
        return {name: np.empty((customers, self._size), np.float32) for name in SOURCES}

    def lists(self, block: Profiles, n: int, room: Room) -> Lists:
        """The lists of a block."""
        allowed = np.broadcast_to(self._shown, (block.count, self._size)).copy()
        if not self._repeats:
            owned = block.rows.bought
            allowed[block.owner[owned], block.rows.items[owned]] = False
        sources, chosen = [], self._popular(allowed)
        for name, said in self._sources(block, room):
            sources.append((name, said, said.max(axis=1, keepdims=True)))
            said[:, ~self._shown] = 0.0
            if not self._repeats:
                said[block.owner[owned], block.rows.items[owned]] = 0.0
            chosen.ravel()[_largest(said, PER_SOURCE)] = True
        mine = allowed[block.owner, block.rows.items]
        chosen[block.owner[mine], block.rows.items[mine]] = True
        who, items = np.divmod(np.flatnonzero(chosen), self._size)
        total = self._scored(block, sources, who, items)
        best, scores = _best_of_each(who, items, total, block.count, n)
        return self._explained(block, best, scores)

    # --- candidates --------------------------------------------------------------------------------------

    def _sources(self, block: Profiles, room: Room) -> Iterator[tuple[str, Floats32]]:
        """What the sources say, customers by products; see `candidates.source_scores` and `UserNeighbourhood.terms`."""
        rows, ends = block.rows, block.ends
        for name, (table, weight) in TABLES.items():
            yield (
                name,
                self._near[table].sums(rows.items, getattr(rows, weight), ends, room[name][: block.count]),
            )
        whose, who, cosine = self._similar(block)
        for name, told, most in (
            ("crowd", self._ratings, MOST_ASKED),
            ("crowd_recent", self._recent, CLOSEST),
        ):
            near = _first_of_each(whose, cosine, most)
            whose, who, cosine = whose[near], who[near], cosine[near]
            ends = _ends(whose, block.count)
            yield name, told.sums(who, cosine**self._facts.closeness, ends, room[name][: block.count])

    def _similar(self, block: Profiles) -> tuple[Ints, Ints, Floats32]:
        """The most similar customers; see `UserNeighbourhood.similar`.

        Returns:
            For whom, who, and their cosine.
        """
        wanted = block.rows.interest
        length = np.sqrt(np.bincount(block.owner, wanted**2, block.count))
        cosines = wanted / np.maximum(length, 1e-12)[block.owner]
        ends, many = np.r_[0, block.ends], len(self._bought)
        at_once = max(CELLS // max(many, 1), 1)
        room, found = np.empty((at_once, many), np.float32), []
        for first in range(0, block.count, at_once):
            some = ends[first : first + at_once + 1]
            rows = slice(some[0], some[-1])
            alike = self._buyers.sums(
                block.rows.items[rows], cosines[rows], some[1:] - some[0], room[: len(some) - 1]
            )
            spots = _largest(alike, MOST_ASKED)
            found.append((spots // many + first, spots % many, alike.ravel().take(spots)))
        whose, who, cosine = map(np.concatenate, zip(*found, strict=True))
        _read_no_more(whose, who, cosine, self._bought)
        return whose, who, cosine

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

    def _scored(
        self, block: Profiles, sources: list[tuple[str, Floats32, Floats32]], who: Ints, items: Ints
    ) -> Floats:
        """The score of each candidate; see `features.rows`."""
        if self._mode.policy == POPULARITY:
            return self._facts.column("popular_30")[items]
        total: Floats = self._static[items]
        place = who * self._size + items
        for name, said, most in sources:
            plain, log = self._weights[f"{name}_relative"], self._weights[f"{name}_log"]
            if plain or log:
                relative = said.ravel().take(place) / np.maximum(most.ravel(), np.float32(1e-9))[who]
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


def _crowd(model: Recommender) -> tuple[Pieces, Pieces, Pieces]:
    """Products by customers: how alike a customer is because of a product; customers by products: what they bought, and
    what of it lately."""
    crowd = model.facts.customers
    shape = (len(crowd.ends), crowd.products)
    ratings = Pieces.of(_sparse(crowd.ratings, crowd.items, np.r_[0, crowd.ends], shape))
    alike = crowd.buyer_ratings / np.maximum(crowd.norms[crowd.buyers], 1e-12)
    buyers = Pieces.of(_sparse(alike, crowd.buyers, np.r_[0, crowd.buyer_ends], shape[::-1]))
    return buyers, ratings, ratings.filled(crowd.recent)


def _ends(owner: Ints, count: int) -> Ints:
    """The place after the last of each of so many owners, who ascend."""
    return np.searchsorted(owner, np.arange(count), side="right")


def _largest(values: Floats32, most: int) -> Ints:
    """Where a row's largest values stand, counted through all rows: so many, and ties with the last; none that is 0."""
    rows, width = values.shape
    groups = 4 * most
    least = np.full(rows, np.finfo(np.float32).tiny)
    if width >= 2 * groups:
        # What so many groups have something as large as is not missed, and is soon found.
        tops = values[:, : width // groups * groups].reshape(rows, -1, groups).max(axis=1)
        tops.sort(axis=1)
        least = np.maximum(least, tops[:, -most])
    spots = np.flatnonzero(values >= least[:, None])
    return spots[_first_of_each(spots // width, values.ravel().take(spots), most)]


def _first_of_each(owner: Ints, values: Floats32, most: int) -> Bools:
    """Which values are the largest of their owner: so many, and ties with the last. Owners ascend."""
    length = np.bincount(owner, minlength=1)
    width = max(int(length.max()), most)
    padded = np.zeros((len(length), width), np.float32)
    padded[np.arange(width) < length[:, None]] = values
    padded.sort(axis=1)
    found: Bools = values >= padded[owner, width - most]
    return found


def _read_no_more(whose: Ints, who: Ints, cosine: Floats32, bought: Ints) -> None:
    """Leave out, by 0, the least similar of customers who together bought too much to be read."""
    for one in np.flatnonzero(np.bincount(whose, bought[who]) > READ_MOST).tolist():
        first, end = np.searchsorted(whose, (one, one + 1))
        mine, similar = who[first:end], cosine[first:end]
        order = np.lexsort((mine, -similar))
        whole = int(np.searchsorted(np.cumsum(bought[mine[order]]), READ_MOST, side="right"))
        similar[order[max(whole, 1) :]] = 0.0


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
