"""Which dangers are heard by their words, and how seldom that is wrong."""

from __future__ import annotations

import pytest

from nlu.acts import Acts, Danger, DialogueState
from nlu.context.alone import acts_alone
from nlu.context.dangers import befalls_an_animal, danger_in, is_breathed_in
from nlu.context.plain_words import with_plain_words
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
        ("the carbon monoxide alarm is going off", Danger.POISON),
        ("一氧化碳报警器响了 怎么办", Danger.POISON),
        ("we ran the stove inside the tent and both of us have a headache", Danger.POISON),
        ("屋里烧炭取暖 两个人都头疼恶心", Danger.POISON),
        ("我家猫把香薰蜡烛吃了怎么办", Danger.POISON),
        ("狗狗吞了一块玩具橡胶", Danger.POISON),
        ("my dog ate a whole bar of your dark chocolate", Danger.POISON),
        ("my daughter is bleeding and it won't stop", Danger.INJURY),
        ("孩子手被杯子划了 血止不住", Danger.INJURY),
        ("嘴唇越来越肿", Danger.ALLERGY),
        ("her lips are suddenly all swollen", Danger.ALLERGY),
        ("my drill's battery has bulged, can I still charge it?", Danger.FIRE),
        ("充电宝鼓包了还能寄回去吗", Danger.FIRE),
        ("the power bank gets so hot i can't hold it", Danger.FIRE),
    ],
)
def test_what_is_plainly_told_is_heard(text: str, kind: Danger) -> None:
    assert danger_in(text) is kind


@pytest.mark.parametrize(
    "text",
    ["会不会漏电", "would it catch fire in a hot car?", "能打个骨折不哈哈", "is it safe if he swallows it",
     "lawyer mug in black", "双份的咖啡豆", "烧水壶有货吗", "is this bleeding edge tech",
     "the ink is bleeding through the paper", "the colour bleeds in the wash", "i've waited two bleeding weeks",
     "your form swallowed half my address", "he swallowed his pride", "一氧化碳报警器有货吗",
     "do you sell carbon monoxide alarms", "我家狗把狗粮吃光了 再来一包", "my dog ate all his food, need another bag",
     "狗可以吃巧克力么", "我脸有点浮肿 推荐个眼霜", "会不会电池鼓包",
     "鼓起来的旧电池能回收么", "what if the battery swells", "电池没鼓包",
     "are batteries included? too hot to go out", "does the battery get warm"],
)  # fmt: skip
def test_what_is_asked_before_buying_or_only_sounds_like_it_is_none(text: str) -> None:
    assert danger_in(text) is None


@pytest.mark.parametrize(
    ("text", "animal", "air"),
    [
        ("my dog swallowed a sock", True, False), ("she ate a candle, our cat", True, False),
        ("my son ate the dog's tablet", False, False), ("狗把孩子的药吃了", True, False),
        ("孩子吃了狗的药", False, False), ("煤气中毒了怎么办", False, True), ("I smell gas", False, True),
    ],
)  # fmt: skip
def test_who_is_poisoned_and_how_is_told_by_words(text: str, animal: bool, air: bool) -> None:
    assert befalls_an_animal(text) is animal
    assert is_breathed_in(text) is air


def test_of_the_turns_of_the_corpus_a_quarter_is_heard_by_words_alone_and_next_to_none_wrongly() -> None:
    """Half of the turns without a danger in the corpus's files of dangers were written to sound like one."""
    turns = [turn for path in FOLDER.glob("*.jsonl") for turn in read_turns(path)]
    real = [turn for turn in turns if turn.danger is not None]
    heard = sum(danger_in(turn.text) is not None for turn in real)
    wrong = sum(danger_in(turn.text) is not None for turn in turns if turn.danger is None)
    assert heard / len(real) > 0.25
    assert wrong / (len(turns) - len(real)) < 0.005


@pytest.mark.parametrize(("chance", "heard"), [(0.05, Danger.FIRE), (0.001, None)])
def test_words_that_name_a_danger_are_none_where_the_reader_is_sure_of_that(
    chance: float, heard: Danger | None
) -> None:
    alone = Acts(danger=Danger.FIRE, danger_probability=0.9)
    read = with_plain_words("it's smoking", DialogueState(), Acts(danger_probability=chance), alone, ())
    assert read.danger is heard


def test_a_swollen_battery_needs_no_reader_to_agree() -> None:
    unsure = Acts(danger_probability=0.001)
    alone = acts_alone("电池胀起来了", (), (), DialogueState())
    heard = with_plain_words("电池胀起来了", DialogueState(), unsure, alone, ())
    assert heard.danger is Danger.FIRE
