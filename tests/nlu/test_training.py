"""How training text is varied, what pre-training may read, and that no precision loses a weight."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.console import quiet
from nlu import modelfiles
from nlu.errors import DataRefused, ModelDamaged
from nlu.heads import Heads
from nlu.intents import SENTIMENTS
from nlu.language import has_words
from nlu.normalise import encoder_text
from nlu.workshop.datasets import (
    Example,
    is_held_back,
    labelled_rows,
    own_corpus,
    public_intents,
    public_tests,
)
from nlu.workshop.training.augmentation import (
    augment,
    is_chinese,
    join,
    joinable,
    keyboard_typo,
    left_as_pinyin,
    pinyin_typo,
)
from nlu.workshop.training_data import PRETRAINING_SETS, pretraining_examples, tasks
from tests.nlu.public import public_sets

pytestmark = pytest.mark.slow

TEXTS = st.text(st.sampled_from("退货发票什么时候到 where is my order,.!?😀123"), min_size=1, max_size=40)
SEEDS = st.integers(0, 2**32)


@settings(deadline=None)  # The first asked reads pypinyin's tables.
@given(text=TEXTS, seed=SEEDS)
def test_a_sound_alike_takes_the_place_of_one_character(text: str, seed: int) -> None:
    changed = pinyin_typo(text, random.Random(seed))
    assert len(changed) == len(text)
    assert all(
        old == new or (is_chinese(old) and is_chinese(new)) for old, new in zip(text, changed, strict=True)
    )


@settings(deadline=None)  # The first asked reads jieba's dictionary.
@given(text=TEXTS, seed=SEEDS)
def test_a_word_left_as_pinyin_takes_the_place_of_its_characters(text: str, seed: int) -> None:
    changed = left_as_pinyin(text, random.Random(seed))
    lost = sum(map(is_chinese, text)) - sum(map(is_chinese, changed))
    assert lost in ((0, 2, 3) if is_chinese(text) else (0,))
    assert (changed == text) == (lost == 0)


def test_pinyin_and_its_initials_are_both_seen() -> None:
    seen = {left_as_pinyin("我的退款呢", random.Random(seed)) for seed in range(20)}
    assert seen == {"我的tuikuan呢", "我的tk呢"}


@given(text=TEXTS, seed=SEEDS)
def test_slips_of_the_finger_leave_chinese_alone(text: str, seed: int) -> None:
    changed = keyboard_typo(text, random.Random(seed))
    assert [c for c in changed if is_chinese(c)] == [c for c in text if is_chinese(c)]


@given(text=TEXTS, seed=SEEDS)
def test_another_way_of_writing_keeps_what_is_known_and_where_it_came_from(text: str, seed: int) -> None:
    example = Example(
        text=text, source="corpus/zh", intents=("order_status",), sentiment="negative", urgent=True
    )
    changed = augment(augment(example, random.Random(seed)), random.Random(seed + 1))
    assert (changed.intents, changed.sentiment, changed.urgent) == (("order_status",), "negative", True)
    assert changed.original == text
    assert has_words(encoder_text(changed.text)) or not has_words(encoder_text(text)) or len(text) < 5


def test_of_two_wishes_the_first_stays_the_main_one() -> None:
    first = Example(text="查一下快递", source="corpus/zh", intents=("order_status",), sentiment="neutral")
    second = Example(
        text="顺便开发票", source="corpus/zh", intents=("invoice_request",), sentiment="negative"
    )
    both = join(first, second, random.Random(0))
    assert both.intents == ("order_status", "invoice_request")
    assert both.text.startswith(first.text)
    assert both.text.endswith(second.text)
    assert both.sentiment == "negative"
    assert joinable([first, both])[True] == [first]


def test_pretraining_leaves_out_what_is_held_back() -> None:
    found = pretraining_examples(public_sets(), 7)
    public = [example for example in found if not example.source.startswith("corpus/")]
    assert len(public) > 40_000
    whole = {one.name for one in PRETRAINING_SETS if one.whole}
    assert {example.source for example in public if is_held_back(example.text)} == whole
    for name, measured_on in (("clinc150_en", "val.tsv"), ("hwu64_en", "dev.tsv")):
        tests = {text for text, _ in labelled_rows(public_sets() / name, [measured_on])}
        # The sets repeat a few messages themselves, of 3,000 and 1,000.
        assert len(tests & {example.text for example in public if example.source == name}) < 5
    labels = tasks(found)
    assert len(labels["banking77_en"]) == 77
    assert len(labels["hwu64_en"]) == 54
    assert "general_dontcare" not in labels["hwu64_en"]
    assert [example for example in public if example.source == "hwu64_en" and not example.label]


def test_a_sentiment_that_is_too_sure_is_cooled_down() -> None:
    pytest.importorskip("torch")
    from nlu.workshop.training.calibration import with_temperature

    heads = Heads.load(modelfiles.SHIPPED / "heads.npz")
    rng = np.random.default_rng(5)
    wanted = rng.integers(0, 3, 900)
    # Two of three are right, and said with a lead of six: the honest lead is the logarithm of four.
    said = np.where(rng.random(900) < 2 / 3, wanted, (wanted + rng.integers(1, 3, 900)) % 3)
    vectors = np.zeros((900, heads.mean.shape[0]), np.float32)
    vectors[np.arange(900), said] = 6.0
    plain = replace(
        heads,
        sentiment_weight=np.eye(3, heads.mean.shape[0], dtype=np.float32),
        sentiment_bias=np.zeros(3, np.float32),
        felt_weight=np.zeros((0, 3), np.int8),
        felt_bias=np.zeros(3, np.float32),
    )
    known = [Example(text="", source="", sentiment=SENTIMENTS[place]) for place in wanted]
    found = float(with_temperature(plain, known, vectors).sentiment_temperature)
    assert 6.0 / found == pytest.approx(np.log(4.0), abs=0.25)


def test_sentiment_is_weighed_on_reviews_that_nothing_learned_from() -> None:
    pytest.importorskip("torch")
    from nlu.workshop.training_data import collect

    sentences = [
        Example(text=f"sentence {number}", source="vader_reviews_en", sentiment="positive")
        for number in range(200)
    ]
    data = collect(public_sets(), 7, sentences)
    apart = {example.text for example in data.sentiment.apart}
    assert len(apart) > 500
    assert any(text.startswith("sentence") for text in apart)
    for learned in (data.pretraining, data.train, data.sentiment.learned):
        assert any(example.text.startswith("sentence") for example in learned)
        assert not apart & {example.text for example in learned}


def test_spelling_has_a_say_only_where_it_knows_something() -> None:
    from nlu.workshop.training.calibration import ngram_share

    rng = np.random.default_rng(3)
    wanted = rng.integers(0, 3, 600)
    right = np.eye(3, dtype=np.float32)[wanted]
    noise = rng.normal(size=(2, 600, 3)).astype(np.float32)
    meant = 2 * right + noise[0]
    sets = ["ours"] * 500 + ["reviews"] * 100
    assert ngram_share(meant, noise[1], wanted.tolist(), sets) < 0.2
    assert ngram_share(meant, 2 * right + noise[1], wanted.tolist(), sets) == pytest.approx(1.0, abs=0.35)


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_computing_with_copies_gives_the_weights_back(precision: str) -> None:
    torch = pytest.importorskip("torch")
    from transformers import BertConfig, BertModel

    from nlu.workshop.training.optimising import MixedPrecision

    sizes = BertConfig(
        vocab_size=11, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    encoder = BertModel(sizes, add_pooling_layer=False)
    encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    mixed = MixedPrecision(encoder, getattr(torch, precision))
    assert encoder.dtype == getattr(torch, precision)
    ids = torch.tensor([[1, 2, 3]])
    encoder(input_ids=ids).last_hidden_state.float().pow(2).sum().backward()
    mixed.take_gradients()
    name = "encoder.layer.0.output.dense.weight"
    assert mixed.exact[name].grad is not None
    assert bool(mixed.exact[name].grad.abs().sum() > 0)
    mixed.exact[name].detach().add_(1e-4)  # too little for bfloat16 to show
    mixed.copy_weights()
    mixed.restore()
    after = encoder.state_dict()
    assert after[name].dtype == torch.float32
    torch.testing.assert_close(after[name], before[name] + 1e-4)
    assert all(torch.equal(after[other], tensor) for other, tensor in before.items() if other != name)


def test_training_computes_in_what_this_processor_multiplies_fastest() -> None:
    torch = pytest.importorskip("torch")
    from nlu.workshop.training.optimising import fastest_precision

    def seconds(precision: Any) -> float:
        states = torch.ones(1_024, 384, dtype=precision, requires_grad=True)
        weight = torch.ones(1_536, 384, dtype=precision, requires_grad=True)
        began = time.thread_time()
        torch.nn.functional.linear(states, weight).sum().backward()
        return time.thread_time() - began

    chosen = fastest_precision()
    other = torch.float32 if chosen == torch.bfloat16 else torch.bfloat16
    best = {one: min(seconds(one) for _ in range(3)) for one in (chosen, other)}
    assert best[chosen] < 2 * best[other], f"{chosen} was chosen: {best}"


def test_what_ships_is_the_mean_of_the_trainings() -> None:
    torch = pytest.importorskip("torch")
    from nlu.workshop.training.building import mean
    from nlu.workshop.training.fitting import Plan, finetuning_parts

    first, second = finetuning_parts(Plan(seed=3, epochs=5))
    assert (first.epochs, second.epochs) == (5, 5)
    assert first.seed != second.seed
    found = mean([{"weight": torch.tensor([1.0, 5.0])}, {"weight": torch.tensor([2.0, 8.0])}])
    assert found["weight"].tolist() == [1.5, 6.5]
    assert found["weight"].dtype == torch.float32


def test_a_build_goes_on_only_with_stages_of_its_own(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from nlu.workshop.training.building import stages_of
    from nlu.workshop.training.fitting import Plan

    before = [Example(text="查一下快递", source="corpus/zh")]
    mine = stages_of(tmp_path, before, Plan(seed=3))
    assert mine.is_dir()
    assert stages_of(tmp_path, before, Plan(seed=3)) == mine
    others = {
        stages_of(tmp_path, before, Plan(seed=4)),
        stages_of(tmp_path, before, Plan(seed=3, pretraining_epochs=1)),
        stages_of(tmp_path, before, Plan(seed=3), distil=False),
        stages_of(tmp_path, [Example(text="查一下快", source="corpus/zh")], Plan(seed=3)),
    }
    assert len(others | {mine}) == 5


def test_a_build_replaces_nothing_but_a_model(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from nlu.workshop.training.building import build
    from nlu.workshop.training.fitting import Plan

    letters = tmp_path / "out" / "letters.txt"
    letters.parent.mkdir()
    letters.write_text("not to be lost", "utf-8")
    with pytest.raises(ModelDamaged, match="holds no model"):
        build(letters.parent, tmp_path / "work", None, Plan(), quiet)
    assert letters.read_text("utf-8") == "not to be lost"


def test_what_is_measured_on_was_not_developed_on() -> None:
    folder = public_sets()
    learned, developed = public_intents(folder, 7)
    real, outside = public_tests(folder)
    seen = {example.text for example in (*learned, *developed)} | {
        e.text for e in pretraining_examples(folder, 7)
    }
    assert len(real) > 400
    assert len(outside) > 1_000
    assert not seen & {example.text for example in real}
    # A handful is said in another set, too, word for word.
    assert len(seen & {example.text for example in outside}) < 0.005 * len(outside)


def test_processes_that_share_their_batches_learn_what_one_alone_learns(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from tests.nlu.sharing import learn_together

    alone, together = learn_together(tmp_path / "alone", 1), learn_together(tmp_path / "together", 2)
    assert len(alone) == 1
    first, second = together
    assert all(torch.equal(first[name], second[name]) for name in first)
    for name, weights in alone[0].items():
        torch.testing.assert_close(first[name], weights, rtol=1e-3, atol=1e-5)


def test_what_fails_in_one_process_is_told_though_another_waits_for_it() -> None:
    pytest.importorskip("torch")
    from tests.nlu.sharing import wait_for_the_other

    with pytest.raises(DataRefused, match="line 3: no label"):
        wait_for_the_other(False, True)


def test_processes_end_with_the_one_that_started_them() -> None:
    pytest.importorskip("torch")
    program = "from tests.nlu.sharing import wait_for_the_other; wait_for_the_other(False, False)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert [started.stdout.readline() for _ in range(2)] == [b"waiting\n"] * 2
        started.kill()
        # At its end no process holds it any more.
        assert started.stdout.read() == b""


def test_the_last_of_the_messages_that_has_no_other_beside_it_is_left_out(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from nlu.workshop.training.network import BATCH
    from tests.nlu.sharing import learn_together

    for count in (1, 2):
        for weights in learn_together(tmp_path / str(count), count, 2 * BATCH + 1):
            assert all(bool(torch.isfinite(values).all()) for values in weights.values())


def test_where_intents_lie_is_shown_by_both_languages() -> None:
    pytest.importorskip("torch")
    from nlu.workshop.training.calibration import MOST_CENTRES_FROM, drawn

    train = own_corpus("zh", "en")
    seen = drawn(train, 7)
    shares = [sum(is_chinese(one.text) for one in some) / len(some) for some in (seen, train)]
    assert len(seen) == MOST_CENTRES_FROM < len(train)
    assert shares[0] == pytest.approx(shares[1], abs=0.03)


def test_every_frequent_character_can_be_mistyped() -> None:
    from nlu.workshop.training.augmentation import pinyin_typo

    typed = {pinyin_typo("谢", random.Random(seed)) for seed in range(40)}
    assert len(typed) > 1
    assert all(len(text) == 1 for text in typed)


def test_the_teacher_is_whole_or_not_there_and_knows_what_was_asked_for_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from nlu.workshop.training import teacher

    def read(texts: Sequence[str], progress: object) -> npt.NDArray[np.float16]:
        return np.array([[len(text), 1.0] for text in texts], np.float16)

    monkeypatch.setattr(teacher, "_teach", read)
    first = teacher.learn_from(tmp_path, 2, ["a", "bb"], quiet)
    more = teacher.learn_from(tmp_path, 2, ["bb", "dddd"], quiet)
    again = teacher.learn_from(tmp_path, 2, ["a", "bb"], quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["teacher.npz"]
    assert more.centre.tolist() == [3.0, 1.0]
    assert again.centre.tolist() == first.centre.tolist() == [1.5, 1.0]
    assert again.rows(["bb", "dddd"])[0] == [0]
