"""What a message does in its conversation: the corpus, what the model is given, and what it reads."""

from __future__ import annotations

import json
import random
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nlu
from nlu import modelfiles
from nlu.acts import Act, Acts, DialogueState, Question, Shown, SlotValue
from nlu.context.alone import acts_alone
from nlu.context.inputs import FEATURES, Names, context_of
from nlu.context.reader import runs_of, without_overlaps
from nlu.encoder import Encoded
from nlu.errors import DataRefused
from nlu.types import DialogueContext, IntentScore
from nlu.understander import TransformerUnderstander
from nlu.workshop.dialogues import building
from nlu.workshop.dialogues.corpus import FOLDER, read_turns
from nlu.workshop.dialogues.training import Plan

TURN = (
    '{{"lang":"en","shop":"tea","bot":"Cancel it?","asked":"confirm cancel_order","tasks":["cancel_order"],"filed":[],'
    '"shown":["order 1: Tea | £4 | 2 May"],"before":[],"say":"{say}","acts":{acts},"wishes":[],"points":{points},'
    '"slots":[],"danger":""}}\n'
)
CANCEL = Question(kind="confirm", task="cancel_order")
ASKED = DialogueState(question=CANCEL, tasks=("cancel_order",))
FILED = DialogueState(filed=("cancel_order",))
CHOICE = Question(kind="choice", task="show", slot="product")
REASON = DialogueState(question=Question(kind="value", task="return", slot="reason"), tasks=("return",))
MUGS = (
    Shown(kind="product", text="Stoneware mug, blue | £12.00", price=1_200),
    Shown(kind="product", text="Stoneware mug, green | £9.00", price=900),
    Shown(kind="product", text="Glass teapot, 1 l | £30.00", price=3_000),
)

CHOICE_OF_MUGS = DialogueState(question=CHOICE, shown=MUGS)


@pytest.fixture(scope="module")
def understander() -> TransformerUnderstander:
    return nlu.load()


def read(understander: TransformerUnderstander, text: str, state: DialogueState) -> Acts:
    (found,) = understander.understand([text], DialogueContext(state=state))
    return found.acts


def test_every_turn_of_the_corpus_can_be_learned_from() -> None:
    turns = [turn for path in FOLDER.glob("*.jsonl") for turn in read_turns(path)]
    assert len(turns) > 4_000
    assert {act for turn in turns for act in turn.acts} == set(Act)
    assert {turn.language for turn in turns} == {"zh", "en"}


def test_the_same_words_do_different_things_in_the_corpus() -> None:
    does: dict[str, set[frozenset[Act]]] = {}
    for path in FOLDER.glob("*.jsonl"):
        for turn in read_turns(path):
            does.setdefault(turn.text.casefold(), set()).add(turn.acts)
    assert sum(len(acts) > 2 for acts in does.values()) > 30


@pytest.mark.parametrize(
    ("acts", "points", "why"), [('["maybe"]', "[]", "maybe"), ('["yes"]', "[2]", "points at")]
)
def test_what_is_no_turn_is_named_with_its_line(tmp_path: Path, acts: str, points: str, why: str) -> None:
    path = tmp_path / "turns.jsonl"
    path.write_text(TURN.format(say="ok", acts='["yes"]', points="[1]"), "utf-8")
    assert len(read_turns(path)) == 1
    with path.open("a", encoding="utf-8") as file:
        file.write(TURN.format(say="ok", acts=acts, points=points))
    with pytest.raises(DataRefused, match=rf"line 2: .*{why}"):
        read_turns(path)


def _encoded(text: str) -> Encoded:
    vectors = np.random.default_rng(len(text)).normal(size=(3, 4)).astype(np.float32)
    return Encoded(vectors.mean(0), vectors, ((0, 0), (0, 1), (0, 0)), vectors, vectors)


def _features(text: str, shown: tuple[Shown, ...]) -> np.ndarray:
    names = Names(("return",), ("reason",))
    state = DialogueState(shown=shown)
    context = context_of(text, _encoded(text), state, names, lambda texts: [_encoded(one) for one in texts])
    assert context.features.shape == (1 + len(shown), FEATURES)
    return context.features[1:]


def test_features_tell_the_cheapest_the_dearest_and_the_newest() -> None:
    found = _features("which", MUGS)
    cheapest, dearest = found[:, -4], found[:, -3]
    assert cheapest.tolist() == [0, 1, 0]
    assert dearest.tolist() == [0, 0, 1]
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in (3, 9)]
    orders = tuple(Shown(kind="order", text="Tea", number=f"77{day.day}", at=day) for day in days)
    found = _features("776 nothing, 779", orders)
    assert found[:, -1].tolist() == [0, 1]
    assert found[:, 15].tolist() == [0, 1], "the number that was named"


@given(st.text(max_size=60), st.lists(st.text(max_size=40), max_size=8))
def test_any_text_and_any_things_can_be_given(text: str, things: list[str]) -> None:
    found = _features(text, tuple(Shown(kind="product", text=one) for one in things[:6]))
    assert np.isfinite(found).all()


@given(st.lists(st.integers(min_value=0, max_value=8), max_size=20))
def test_runs_of_tags_are_parted_and_hold_every_tagged_place_once(tags: list[int]) -> None:
    runs = runs_of(tags)
    places = [place for _, run in runs for place in run]
    assert places == [place for place, tag in enumerate(tags) if tag]
    assert all(run == tuple(range(run[0], run[-1] + 1)) for _, run in runs)


def test_alone_a_yes_answers_a_question_and_nothing_else() -> None:
    yes = [IntentScore(intent="affirm", probability=0.9)]
    assert acts_alone("yes", yes, (), ASKED).probability(Act.YES) == 0.9
    assert not acts_alone("yes", yes, (), DialogueState()).acts


@pytest.mark.parametrize(
    ("text", "state", "act"),
    [
        ("等我问下我媳妇", REASON, Act.WAITS),
        ("hang on, let me ask my wife", REASON, Act.WAITS),
        ("好的，取消吧", ASKED, Act.YES),
        ("yes please", ASKED, Act.YES),
        ("不用了", ASKED, Act.NO),
        ("弄好了没", FILED, Act.ASKS_STATE),
        ("is it cancelled yet?", FILED, Act.ASKS_STATE),
        ("算了不退了", FILED, Act.WITHDRAWS),
        ("never mind", FILED, Act.WITHDRAWS),
    ],
)
def test_what_means_the_same_wherever_it_is_said_is_read_by_its_words(
    understander: TransformerUnderstander, text: str, state: DialogueState, act: Act
) -> None:
    said = read(understander, text, state)
    assert max(said.acts, key=said.probability) is act
    assert said.probability(act) > 0.4


@pytest.mark.parametrize(
    ("text", "place"),
    [("the second one", 1), ("第二个", 1), ("选第一个吧", 0), ("3", 2), ("the last one please", 2)],
)
def test_a_place_alone_points(understander: TransformerUnderstander, text: str, place: int) -> None:
    said = read(understander, text, DialogueState(question=CHOICE, shown=MUGS))
    assert [chance > 0.5 for chance in said.pointing.shown] == [number == place for number in range(3)]


@pytest.mark.parametrize("text", ["wait would i then have to pay shipping", "运费谁出？"])
def test_a_question_is_no_answer_to_one(understander: TransformerUnderstander, text: str) -> None:
    assert read(understander, text, REASON).probability(Act.GIVES) < 0.5


def test_a_no_that_says_how_it_should_be_takes_nothing_back(understander: TransformerUnderstander) -> None:
    said = read(understander, "oh no the end is R8X not R3X", DialogueState(filed=("invoice",)))
    assert said.probability(Act.WITHDRAWS) < 0.5


def test_numbers_that_were_asked_for_are_given_whatever_they_look_like(
    understander: TransformerUnderstander,
) -> None:
    asked = DialogueState(question=Question(kind="value", task="invoice", slot="title"), tasks=("invoice",))
    said = read(understander, "Harbour Lane Design Ltd, tax no 91510104MA6C1P2R3X", asked)
    assert said.probability(Act.GIVES) > 0.5


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("我的快递到哪了？另外帮我开张发票", ["order_status", "invoice_request"]),
        ("where is my parcel, and can you send me the invoice?", ["order_status", "invoice_request"]),
        ("where is my parcel? it should have come on Monday", ["order_status"]),
    ],
)
def test_several_wishes_are_told_with_their_words(
    understander: TransformerUnderstander, text: str, wishes: list[str]
) -> None:
    said = read(understander, text, DialogueState())
    assert [wish.intent for wish in said.wishes] == wishes
    assert all(text[wish.start : wish.end].strip() == wish.text.strip() for wish in said.wishes)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a context model that has seen a few turns, a few times."""
    folder, corpus = tmp_path_factory.mktemp("model") / "model", tmp_path_factory.mktemp("corpus")
    shutil.copytree(modelfiles.SHIPPED, folder)
    lines = (FOLDER / "en_a.jsonl").read_text("utf-8").splitlines()
    (corpus / "some.jsonl").write_text("\n".join(lines[:60]), "utf-8")
    own = corpus / "own" / "turns.jsonl"
    own.parent.mkdir()
    taught = json.loads(lines[0]) | {"points": None, "slots": None}
    own.write_text(json.dumps(taught), "utf-8")
    done = building.build(folder, corpus=corpus, more=[own], plan=Plan(passes=1, batch=20), set_in=20)
    assert done.turns + done.apart == 60 + 1
    return folder


def test_a_built_context_model_reads_in_the_state_that_it_is_given(built: Path) -> None:
    reading = nlu.load(built)
    said = read(reading, "the second one", CHOICE_OF_MUGS)
    assert set(said.acts) == set(Act)
    assert len(said.pointing.shown) == 3
    again = read(nlu.load(built), "the second one", CHOICE_OF_MUGS)
    assert said == again


def test_a_damaged_context_model_is_named(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(built, folder)
    (folder / "context.json").write_text("{}", "utf-8")
    with pytest.raises(nlu.ModelDamaged, match=r"context\.json"):
        nlu.load(folder)


@pytest.fixture(scope="module")
def built_reader(built: Path) -> TransformerUnderstander:
    return nlu.load(built)


@given(st.text(max_size=200), st.randoms(use_true_random=False))
def test_any_message_in_any_state_is_read(
    built_reader: TransformerUnderstander, text: str, rng: random.Random
) -> None:
    state = DialogueState(
        question=rng.choice(
            [None, CANCEL, Question(kind="value", task="none of ours", slot="odd", words=text)]
        ),
        tasks=tuple(rng.sample(["return", "unknown"], rng.randrange(3))),
        shown=MUGS[: rng.randrange(4)],
        before=(text,) * rng.randrange(3),
    )
    said = read(built_reader, text, state)
    assert len(said.pointing.shown) in (0, len(state.shown))
    for part in (*said.wishes, *said.slots):
        assert text[part.start : part.end].strip() == part.text.strip()


FILED_ADDRESS = DialogueState(filed=("change_address",))


@pytest.mark.parametrize(
    ("text", "part"),
    [("sorry it's flat 3c", "flat 3c"), ("不对 是2栋", "2栋")],
)
def test_a_part_of_an_address_just_asked_for_puts_it_right(
    understander: TransformerUnderstander, text: str, part: str
) -> None:
    found = read(understander, text, FILED_ADDRESS)
    assert found.probability(Act.CORRECTS) > 0.5
    assert [slot.text for slot in found.slots if slot.slot == "address_part"] == [part]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("不用人工了", DialogueState(filed=("human",))),
        ("actually keep the old address, forget it", FILED_ADDRESS),
    ],
)
def test_what_is_no_longer_wanted_is_withdrawn(
    understander: TransformerUnderstander, text: str, state: DialogueState
) -> None:
    assert read(understander, text, state).probability(Act.WITHDRAWS) > 0.5


def test_the_name_beside_an_address_and_a_phone_is_heard(understander: TransformerUnderstander) -> None:
    found = read(
        understander,
        "杭州市西湖区文三路2号1栋101 王小明 13800005678",
        DialogueState(tasks=("change_address",)),
    )
    assert [slot.text for slot in found.slots if slot.slot == "name"] == ["王小明"]


VALUES = st.lists(
    st.builds(
        lambda slot, chance, start, length: SlotValue(
            slot=slot, probability=chance, text=SAID[start : start + length], start=start, end=start + length
        ),
        st.sampled_from(("name", "address", "item")),
        st.floats(0.5, 1.0),
        st.integers(0, 20),
        st.integers(1, 12),
    ),
    max_size=6,
)
SAID = "Björkvägen 4, 753 10 Uppsala, please"


@given(VALUES)
def test_no_two_values_are_told_by_the_same_words(values: list[SlotValue]) -> None:
    kept = without_overlaps(SAID, values)
    assert all(one.text.strip() == SAID[one.start : one.end].strip() for one in kept)
    for one in kept:
        assert not any(other is not one and one.start < other.end and other.start < one.end for other in kept)
    likeliest = max(values, key=lambda one: one.probability, default=None)
    if likeliest is not None:
        assert any(one.slot == likeliest.slot and one.start <= likeliest.start for one in kept)


def test_parts_of_one_value_are_put_together() -> None:
    def value(slot: str, text: str, chance: float) -> SlotValue:
        start = SAID.index(text)
        return SlotValue(slot=slot, probability=chance, text=text, start=start, end=start + len(text))

    told = [
        value("name", "Björkvägen", 0.6),
        value("address", "Björkvägen 4, 753", 0.8),
        value("address", "10 Uppsala", 1.0),
    ]
    (one,) = without_overlaps(SAID, told)
    assert (one.slot, one.text) == ("address", "Björkvägen 4, 753 10 Uppsala")
