"""A shop teaches the model, and any labelled split can be learned and measured."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import nlu
from nlu import modelfiles
from nlu.commands import app
from nlu.encoder import inner_layers
from nlu.errors import DataRefused
from nlu.heads import Heads
from nlu.workshop import comparison, datasets, teaching
from nlu.workshop.adaptation import HeadInputs, LabelledInputs
from nlu.workshop.classifier import NgramModel, _fit_mixture, log_softmax, weighed
from nlu.workshop.comparison import learn, measure
from nlu.workshop.evaluation import auroc
from nlu.workshop.labelled import Labelled, read_taught
from nlu.workshop.layered_encoder import LayeredEncoder
from nlu.workshop.reports import print_comparison, print_report

pytestmark = pytest.mark.slow

RUN = CliRunner()
GIFTS = (
    "can you gift wrap it", "请问可以包装成礼物吗", "I want it wrapped as a present with a card",
    "能帮我写张贺卡放里面吗", "do you do gift boxes", "有礼品盒吗", "送人的，帮我包好看点",
    "is gift packaging available", "gift wrapping please, it is for my mum", "礼物包装要多少钱",
)  # fmt: skip
WEATHER = (
    "what is the weather like tomorrow", "明天下雨吗", "will it snow in Beijing", "今天多少度", "is it sunny outside",
    "北京天气怎么样", "do I need an umbrella", "周末会不会下雪", "how hot will it be", "台风什么时候到",
)  # fmt: skip
SPLIT = ("order_status", "cancel_order", "greeting", "invoice_request")


def _tsv(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows), "utf-8")
    return path


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, teaching.TeachingResult]:
    """The shipped model with an intent learned from ten messages; a part of the corpus stands for all of it."""
    folder = tmp_path_factory.mktemp("taught")
    file = _tsv(folder / "mine.tsv", [*((text, "gift_wrap") for text in GIFTS), ("hey there", "greeting")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teaching, "REPLAYED", 12)
        return folder / "model", teaching.teach([file], folder / "model")


def test_a_new_intent_is_read_and_the_others_stay(lesson: tuple[Path, teaching.TeachingResult]) -> None:
    folder, told = lesson
    understander = nlu.load(folder)
    read = understander.understand(
        ["请帮我把它包装成礼物", "where is my order", "could you gift wrap it for me"]
    )
    assert [meaning.intent for meaning in read] == ["gift_wrap", "order_status", "gift_wrap"]
    assert told.new_intents == ("gift_wrap",)
    assert told.messages == len(GIFTS) + 1
    assert told.built_in_after >= told.built_in_before - 0.01
    assert not told.harms
    low, high = told.interval
    assert low <= told.accuracy <= high


def test_the_lesson_names_no_message_in_its_figures(lesson: tuple[Path, teaching.TeachingResult]) -> None:
    told = json.dumps(teaching.result_values(lesson[1]), ensure_ascii=False)
    assert not any(text in told for text in GIFTS)


def test_only_the_intents_change_in_the_heads(lesson: tuple[Path, teaching.TeachingResult]) -> None:
    before, after = Heads.load(modelfiles.SHIPPED / "heads.npz"), Heads.load(lesson[0] / "heads.npz")
    assert after.intents == (*before.intents, "gift_wrap")
    assert np.array_equal(before.sentiment_weight, after.sentiment_weight)
    assert len(after.centres) == len(before.centres) + 1
    moved = np.flatnonzero(np.any(before.intent_weight != after.intent_weight[: len(before.intents)], axis=1))
    stays = "what the shop says nothing about stays; what was outside the scope yields to an intent of the shop's own"
    assert [before.intents[i] for i in moved] == ["greeting", "out_of_scope"], stays


@pytest.fixture(scope="module")
def second(
    lesson: tuple[Path, teaching.TeachingResult], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, teaching.TeachingResult]:
    """Taught on: three corrections, one of them of an old message, and an intent far from anything a shop is asked."""
    folder = tmp_path_factory.mktemp("again")
    corrections = folder / "corrections.tsv"
    corrections.write_text(
        "text\tlabel\tcorrected_at\n"
        "hey there\tchitchat\t2026-05-01T09:00:00+00:00\n"
        "wrap it up nicely for my niece\tchitchat\t2026-05-01T09:00:00+00:00\n"
        "wrap it up nicely for my niece\tgift_wrap\t2026-05-02T09:00:00+00:00\n"
        "with a bow please\tgift_wrap\t2026-05-01T09:00:00+00:00\n",
        "utf-8",
    )
    weather = _tsv(folder / "weather.tsv", [(text, "weather") for text in WEATHER])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teaching, "REPLAYED", 12)
        return folder / "model", teaching.teach([corrections, weather], folder / "model", lesson[0])


def test_what_was_taught_before_is_kept(second: tuple[Path, teaching.TeachingResult]) -> None:
    folder, told = second
    assert told.new_intents == ("weather",)
    assert told.own_intents == ("gift_wrap", "weather")
    assert told.lost_intents == ()
    assert (told.messages, told.messages_before) == (len(GIFTS) + 3 + len(WEATHER), len(GIFTS))
    kept = {row.text: row.label for row in read_taught(folder / modelfiles.TAUGHT)}
    assert len(kept) == told.messages
    assert kept["hey there"] == "chitchat"
    assert kept["wrap it up nicely for my niece"] == "gift_wrap"
    read = nlu.load(folder).understand(["请帮我把它包装成礼物", "where is my order", "上海今天天气"])
    assert [meaning.intent for meaning in read] == ["gift_wrap", "order_status", "weather"]


def test_every_lesson_begins_where_the_first_began(second: tuple[Path, teaching.TeachingResult]) -> None:
    untaught, shipped = (
        Heads.load(path) for path in (second[0] / modelfiles.UNTAUGHT, modelfiles.SHIPPED / "heads.npz")
    )
    assert untaught.intents == shipped.intents
    assert np.array_equal(untaught.intent_weight, shipped.intent_weight)


def test_what_was_taught_counts_as_understood(second: tuple[Path, teaching.TeachingResult]) -> None:
    read = nlu.load(second[0]).understand([*GIFTS, *WEATHER])
    assert [meaning.text for meaning in read if not meaning.understood] == []
    (nonsense,) = nlu.load(second[0]).understand(["asdf qwer zxcv"])
    assert not nonsense.understood


def test_the_same_file_again_doubles_nothing(
    lesson: tuple[Path, teaching.TeachingResult], tmp_path: Path
) -> None:
    before = teaching._before(lesson[0])
    again = _tsv(tmp_path / "mine.tsv", [*((text, "gift_wrap") for text in GIFTS), ("hey there", "thanks")])
    rows = teaching._rows([again], before)
    assert len(rows) == len(GIFTS) + 1
    assert {row.text: row.label for row in rows}["hey there"] == "thanks"
    other = _tsv(tmp_path / "other.tsv", [("HEY THERE", "goodbye")])
    assert [row.label for row in teaching._rows([other], before)] == ["goodbye", *["gift_wrap"] * len(GIFTS)]


def test_an_intent_can_be_renamed(lesson: tuple[Path, teaching.TeachingResult], tmp_path: Path) -> None:
    renamed = _tsv(tmp_path / "mine.tsv", [(text, "gift_wraps") for text in GIFTS])
    rows = teaching._rows([renamed], teaching._before(lesson[0]))
    assert {row.label for row in rows} == {"gift_wraps", "greeting"}
    with pytest.raises(DataRefused, match="slip"):
        teaching._rows(
            [_tsv(renamed, [(text, "gift_wraps") for text in GIFTS[1:]])], teaching._before(lesson[0])
        )


def test_few_messages_are_enough_where_the_files_together_hold_many(tmp_path: Path) -> None:
    before = teaching._before(modelfiles.SHIPPED)
    mine = _tsv(tmp_path / "mine.tsv", [(text, "gift_wrap") for text in GIFTS])
    corrections = _tsv(tmp_path / "corrections.tsv", [("with a bow", "gift_wrap")])
    assert len(teaching._rows([corrections, mine], before)) == len(GIFTS) + 1
    with pytest.raises(DataRefused, match=r"corrections.tsv line 2 .* and .*mine.tsv line 3"):
        teaching._rows([_tsv(corrections, [("请问可以包装成礼物吗", "greeting")]), mine], before)


def test_a_model_taught_by_an_older_program_can_be_taught_on(
    lesson: tuple[Path, teaching.TeachingResult], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(lesson[0], tmp_path / "old"))
    for name in (modelfiles.TAUGHT, modelfiles.UNTAUGHT):
        (folder / name).unlink()
    modelfiles.write_manifest(folder, {})
    before = teaching._before(folder)
    assert before.untaught is before.heads
    more = _tsv(tmp_path / "more.tsv", [("with a bow", "gift_wrap")])
    assert [row.text for row in teaching._rows([more], before)] == ["with a bow"], "known to its heads"


def test_a_taught_model_is_measured_by_its_own_intents(
    lesson: tuple[Path, teaching.TeachingResult], tmp_path: Path
) -> None:
    data = _tsv(tmp_path / "mine.tsv", [(text, "gift_wrap") for text in GIFTS])
    done = RUN.invoke(app, ["evaluate", "--data", str(data), "--model", str(lesson[0])])
    assert done.exit_code == 0, done.output
    done = RUN.invoke(app, ["evaluate", "--data", str(data)])
    assert done.exit_code == 1
    assert "'gift_wrap' is no intent of this model" in " ".join(done.output.split())


def test_what_a_trained_encoder_has_moved_is_fitted_anew(
    lesson: tuple[Path, teaching.TeachingResult],
) -> None:
    pytest.importorskip("torch")
    from nlu.encoder import Encoder
    from nlu.workshop.training.finetuning import refitted

    folder = lesson[0]
    heads = Heads.load(folder / "heads.npz")
    encoder = Encoder(folder / "encoder.onnx", folder / "tokenizer.json")
    ours = datasets.own_corpus("zh", "en")
    measured = random.Random(3).sample(ours, 150)
    measured += [e for e in ours if e.intents == ("out_of_scope",)][:20]
    seen = teaching._seen(heads, encoder, [e.text for e in measured], "", lambda *_: None)
    gifts = teaching._seen(heads, encoder, GIFTS, "", lambda *_: None)
    fitted = refitted(
        heads, LabelledInputs(seen=gifts, labels=np.array(["gift_wrap"] * len(GIFTS))), seen, measured
    )
    assert fitted.intents == heads.intents
    assert np.array_equal(fitted.intent_weight, heads.intent_weight)
    centre = (gifts.vectors.mean(0) - heads.mean) @ heads.whitening
    assert np.allclose(fitted.centres[-1], centre, atol=0.05)
    assert np.array_equal(fitted.centres[:-1], heads.centres[:-1])
    assert fitted.intent_slope != heads.intent_slope
    assert np.array_equal(fitted.scope_weights, heads.scope_weights)


def test_nothing_is_written_when_a_file_is_refused(tmp_path: Path) -> None:
    bad = _tsv(tmp_path / "bad.tsv", [("hi", "greetng")])
    with pytest.raises(DataRefused, match="slip"):
        teaching.teach([bad], tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.tsv"]


@pytest.fixture(scope="module")
def split() -> tuple[list[Labelled], list[Labelled]]:
    """Eight messages a label to learn from, others and a few of no label to measure on."""
    ours = [example for example in datasets.own_corpus("en") if example.intents and len(example.intents) == 1]
    random.Random(5).shuffle(ours)
    by_label = {label: [e.text for e in ours if e.intents == (label,)] for label in (*SPLIT, "out_of_scope")}

    def rows(start: int, end: int, labels: tuple[str, ...]) -> list[Labelled]:
        return [
            Labelled(text=text, label=label, line=number)
            for label in labels
            for number, text in enumerate(by_label[label][start:end])
        ]

    return rows(0, 8, SPLIT), rows(8, 20, (*SPLIT, "out_of_scope"))


def test_a_split_is_learned_and_measured(split: tuple[list[Labelled], list[Labelled]]) -> None:
    learned, measured = split
    report = measure(learn(learned), measured)
    assert report.rows == len(measured)
    assert report.accuracy is not None
    assert report.accuracy >= 0.8
    assert report.out_of_scope_auroc is not None
    assert report.out_of_scope_auroc > 0.6
    assert report.out_of_scope_recall == 0.0
    assert report.milliseconds[0] > 0
    said = learn(learned)([row.text for row in measured])
    assert said.labels == tuple(sorted(SPLIT))
    assert np.allclose(said.probabilities.sum(1), 1.0, atol=1e-4)


def test_a_split_without_anything_in_scope_has_no_figures(
    split: tuple[list[Labelled], list[Labelled]],
) -> None:
    report = measure(learn(split[0]), [row for row in split[1] if row.label == "out_of_scope"])
    assert (report.accuracy, report.macro_f1, report.calibration_error) == (None, None, None)
    print_report(report)
    print_comparison({"ours": report})


def test_a_part_of_which_nothing_can_be_read_is_learned_from() -> None:
    model = NgramModel(["", "\u200b"], np.array(["a", "b"]))
    assert np.allclose(np.exp(model.log_probabilities(["hello"])), 0.5)


def test_a_model_that_misleads_is_given_no_say() -> None:
    rng = np.random.default_rng(4)
    right = rng.integers(0, 3, 400)
    logits = np.zeros((400, 3), np.float32)
    logits[np.arange(400), np.where(rng.random(400) < 0.9, right, rng.integers(0, 3, 400))] = 1.0
    useful, useless = log_softmax(logits), log_softmax(rng.normal(size=(400, 3)).astype(np.float32))
    weights = _fit_mixture([[useful, useless]], [right])
    assert weights[1] < 0.25 * weights[0]

    def loss(tried: list[float]) -> float:
        return -float(log_softmax(weighed([useful, useless], np.array(tried)))[np.arange(400), right].mean())

    # As sure as it is right, and nothing near is better.
    assert weights[0] > 2.5
    assert all(
        loss(list(weights)) <= loss([weights[0] + a, max(0.0, weights[1] + b)]) + 1e-6
        for a in (-0.2, 0.2)
        for b in (-0.2, 0.2)
    )


def test_one_layer_less_in_view_is_still_a_model(tmp_path: Path) -> None:
    stored = (modelfiles.SHIPPED / "encoder.onnx").read_bytes()
    assert len(inner_layers(stored)) == 2
    assert inner_layers(b"another exporter") == []
    vectors = LayeredEncoder(modelfiles.SHIPPED).vectors(["where is my parcel", "我的快递呢", ""])
    assert vectors.shape == (3, 3 * Heads.load(modelfiles.SHIPPED / "heads.npz").mean.shape[0])
    assert np.isfinite(vectors).all()


def test_compare_goes_on_where_it_was(
    split: tuple[list[Labelled], list[Labelled]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned, measured = split
    first = comparison.compare(learned, measured, tmp_path, deep=False)
    assert next(iter(first)) == comparison.OURS
    assert len(first) == 3
    monkeypatch.setattr(comparison, "measure", lambda *_: pytest.fail("measured again"))
    again = comparison.compare(learned, measured, tmp_path, deep=False)
    assert {name: report.accuracy for name, report in again.items()} == {
        name: report.accuracy for name, report in first.items()
    }


def test_the_commands_write_the_same_figures(
    split: tuple[list[Labelled], list[Labelled]], tmp_path: Path
) -> None:
    learned, measured = (
        _tsv(tmp_path / f"{name}.tsv", [(row.text, row.label) for row in rows])
        for name, rows in zip(("learned", "measured"), split, strict=True)
    )
    figures = tmp_path / "figures.json"
    arguments = ["--train", str(learned), "--test", str(measured), "--json", str(figures)]
    done = RUN.invoke(app, ["evaluate", *arguments])
    assert done.exit_code == 0, done.output
    alone = json.loads(figures.read_text("utf-8"))
    done = RUN.invoke(app, ["compare", *arguments, "--no-deep", "--work", str(tmp_path / "kept")])
    assert done.exit_code == 0, done.output
    together = json.loads(figures.read_text("utf-8"))
    assert together[comparison.OURS]["accuracy"] == pytest.approx(alone["accuracy"])
    assert set(together[comparison.OURS]) == set(alone)


def test_a_model_that_is_not_there_is_told(
    split: tuple[list[Labelled], list[Labelled]], tmp_path: Path
) -> None:
    for compared in (comparison.compare, lambda *given, deep: measure(learn(given[0], given[3]), given[1])):
        with pytest.raises(nlu.ModelDamaged, match="nowhere"):
            compared(*split, tmp_path, tmp_path / "nowhere", deep=False)


def test_half_a_split_is_told() -> None:
    done = RUN.invoke(app, ["evaluate", "--train", "x.tsv"])
    assert done.exit_code == 1
    assert "--test" in done.output


def test_the_exported_encoder_can_be_trained_on() -> None:
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer

    from nlu.normalise import encoder_text
    from nlu.workshop.training.export import restore

    texts = ["where is my parcel", "我的快递到哪了", "can I return it?", "退款什么时候到账"]
    exported = LayeredEncoder(modelfiles.SHIPPED).vectors(texts)[:, :384]
    encoder = restore(modelfiles.SHIPPED / "encoder.onnx").train(False)
    tokenizer = Tokenizer.from_file(str(modelfiles.SHIPPED / "tokenizer.json"))
    for text, vector in zip(texts, exported, strict=True):
        ids = torch.tensor([tokenizer.encode(encoder_text(text)).ids])
        with torch.inference_mode():
            restored = encoder(input_ids=ids).last_hidden_state[0].mean(0).numpy()
        likeness = vector @ restored / np.linalg.norm(vector) / np.linalg.norm(restored)
        assert likeness > 0.98


def test_the_area_under_the_curve_counts_ties_by_half() -> None:
    assert auroc(np.array([0.9, 0.5]), np.array([0.5, 0.1])) == pytest.approx(0.875)
    assert auroc(np.array([]), np.array([0.5])) is None


def test_messages_beside_the_shop_s_count_once_each() -> None:
    """However few the shop's are: heavy ones draw what is near them."""
    labels = np.array(["gift_wrap"] * 20 + ["out_of_scope"] * 3)
    nothing = HeadInputs(vectors=np.zeros((23, 4), np.float32), ngram_logits=np.zeros((23, 1), np.float32))
    assert LabelledInputs(seen=nothing, labels=labels, beside=3).weights().tolist() == [50.0] * 20 + [1.0] * 3
    assert LabelledInputs(seen=nothing, labels=labels).weights().tolist() == [50.0] * 20 + [100.0] * 3
