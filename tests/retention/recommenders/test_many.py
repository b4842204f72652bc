"""Lists for many customers at once are those of one customer after the other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csr_array

from retention.checks import check
from retention.history import History
from retention.recommenders import many, pieces
from retention.recommenders.interactions import Interactions, Profile
from retention.recommenders.many import NAMING, ManyLists, Profiles
from retention.recommenders.models.two_stage import TwoStage
from tests.contracts.retention_core import NOW

N = 10


@pytest.fixture(scope="module")
def log(history: History) -> Interactions:
    return Interactions.of(check(history, NOW))


@pytest.fixture(scope="module")
def model(log: Interactions) -> TwoStage:
    return TwoStage.fit(log, 3)


def test_profiles_of_many_are_those_of_each(log: Interactions) -> None:
    rows = log.by_user()
    whose = list(rows)
    events = np.concatenate([rows[one] for one in whose])
    owner = np.repeat(np.arange(len(whose)), [len(rows[one]) for one in whose])
    stacked = Profiles.of(log, events, owner, len(whose))
    for place, one in enumerate(whose):
        alone, mine = log.profile(rows[one]), stacked.owner == place
        for name in Profile.__slots__:
            assert getattr(stacked.rows, name)[mine] == pytest.approx(getattr(alone, name), abs=1e-12), name


@pytest.mark.parametrize("cells", [1, 2_000, 10**9])
@pytest.mark.parametrize("repeats", [False, True])
def test_lists_of_many_are_those_of_each(
    log: Interactions, model: TwoStage, monkeypatch: pytest.MonkeyPatch, cells: int, repeats: bool
) -> None:
    """Blocks of any size. Where products tie for the last place of a source, a block ranks all of them: a list may
    then be better by its score, and never worse."""
    monkeypatch.setattr(many, "CELLS", cells)
    hidden = np.arange(0, len(log.products), 7)
    found = {}
    for who, lists in ManyLists(model.recommender, repeats=repeats, hidden=hidden).blocks(log, N):
        for place, one in enumerate(who.tolist()):
            found[one] = (
                lists.items[place], lists.scores[place], lists.reasons[place], lists.days[place]
            )  # fmt: skip
    rows = log.by_user()
    assert found.keys() == rows.keys()
    same = 0
    for one, events in rows.items():
        profile = log.profile(events)
        items, scores = model.ranked(profile, N, repeats=repeats, hidden=hidden)
        mine, their_scores, reasons, days = found[one]
        full = mine >= 0
        assert not np.isin(mine[full], hidden).any()
        assert (their_scores[full] >= scores[full] - 1e-4).all()
        if full.all() and (mine == items).all():
            same += 1
            assert their_scores == pytest.approx(scores, abs=1e-4)
            for item, reason, since in zip(items.tolist(), reasons.tolist(), days.tolist(), strict=True):
                told = model.explain(profile, log.products[item])[0]
                assert _told(reason, since, len(log.products)) == told.code
                if told.code in NAMING:
                    assert log.products[(reason - 1) % len(log.products)] == told.product
                elif told.code == "buy_again":
                    assert round(since, 2) == told.value
    assert same > 0.9 * len(rows)


def _told(reason: int, days: float, size: int) -> str:
    if days >= 0:
        return "buy_again"
    return NAMING[(reason - 1) // size] if reason else "popular"


@pytest.mark.parametrize("width", [1, 40, 900, 5_000])
@pytest.mark.parametrize("values", [1, 3, 10**6])
def test_the_largest_are_those_of_the_sorted_row(width: int, values: int) -> None:
    """With few values, most are alike."""
    draw = np.random.default_rng(width + values)
    rows = draw.integers(0, values + 1, (20, width)).astype(np.float32)
    rows[draw.random(rows.shape) < 0.3] = 0.0
    least = np.sort(rows, axis=1)[:, -min(50, width), None]
    assert many._largest(rows, 50).tolist() == np.flatnonzero((rows >= least) & (rows > 0)).tolist()


@pytest.mark.parametrize("at_once", [1, 7, 10**6])
def test_sums_of_pieces_are_products_of_matrices(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """Rows of any length, none at all among them; sums of no row and of the same row twice."""
    monkeypatch.setattr(pieces, "AT_ONCE", at_once)
    draw = np.random.default_rng(7)
    table = draw.random((30, 100)).astype(np.float32)
    table[draw.random(table.shape) < np.linspace(0, 1, 30)[:, None]] = 0.0
    ends = np.array([3, 3, 4, 20])
    which, weights = draw.integers(0, 30, 20), draw.random(20)
    which[1] = which[0]
    out = np.full((4, 100), np.nan, np.float32)
    sums = pieces.Pieces.of(csr_array(table)).sums(which, weights, ends, out)
    each = weights[:, None] * table[which]
    wanted = [each[first:end].sum(axis=0) for first, end in pairwise([0, *ends])]
    assert sums is out
    assert sums == pytest.approx(np.array(wanted), abs=1e-5)
