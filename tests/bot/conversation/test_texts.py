"""Both languages say the same things, no skill says what isn't there, and a shop may say it otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bot.conversation
from bot.conversation.registry import REGISTRY
from bot.conversation.skills import pages
from bot.conversation.texts import LANGUAGES, Texts, TextsInvalid
from bot.conversation.turn import Task

ROOT = Path(bot.conversation.__file__).parent
_USED = re.compile(r'(?:say|button|request_text)\(\s*(?:turn, )?(f?)"([a-zA-Z0-9_{}.\[\]\'(), -]+)"')


def test_both_languages_have_the_same_texts_with_the_same_variables() -> None:
    variables = Texts.load().variables
    assert variables["zh"] == variables["en"]


def test_no_text_that_is_said_is_missing() -> None:
    known = set(Texts.load().variables["zh"])
    for path in ROOT.rglob("*.py"):
        for formatted, text_id in _USED.findall(path.read_text("utf-8")):
            if formatted:
                pattern = re.compile(re.sub(r"\{[^}]*\}", "[a-z_-]+", text_id))
                assert any(pattern.fullmatch(name) for name in known), (path.name, text_id)
            else:
                assert text_id in known, (path.name, text_id)


def test_every_intent_has_a_name_for_asking_back() -> None:
    known = Texts.load().variables["zh"]
    talk = {"greeting", "thanks", "goodbye", "affirm", "deny", "chitchat", "out_of_scope"}
    missing = {f"ask-{intent}" for intent in REGISTRY.by_intent.keys() - talk} - set(known)
    assert not missing, f"zh.ftl and en.ftl of bot/conversation/texts need {sorted(missing)}"


def test_every_request_of_a_skill_has_a_name_for_whoever_made_it() -> None:
    missing = {f"decision-kind-{kind.name}" for kind in REGISTRY.requests} - set(Texts.load().variables["zh"])
    assert not missing, f"zh.ftl and en.ftl of bot/conversation/texts need {sorted(missing)}"


def _texts_of(task: Task) -> set[str]:
    """Every text that the engine says of a task."""
    own = {task.confirm, task.filed, f"about-{task.name}", f"still-{task.name}"}
    return (own | {slot.question for slot in task.slots}) - {""}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("task", REGISTRY.tasks.values(), ids=list(REGISTRY.tasks))
def test_every_task_is_asked_about_read_back_explained_and_recalled(task: Task, language: str) -> None:
    variables = Texts.load().variables[language]
    assert task.filed
    missing = _texts_of(task) - set(variables)
    assert not missing, f"{language}.ftl of bot/conversation/texts needs {sorted(missing)}"
    for name in (f"about-{task.name}", f"still-{task.name}"):
        assert not variables[name], f"{name} is said without facts"


@pytest.mark.parametrize("language", LANGUAGES)
def test_staff_read_every_request_and_what_was_told_for_it_by_name(language: str) -> None:
    known = Texts.load(package="bot.staff.console").variables[language].keys()
    kinds = {f"kind-{kind.name}" for kind in REGISTRY.requests}
    slots = {slot.name for task in REGISTRY.tasks.values() for slot in task.slots}
    details = {f"detail-{name}" for name in slots | {"products", "text"}}
    missing = (kinds | details) - known
    assert not missing, f"{language}.ftl of bot/staff/console needs {sorted(missing)}"


def test_every_request_that_a_task_makes_is_declared_by_its_skill() -> None:
    for skill in REGISTRY.skills:
        declared = {kind.name for kind in skill.requests}
        assert {task.request for task in skill.tasks} == declared, skill.name


def test_the_pages_are_asked_a_whole_question_for_every_intent_that_they_answer() -> None:
    known = Texts.load().variables["zh"]
    answered = {
        intent for skill in REGISTRY.skills if skill.answer is pages.answer for intent in skill.intents
    }
    asked = {name.removeprefix("page-question-") for name in known if name.startswith("page-question-")}
    assert asked == answered | {"delivery_time", "shipping_options", "place_order"}


def test_every_shipped_intent_is_answered() -> None:
    corpus = Path(bot.conversation.__file__).parents[2] / "nlu" / "corpus" / "zh"
    intents = {path.stem for path in corpus.glob("*.tsv")}
    assert intents
    assert intents <= REGISTRY.by_intent.keys()


def test_a_shops_own_words_win(tmp_path: Path) -> None:
    (tmp_path / "zh.ftl").write_text("thanks = 不客气呀～\n", "utf-8")
    texts = Texts.load(tmp_path)
    assert texts.say("zh", "thanks") == "不客气呀～"
    assert texts.say("en", "thanks").startswith("You're welcome")


@pytest.mark.parametrize("nothing", ["question-2 =\n", "question-2 = \n", 'question-2 = { "" }\n'])
def test_a_shop_may_ask_other_quick_questions_or_fewer(tmp_path: Path, nothing: str) -> None:
    (tmp_path / "en.ftl").write_text(f"question-1 =\n    What is new?\n{nothing}thanks = Bye.\n", "utf-8")
    texts = Texts.load(tmp_path)
    assert texts.questions("en") == ("What is new?", "Help me choose")
    assert len(texts.questions("zh")) == 3


@pytest.mark.parametrize("source", ["thanks =\n", "thanks = { $name }\n", "thanks { broken\n"])
def test_a_shops_mistakes_are_named_at_start(tmp_path: Path, source: str) -> None:
    (tmp_path / "zh.ftl").write_text(source, "utf-8")
    with pytest.raises(TextsInvalid, match="thanks"):
        Texts.load(tmp_path)


def test_a_text_that_nobody_says_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "en.ftl").write_text("gretting-back = Hello { $name }!\nthanks = Any time.\n", "utf-8")
    assert Texts.load(tmp_path).say("en", "thanks") == "Any time."


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "zh.ftl").write_bytes("thanks = 不客气\n".encode("gbk"))
    with pytest.raises(TextsInvalid, match=r"zh\.ftl.*UTF-8"):
        Texts.load(tmp_path)


def test_no_bidi_marks_and_nothing_is_escaped() -> None:
    said = Texts.load().say("en", "fact", name="<b>Tom & Jerry</b>", facts="x")
    assert said == "x (<b>Tom & Jerry</b>)."
