"""Which dangers are heard by their words, and how seldom that is wrong."""

from __future__ import annotations

import pytest

from nlu.acts import Danger
from nlu.context.dangers import danger_in
from nlu.workshop.dialogues.corpus import FOLDER, read_turns


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("my son swallowed a battery", Danger.POISON),
        ("孩子误食了干燥剂", Danger.POISON),
        ("her lips are swollen since she ate it", Danger.ALLERGY),
        ("插上就冒烟", Danger.FIRE),
        ("there's a burning smell from the charger", Danger.FIRE),
        ("割伤了手 一直流血", Danger.INJURY),
        ("I don't want to be alive any more", Danger.SELF_HARM),
        ("有人冒充你们要我报验证码", Danger.FRAUD),
        ("you charged me twice", Danger.DOUBLE_CHARGE),
        ("再不退我就打12315", Danger.LEGAL),
    ],
)
def test_what_is_plainly_told_is_heard(text: str, kind: Danger) -> None:
    assert danger_in(text) is kind


@pytest.mark.parametrize(
    "text",
    ["会不会漏电", "would it catch fire in a hot car?", "能打个骨折不哈哈", "is it safe if he swallows it",
     "lawyer mug in black", "双份的咖啡豆", "烧水壶有货吗"],
)  # fmt: skip
def test_what_is_asked_before_buying_or_only_sounds_like_it_is_none(text: str) -> None:
    assert danger_in(text) is None


def test_of_the_turns_of_the_corpus_a_quarter_is_heard_by_words_alone_and_next_to_none_wrongly() -> None:
    """Half of the turns without a danger in the corpus's files of dangers were written to sound like one."""
    turns = [turn for path in FOLDER.glob("*.jsonl") for turn in read_turns(path)]
    real = [turn for turn in turns if turn.danger is not None]
    heard = sum(danger_in(turn.text) is not None for turn in real)
    wrong = sum(danger_in(turn.text) is not None for turn in turns if turn.danger is None)
    assert heard / len(real) > 0.25
    assert wrong / (len(turns) - len(real)) < 0.005
