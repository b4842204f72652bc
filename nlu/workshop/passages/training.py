"""Trains the finder of entries and the reader of answers on shops."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from kernel.arrays import Floats32
from nlu.pages.model import BEFORE, MOST, QUESTION, TEXT
from nlu.pages.reading import LANGUAGES
from nlu.pages.searching import ahead
from nlu.workshop.passages.corpus import Asked, PagesOfShop
from nlu.workshop.passages.encoding import Texts, row_of, words_in_common
from nlu.workshop.passages.network import FAR, AnswerReader, Finder, lack
from nlu.workshop.training.descent import Descent
from nlu.workshop.training.optimising import fastest_precision

_OF_ENCODER = ("reading", "attended", "middle", "wide", "narrow", "end.")
_TRANSLATED = 0.1
"""What it counts that the two languages of an entry lie together."""
Report = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long to learn."""

    seed: int = 7
    finder_passes: int = 3
    reader_passes: int = 1
    chooser_passes: int = 3
    questions: int = 72
    """Of one shop, in a batch of the finder."""
    read_at_once: int = 12
    """Questions in a batch of the reader of answers."""
    beside: int = 2
    """Rows read with a question, beside the one that answers."""
    without_title: float = 0.25
    other_title: float = 0.1
    """Entries that go by a question in place of their heading."""
    anything_before: float = 0.2
    """Questions that any other question of the shop stands before."""
    without_answer: float = 0.2
    """Questions whose answer is not among what is read."""
    across: float = 0.3
    """Questions that are read with rows of the other language."""
    finder_rate: float = 2e-3
    reader_rate: float = 1e-4
    """Of the layer that was the encoder's …"""
    head_rate: float = 1e-3
    """… and of what is new beside it."""


@dataclass(frozen=True, slots=True)
class _Shop:
    pages: PagesOfShop
    words: dict[tuple[str, str], Floats32]


@dataclass(frozen=True, slots=True)
class Placed:
    """What a finder makes of a shop."""

    shop: PagesOfShop
    features: dict[tuple[str, str], Floats32]
    """Of each question and all entries, shape (entries, FEATURES) …"""
    scores: dict[tuple[str, str], Floats32]
    """… and how near each is, shape (entries,)."""
    rows: tuple[np.ndarray, ...]
    """Vectors of the tokens of each entry's heading and text, shape (tokens, t)."""
    asked: dict[tuple[str, str], np.ndarray]
    """And of each question's and the message's before."""


def _prepared(shops: Sequence[PagesOfShop], texts: Texts) -> list[_Shop]:
    for shop in shops:
        texts.shop(shop)
    return [_Shop(shop, words_in_common(shop)) for shop in shops]


@torch.no_grad()
def place(finder: Finder, shop: PagesOfShop, texts: Texts) -> Placed:
    """Ask a finder all questions of a shop, in evaluation."""
    words = words_in_common(shop)
    keys = [(one.text, one.before) for one in shop.asked]
    given = texts.batch([row_of(entry) for entry in shop.entries])
    rows = finder(*given)
    asked = texts.batch([[(text, QUESTION), (before, BEFORE)] for text, before in keys])
    said = finder(*asked)
    by_tokens, as_whole = finder.likeness(said, rows, given[1])
    in_common = torch.from_numpy(np.stack([words[key] for key in keys]))
    scores = finder.scores(by_tokens, as_whole, in_common)
    leads = torch.from_numpy(np.stack([_leads(one, shop.count) for one in scores.numpy()]))
    features = torch.stack([by_tokens, as_whole, in_common, leads], 2).numpy()
    lengths, of_asked = given[1].sum(1).int().tolist(), asked[1].sum(1).int().tolist()
    return Placed(
        shop,
        dict(zip(keys, features, strict=True)),
        dict(zip(keys, scores.numpy(), strict=True)),
        tuple(row[:length].numpy() for row, length in zip(rows[0], lengths, strict=True)),
        {key: one[:length].numpy() for key, one, length in zip(keys, said[0], of_asked, strict=True)},
    )


def _leads(scores: Floats32, count: int) -> Floats32:
    """By how much each entry is ahead of the best other in its language; `count` are in each."""
    return np.concatenate([ahead(part, range(count)) for part in (scores[:count], scores[count:])])


def _titles(shop: PagesOfShop, asked: Sequence[Asked], plan: Plan, rng: random.Random) -> list[str]:
    """The heading of each entry, or none, or a question that is not being asked."""
    left = [one for one in shop.asked if one.entry >= 0 and not one.before and one not in asked]
    titles = []
    for entry in shop.entries:
        draw = rng.random()
        others = [one.text for one in left if one.entry == entry.number and one.language == entry.language]
        if draw < plan.without_title:
            titles.append("")
        elif draw < plan.without_title + plan.other_title and others:
            titles.append(rng.choice(others))
        else:
            titles.append(entry.title)
    return titles


def _before(one: Asked, shop: PagesOfShop, plan: Plan, rng: random.Random) -> str:
    return one.before or (rng.choice(shop.asked).text if rng.random() < plan.anything_before else "")


def _descent(network: nn.Module, rate: float, head_rate: float, steps: int) -> Descent:
    """`rate` is that of what was the encoder's."""
    upper = [value for name, value in network.named_parameters() if name.startswith(_OF_ENCODER)]
    new = [value for name, value in network.named_parameters() if not name.startswith(_OF_ENCODER)]
    return Descent([(upper, rate), (new, head_rate)], steps)


def train_finder(
    network: Finder, shops: Sequence[PagesOfShop], texts: Texts, plan: Plan, report: Report
) -> None:
    """Learn to find the entries that answer, among all of their shop."""
    rng = random.Random(plan.seed)
    prepared = _prepared(shops, texts)
    answerable = [[one for one in shop.pages.asked if one.entries] for shop in prepared]
    steps = plan.finder_passes * sum(-(-len(asked) // plan.questions) for asked in answerable)
    descent = _descent(network, plan.finder_rate, plan.finder_rate, steps)
    for _ in range(plan.finder_passes):
        network.train()
        batches: list[tuple[_Shop, list[Asked]]] = []
        for shop, asked in zip(prepared, answerable, strict=True):
            drawn = rng.sample(asked, len(asked))
            batches += [
                (shop, drawn[start : start + plan.questions])
                for start in range(0, len(drawn), plan.questions)
            ]
        rng.shuffle(batches)
        for shop, asked in batches:
            done = descent.step(_finder_loss(network, shop, asked, texts, plan, rng))
            report("learning to find", done)
    network.eval()


def _finder_loss(
    network: Finder, shop: _Shop, asked: Sequence[Asked], texts: Texts, plan: Plan, rng: random.Random
) -> torch.Tensor:
    pages, count = shop.pages, shop.pages.count
    titles = _titles(pages, asked, plan, rng)
    rows_given = texts.batch(
        [row_of(entry, title) for entry, title in zip(pages.entries, titles, strict=True)]
    )
    given = texts.batch([[(one.text, QUESTION), (_before(one, pages, plan, rng), BEFORE)] for one in asked])
    rows, said = network(*rows_given), network(*given)
    words = torch.from_numpy(np.stack([shop.words[one.text, one.before] for one in asked]))
    words = words * (torch.rand(len(asked), 1) > 0.3)
    scores = network.scores(*network.likeness(said, rows, rows_given[1]), words)
    right = torch.zeros(len(asked), count)
    for place, one in enumerate(asked):
        right[place, list(one.entries)] = 1.0
    loss = torch.zeros(())
    for first in (0, count):
        shares = scores[:, first : first + count].log_softmax(-1)
        loss = loss - (shares + (right - 1.0) * FAR).logsumexp(-1).mean()
    like = 10.0 * rows[2][:count] @ rows[2][count:].T
    same = torch.arange(count)
    return loss + _TRANSLATED * (
        functional.cross_entropy(like, same) + functional.cross_entropy(like.T, same)
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """A question with rows to read it with."""

    asked: Asked
    before: str
    rows: tuple[int, ...]
    """Places of entries; the one that answers, if any does, first."""
    right: tuple[bool, ...]
    span: tuple[int, int] | None
    """Tokens of the first row's text that answer."""


def _reading(placed: Placed, one: Asked, texts: Texts, plan: Plan, rng: random.Random) -> Reading:
    count = placed.shop.count
    language = one.language
    if rng.random() < plan.across:
        language = "en" if language == "zh" else "zh"
    first = LANGUAGES.index(language) * count
    scores = placed.scores[one.text, one.before][first : first + count]
    wrong = [int(rank) for rank in np.argsort(-scores, kind="stable") if int(rank) not in one.entries]
    weights = [1.0 / (2 + rank) for rank in range(len(wrong))]
    hard: list[int] = []
    while len(hard) < plan.beside + 1:
        (drawn,) = rng.choices(wrong, weights)
        if drawn not in hard:
            hard.append(drawn)
    shown = bool(one.entries) and rng.random() >= plan.without_answer
    chosen = [one.entry, *hard[: plan.beside]] if shown else hard
    span = None
    if shown and language == one.language and one.answer:
        span = span_of(placed.shop.entries[first + one.entry].text, one.answer, texts)
    before = _before(one, placed.shop, plan, rng)
    rows = tuple(first + row for row in chosen)
    return Reading(one, before, rows, tuple(row in one.entries for row in chosen), span)


def read_together(
    group: Sequence[tuple[Placed, Reading]], texts: Texts
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """What the reader of answers is given: every question with each of its rows."""
    pieces, matches, features = [], [], []
    for placed, reading in group:
        one = reading.asked
        said = placed.asked[one.text, one.before]
        if reading.before and not one.before:
            # What was put before by chance was not there when the question was placed.
            said = np.concatenate(
                [said, np.zeros((_length(reading.before, texts), said.shape[1]), np.float32)]
            )
        for row in reading.rows:
            entry = placed.shop.entries[row]
            pieces.append([(one.text, QUESTION), (reading.before, BEFORE), *row_of(entry)])
            near = said @ placed.rows[row].T
            matches.append(np.concatenate([near.max(1), near.max(0)]))
            features.append(placed.features[one.text, one.before][row])
    vectors, mask, kinds = texts.batch(pieces, upper=True)
    match = torch.zeros_like(mask)
    for place_, values in enumerate(matches):
        match[place_, : len(values)] = torch.from_numpy(values)
    return vectors, mask, kinds, match, torch.from_numpy(np.stack(features))


def _length(text: str, texts: Texts) -> int:
    return min(len(texts[text].spans), MOST[BEFORE])


def span_of(text: str, answer: str, texts: Texts) -> tuple[int, int] | None:
    """First and last token of a stretch of a text."""
    start = text.find(answer)
    if start < 0:
        return None
    end = start + len(answer)
    inside = [
        place
        for place, (first, last) in enumerate(texts[text].spans[: MOST[TEXT]])
        if first < last and first < end and last > start
    ]
    return (inside[0], inside[-1]) if inside else None


def train_reader(
    network: AnswerReader, several: Sequence[Placed], texts: Texts, plan: Plan, report: Report
) -> None:
    """Learn which of the nearest entries answer, whether any does, and with which words.

    Args:
        network: to train.
        several: shops as finders place them that did not learn from them.
        texts: the encoder's.
        plan: how long.
        report: told how much is done.
    """
    rng = random.Random(plan.seed)
    pairs = [(placed, one) for placed in several for one in placed.shop.asked]
    steps = plan.reader_passes * -(-len(pairs) // plan.read_at_once)
    descent = _descent(network, plan.reader_rate, plan.head_rate, steps)
    for _ in range(plan.reader_passes):
        network.train()
        for group in _groups(pairs, plan.read_at_once, texts, rng):
            readings = [(placed, _reading(placed, one, texts, plan, rng)) for placed, one in group]
            loss = _reader_loss(network, readings, texts)
            done = descent.step(loss)
            report(f"learning to read {loss.item():.2f}", done)
    network.eval()


def _groups(
    pairs: Sequence[tuple[Placed, Asked]], size: int, texts: Texts, rng: random.Random
) -> Iterator[list[tuple[Placed, Asked]]]:
    """In random order, of like length: padding costs as much as words."""
    order = sorted(pairs, key=lambda pair: len(texts[pair[1].text].spans) + rng.random() * 8)
    groups = [list(order[start : start + size]) for start in range(0, len(order), size)]
    rng.shuffle(groups)
    yield from groups


def _reader_loss(
    network: AnswerReader, group: Sequence[tuple[Placed, Reading]], texts: Texts
) -> torch.Tensor:
    given = read_together(group, texts)
    precision = fastest_precision()
    with torch.autocast("cpu", precision, enabled=precision is not torch.float32):
        said, ends = network(*given)
    logits = said.float().view(len(group), -1)
    right = torch.tensor([reading.right for _, reading in group], dtype=torch.float32)
    loss = lack(logits, right) + functional.binary_cross_entropy_with_logits(logits, right)
    return loss + 0.5 * _span_loss(ends.float(), given[2], [reading.span for _, reading in group])


def _span_loss(
    ends: torch.Tensor, kinds: torch.Tensor, spans: Sequence[tuple[int, int] | None]
) -> torch.Tensor:
    rows, starts, lasts = [], [], []
    each = len(ends) // len(spans)
    for place_, span in enumerate(spans):
        if span is not None:
            row = place_ * each
            begins = int((kinds[row] == TEXT).nonzero()[0, 0])
            rows.append(row)
            starts.append(begins + span[0])
            lasts.append(begins + span[1])
    if not rows:
        return torch.zeros(())
    begin = functional.cross_entropy(ends[rows][:, :, 0], torch.tensor(starts))
    return (begin + functional.cross_entropy(ends[rows][:, :, 1], torch.tensor(lasts))) / 2
