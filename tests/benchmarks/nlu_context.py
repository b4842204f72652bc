"""How well messages are read in their conversation, and what that takes.

    python -m tests.benchmarks.nlu_context [--model FOLDER] [--write]

The turns are those of `nlu/corpus/heldout/dialogues_*.jsonl`, by a writer of whom nothing was learned from. A turn
counts as right when all of it is read as it is labelled; where two labels come to the same for a customer (something
added or put right, a question about the question or beside it), a difference still counts as wrong. Time: each message
without a context model and with it, in turn, the least of five each.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import nlu
from kernel.intervals import wilson
from nlu.acts import Act, DialogueState
from nlu.context.alone import acts_alone
from nlu.types import DialogueContext, Understander, Understanding
from nlu.workshop.datasets import CORPUS
from nlu.workshop.dialogues.corpus import LabelledTurn, read_turns
from tests.benchmarks.report import machine, table, today, write_section

_RATHER = 0.5
_ROUNDS = 5
_TIMED = 200
_SURELY = ("yes", "no", "gives", "withdraws", "waits")

Reads = Callable[[LabelledTurn], Understanding]


def main() -> None:
    """Read, count, time and report."""
    parser = argparse.ArgumentParser(description="Messages read in their conversation.")
    parser.add_argument("--model", type=Path, help="a model folder, in place of the shipped one")
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    given = parser.parse_args()
    reader = nlu.load(given.model) if given.model is not None else nlu.load()
    turns = [
        turn for path in sorted((CORPUS / "heldout").glob("dialogues_*.jsonl")) for turn in read_turns(path)
    ]

    def in_context(turn: LabelledTurn) -> Understanding:
        return _read(reader, turn, turn.state)

    def alone(turn: LabelledTurn) -> Understanding:
        found = _read(reader, turn, DialogueState())
        return replace(found, acts=acts_alone(turn.text, found.intents, found.entities, turn.state))

    before = nlu.load(given.model) if given.model is not None else nlu.load()
    before._context = None
    report = _section(turns, {"in context": in_context, "words alone": alone}, _times(before, reader, turns))
    print(report)
    if given.write:
        write_section("nlu-context", report)


def _read(reader: Understander, turn: LabelledTurn, state: DialogueState) -> Understanding:
    (found,) = reader.understand([turn.text], DialogueContext(language=turn.language, state=state))
    return found


def counted(turns: Sequence[LabelledTurn], reads: Reads) -> Counter[str]:
    """What was read as it is labelled, by kind of answer; `… of` is how often it could be."""
    counts: Counter[str] = Counter()
    for turn in turns:
        _count(counts, turn, reads(turn))
    return counts


def _count(counts: Counter[str], turn: LabelledTurn, found: Understanding) -> None:
    acts = {act for act, chance in found.acts.acts.items() if chance >= _RATHER}
    _add(counts, "all acts", acts == turn.acts)
    for act in Act:
        if act.value in _SURELY and act in turn.acts:
            _add(counts, f"{act}, heard", act in acts)
        if act.value in _SURELY and act in acts:
            _add(counts, f"{act}, rightly", act in turn.acts)
    _add(
        counts, "all wishes", {one.intent for one in found.acts.wishes} == {one.label for one in turn.wishes}
    )
    if turn.points or turn.none or turn.other:
        chances = found.acts.pointing
        pointed = {place for place, chance in enumerate(chances.shown) if chance >= _RATHER}
        beyond = (chances.none >= _RATHER, chances.other >= _RATHER)
        _add(counts, "what is pointed at", pointed == turn.points and beyond == (turn.none, turn.other))
    told = {(one.label, one.start, one.end) for one in turn.slots}
    read = {(one.slot, one.start, one.end) for one in found.acts.slots if one.probability >= _RATHER}
    for label, start, end in told:
        near = any(slot == label and first < end and start < last for slot, first, last in read)
        _add(counts, "values, heard at least in part", near)
    danger = found.acts.danger is not None
    _add(counts, "dangers heard" if turn.danger is not None else "false alarms", danger)


def _add(counts: Counter[str], name: str, right: bool) -> None:
    counts[f"{name} of"] += 1
    counts[name] += right


def _times(
    before: Understander, reader: Understander, turns: Sequence[LabelledTurn]
) -> tuple[float, float, float]:
    """Milliseconds without a context model and in context, the median ratio of both."""
    pairs = []
    for turn in turns[:: max(1, len(turns) // _TIMED)]:
        least = {}
        for name, by in (("alone", before), ("context", reader)):
            taken = []
            for _ in range(_ROUNDS):
                began = time.perf_counter()
                _read(by, turn, turn.state)
                taken.append(time.perf_counter() - began)
            least[name] = min(taken)
        pairs.append((least["alone"], least["context"]))
    ratio = statistics.median(context / alone for alone, context in pairs)
    alone, context = (1e3 * statistics.median(times) for times in zip(*pairs, strict=True))
    return alone, context, ratio


def _section(
    turns: Sequence[LabelledTurn], readers: dict[str, Reads], times: tuple[float, float, float]
) -> str:
    found = {name: counted(turns, reads) for name, reads in readers.items()}
    names = [name for name in next(iter(found.values())) if not name.endswith(" of")]
    rows = [[name, *(_share(counts, name) for counts in found.values())] for name in names]
    languages = Counter(turn.language for turn in turns)
    alone, context, ratio = times
    return f"""## Reading in context

`python -m tests.benchmarks.nlu_context`, {today()}, {machine()}.

{len(turns)} turns of conversations ({languages["en"]} English, {languages["zh"]} Chinese) by a writer of whom nothing
was learned; they were looked at while the model’s size was chosen. “Words alone”
are the intents, clauses and few patterns that read a message without a context model.
Intervals are 95 %.

{table(["read as labelled", *readers], rows)}

A message takes {alone:.2f} ms without the context model and {context:.2f} ms with it, {ratio:.2f} times as long
(medians).
"""


def _share(counts: Counter[str], name: str) -> str:
    hits, count = counts[name], counts[f"{name} of"]
    if not count:
        return "–"
    low, high = wilson(hits, count)
    return f"{hits} of {count}, {100 * hits / count:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


if __name__ == "__main__":
    main()
