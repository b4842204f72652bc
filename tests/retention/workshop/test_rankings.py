"""What is judged is what customers went on to buy, over all products, and nothing of it is known before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.arrays import Ints
from kernel.times import to_micros
from retention.choices import Mode
from retention.errors import HistoryError
from retention.history import History
from retention.metrics import Mean, auc, auc_interval
from retention.recommenders.registry import MODELS
from retention.workshop.recommendation import Split, cut_at, judge, judge_models, order_by_scores

CUT = datetime(2026, 6, 1, tzinfo=UTC)
END = CUT + timedelta(days=30)

# customer, product, days after the cut
ROWS = (
    ("ann", "a", -20),
    ("ann", "b", -10),
    ("ann", "a", 5),
    ("ann", "c", 6),
    ("bob", "c", -9),
    ("bob", "d", -8),
    ("bob", "new", 3),
    ("bob", "d", 4),
    ("cho", "a", -3),
    ("cho", "a", 2),
    ("dee", "b", -2),
    ("eva", "c", 8),
)


def history(rows: tuple[tuple[str, str, int], ...] = ROWS) -> History:
    return History.from_rows(
        {
            "id": f"{place:03}",
            "kind": "purchase",
            "customer": customer,
            "product": item,
            "at": to_micros(CUT + timedelta(days=day)),
            "quantity": 1,
        }
        for place, (customer, item, day) in enumerate(rows)
    )


@pytest.fixture(scope="module")
def split() -> Split:
    return Split.of(history(), END, CUT)


@dataclass
class Fixed:
    """Everybody gets the same order of names, less what is hidden."""

    split: Split
    names: tuple[str, ...]

    def __call__(self, place: int, mode: Mode) -> Ints:
        index = {name: at for at, name in enumerate(self.split.interactions.products)}
        profile = self.split.profiles[place]
        hidden = set(profile.items[profile.bought].tolist()) if mode is Mode.NEW else set()
        return np.array([index[one] for one in self.names if index[one] not in hidden], np.int64)


def test_a_split_asks_those_with_purchases_on_both_sides(split: Split) -> None:
    assert split.customers == ("ann", "bob", "cho")
    assert split.bought[Mode.ANY] == (frozenset("ac"), frozenset({"d", "new"}), frozenset("a"))
    assert split.bought[Mode.NEW] == (frozenset("c"), frozenset({"new"}), frozenset())


def test_nothing_after_the_cut_is_known(split: Split) -> None:
    assert split.interactions.products == ("a", "b", "c", "d")
    assert split.interactions.at.max() < to_micros(CUT)
    assert split.past.history.products.column("product").to_pylist() == []


def test_a_cut_without_anything_on_one_side_is_refused() -> None:
    with pytest.raises(HistoryError, match="both before and after"):
        Split.of(history(), END, CUT + timedelta(days=20))
    assert cut_at(history(), END, 0.5) == CUT - timedelta(days=20) + timedelta(days=25)


def test_figures_equal_those_by_hand(split: Split) -> None:
    found = judge("fixed", Fixed(split, ("b", "c", "a", "d")), split, Mode.ANY, 2)
    # ann {a, c}: hit at place 2 of b, c; bob {d, new}: none; cho {a}: none
    second = 1 / np.log2(3)
    assert found.ndcg.tolist() == pytest.approx([second / (1 + second), 0, 0])
    assert found.precision.tolist() == [0.5, 0, 0]
    assert found.recall.tolist() == [0.5, 0, 0]
    # ann: of (c, a) × (b, d), c is above d, a is above d; bob: d is the last; cho: a is above d alone
    assert found.auc.tolist() == pytest.approx([2 / 4, 0, 1 / 3])
    assert found.coverage == 2 / 4
    fresh = judge("fixed", Fixed(split, ("b", "c", "a", "d")), split, Mode.NEW, 2)
    # ann sees c, d and went on to c; bob sees b, a and went on to what nobody knew
    assert fresh.ndcg.tolist() == [1, 0]
    assert fresh.auc[0] == 1
    assert np.isnan(fresh.auc[1])
    assert fresh.mean("auc").value == 1


def test_scores_give_the_same_order_as_an_order(split: Split) -> None:
    wanted = ("d", "a", "c", "b")
    score = {name: -place for place, name in enumerate(wanted)}
    row = np.array([score[name] for name in split.interactions.products], float)
    scored = order_by_scores(split, lambda codes: np.tile(row, (len(codes), 1)))
    for mode, place in product(Mode, range(3)):
        assert scored(place, mode).tolist() == Fixed(split, wanted)(place, mode).tolist()


def test_every_model_of_the_room_is_judged(split: Split) -> None:
    done = judge_models(split, 3, seed=1)
    missing = [name for name in MODELS if done.find(name, Mode.ANY) is None]
    assert all(any(note.startswith(name) for note in done.notes) for name in missing)
    assert any("20 customers with two products" in note for note in done.notes)
    for one in done.judged:
        for measure in ("ndcg", "precision", "recall", "auc"):
            mean = one.mean(measure)
            assert 0 <= mean.value <= 1
            assert mean.low <= mean.value <= mean.high
        assert 0 < one.coverage <= 1


def test_an_inner_split_sees_less(split: Split) -> None:
    inner = split.inner(0.6)
    assert inner.end == split.cut
    assert inner.interactions.at.max() < to_micros(inner.cut)


@given(values=st.lists(st.floats(0, 1), min_size=2, max_size=50))
def test_means_lie_in_their_intervals(values: list[float]) -> None:
    mean = Mean.of(np.array([*values, np.nan]))
    assert mean.low <= mean.value <= mean.high
    assert mean.value == pytest.approx(np.mean(values))


@given(rows=st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=4, max_size=30))
def test_the_interval_of_an_auc_equals_delongs_sums(rows: list[tuple[bool, int]]) -> None:
    label = np.array([one for one, _ in rows])
    score = np.array([one for _, one in rows], float)
    if label.sum() < 2 or (~label).sum() < 2:
        assert auc_interval(label, score) == (0.0, 1.0)
        return
    beats = [[1.0 if x > y else 0.5 if x == y else 0.0 for y in score[~label]] for x in score[label]]
    table = np.array(beats)
    rows_part, columns_part = table.mean(axis=1), table.mean(axis=0)
    variance = rows_part.var(ddof=1) / len(rows_part) + columns_part.var(ddof=1) / len(columns_part)
    half = 1.959963984540054 * np.sqrt(variance)
    low, high = auc_interval(label, score)
    assert table.mean() == pytest.approx(auc(label, score))
    assert low == pytest.approx(max(table.mean() - half, 0))
    assert high == pytest.approx(min(table.mean() + half, 1))
