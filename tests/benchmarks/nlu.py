"""Quality and speed of the understanding: `python -m tests.benchmarks.nlu [--public FOLDER]` writes docs/benchmarks.md.

The held-out messages were written apart from the training text. With a folder of public sets, the mapped JDDC messages
that training leaves out are measured too, and a character model is trained on the same messages beside ours.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import nlu
from nlu.evaluation import Report, Row, evaluate, wilson
from nlu.training import data
from nlu.training.data import Example
from nlu.understander import TransformerUnderstander
from tests.benchmarks.report import machine, table, today, write_section

SEED = 7
TWELVE_WORDS = {
    "zh": "你好我想问一下我上周买的那双鞋子什么时候能发货呀",
    "en": "hello can you please tell me where my order 1024 is now",
}
RUNS = 400


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--public", type=Path, help="folder of public sets, one folder a set")
    public: Path | None = parser.parse_args().public
    began = time.perf_counter()
    understander = nlu.load()
    loaded = time.perf_counter() - began
    sets = _test_sets(public)
    peer = _character_model(public) if public else None
    lines = [_quality_row(name, rows, evaluate(understander, rows), peer) for name, rows in sets.items()]
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
    styles = _styles(understander, [row for rows in sets.values() for row in rows if row.style])
    write_section(
        "nlu",
        f"""## Understanding

`make bench-nlu`, {today()}, {machine()}. ECE is the expected calibration error of the best intent's
probability; "understood" is the share of messages within the scope that the model did not turn away. The last column is
a model of character n-grams with logistic regression, trained on the same messages (only with `--public`).

{table(header, lines)}

Out of scope against all held-out messages of ours: AUROC {_scope(understander, public)}.

{styles}

{_speed(understander)} Loading: {loaded:.2f} s.
""",
    )


def _test_sets(public: Path | None) -> dict[str, list[Row]]:
    sets = {f"held out, {language}": _rows(data.held_out(language, "test")) for language in ("zh", "en")}
    if public is not None:
        _, development = data.public_intents(public, SEED)
        sets["JDDC, mapped (real messages)"] = _rows([e for e in development if e.source == "jddc_zh"])
    return sets


def _rows(examples: Sequence[Example]) -> list[Row]:
    return [
        Row(text=e.text, intent=(e.intents or ("",))[0], sentiment=e.sentiment or "", style=e.style)
        for e in examples
    ]


def _quality_row(name: str, rows: list[Row], report: Report, peer: _Peer | None) -> list[str]:
    low, high = report.interval
    other = "" if peer is None else f"{peer.accuracy(rows):.1%}"
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


class _Peer:
    """Character n-grams with logistic regression."""

    def __init__(self, examples: Sequence[Example]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        self._model = make_pipeline(
            TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2),
            LogisticRegression(C=10, max_iter=300),
        )
        self._model.fit([e.text for e in examples], [(e.intents or ("",))[0] for e in examples])

    def accuracy(self, rows: Sequence[Row]) -> float:
        said = self._model.predict([row.text for row in rows])
        return float(np.mean([row.intent == answer for row, answer in zip(rows, said, strict=True)]))


def _character_model(public: Path) -> _Peer:
    ours = [e for language in ("zh", "en") for e in data.own_corpus(language)]
    mapped, _ = data.public_intents(public, SEED)
    return _Peer([*ours, *mapped, *data.unreadable(SEED)])


def _styles(understander: TransformerUnderstander, rows: Sequence[Row]) -> str:
    lines = []
    for style in sorted({row.style for row in rows}):
        chosen = [row for row in rows if row.style == style]
        report = evaluate(understander, chosen)
        low, high = wilson(round(report.accuracy * len(chosen)), len(chosen))
        lines.append([style, str(len(chosen)), f"{report.accuracy:.1%}", f"{low:.1%}–{high:.1%}"])
    return table(["style, both languages", "messages", "accuracy", "95 %"], lines)


def _scope(understander: TransformerUnderstander, public: Path | None) -> str:
    rows = [row for language in ("zh", "en") for row in _rows(data.held_out(language, "test"))]
    if public is not None:
        _, development = data.public_intents(public, SEED)
        rows += _rows([e for e in development if e.source == "clinc150_en"])
    found = evaluate(understander, rows).out_of_scope_auroc
    return "none" if found is None else f"{found:.3f}"


def _speed(understander: TransformerUnderstander) -> str:
    lines = []
    for language, text in TWELVE_WORDS.items():
        times = []
        for _ in range(RUNS):
            began = time.perf_counter()
            understander.understand([text])
            times.append((time.perf_counter() - began) * 1000)
        median, late, latest = np.percentile(times, [50, 95, 99])
        lines.append(
            [f"one message of 12 words, {language}", f"{median:.2f} ms", f"{late:.2f}", f"{latest:.2f}"]
        )
    batch = [text for text in TWELVE_WORDS.values() for _ in range(256)]
    began = time.perf_counter()
    understander.understand(batch)
    rate = len(batch) / (time.perf_counter() - began)
    speed = table(["the whole of `understand`, one thread", "median", "p95", "p99"], lines)
    return f"{speed}\n\nIn batches, one thread: {rate:.0f} messages a second."


if __name__ == "__main__":
    main()
