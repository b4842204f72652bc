"""The language that a customer is answered in: that of their words, or the one they chose."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.answer import Answer, row
from bot.conversation.phrases import word_test
from bot.conversation.texts import LANGUAGES
from bot.conversation.turn import Skill, Turn
from bot.messages import Button, Incoming
from nlu.language import detect
from nlu.types import Understanding

_NAMES = {"zh": "中文", "en": "English"}
_CHOICES = {"zh": "zh", "中文": "zh", "chinese": "zh", "cn": "zh", "en": "en", "英文": "en", "english": "en"}
_CALLED = {
    "zh": ("中文", "汉语", "漢語", "普通话", "普通話", "国语", "國語", "chinese", "mandarin"),
    "en": ("英文", "英语", "英語", "english"),
}
# So many English words in a row are English even when they make no sense.
_SENTENCE = 3


def of_first_words(incoming: Incoming) -> str:
    """The language of whoever opens a conversation: Chinese when the channel says so or the words are."""
    if any("\u4e00" <= character <= "\u9fff" for character in incoming.text):
        return "zh"
    if incoming.language is None:
        return "en" if incoming.text.strip() and incoming.text.isascii() else "zh"
    return "zh" if incoming.language.lower().startswith("zh") else "en"


def of_words(turn: Turn, whole: Understanding) -> str:
    """The language to answer in: the chosen one, else that of the words; codes and addresses are no words."""
    if turn.memory.fixed_language:
        return asked_for(whole.text) or turn.language
    if not whole.understood and whole.text.isascii() and len(whole.text.split()) < _SENTENCE:
        return turn.language
    spoken = " ".join(word for word in whole.text.split() if _is_spoken(word))
    return detect(spoken, "zh" if turn.language == "zh" else "en") if spoken else turn.language


def _is_spoken(word: str) -> bool:
    """Whether a word is of a language: no code, number or e-mail address."""
    coded = any(character.isdigit() or character == "@" for character in word)
    return not word.isascii() or (any(character.isalpha() for character in word) and not coded)


_speaks = {
    "zh": word_test(
        "说中文 讲中文 说汉语 讲普通话 说普通话 說中文 講中文 用中文回 换中文 换成中文 切换中文 切换到中文 中文回复",
        "speak_chinese speak_mandarin speak_in_chinese back_to_chinese switch_to_chinese reply_in_chinese"
        " answer_in_chinese in_chinese_please",
    ),
    "en": word_test(
        "说英文 讲英文 说英语 讲英语 說英文 講英文 用英文回 换英文 换成英文 切换英文 切换到英文 英文回复",
        "speak_english speak_in_english back_to_english switch_to_english reply_in_english answer_in_english"
        " in_english_please",
    ),
}


def asked_for(text: str) -> str | None:
    """The language that words ask to be spoken in: no manual in it, and no person who speaks it."""
    asked = [code for code, speaks in _speaks.items() if speaks(text)]
    return asked[0] if len(asked) == 1 else None


def _named(text: str) -> str | None:
    """The one language that words name."""
    said = text.casefold()
    named = [code for code, names in _CALLED.items() if any(name in said for name in names)]
    return named[0] if len(named) == 1 else None


async def _language(turn: Turn) -> Answer:
    # A button carries the language itself, a command has it behind its name.
    wanted = (turn.argument or turn.text.partition(" ")[2]).strip().lower()
    worded = turn.intent == "language" and not turn.argument
    chosen = (asked_for(turn.text) or _named(turn.text)) if worded else None
    chosen = chosen or _CHOICES.get(wanted)
    if chosen is None:
        buttons = [Button(label=_NAMES[code], action=f"language:set:{code}") for code in LANGUAGES]
        return Answer(text=turn.say("language-which"), buttons=row(*buttons))
    said = replace(turn, language=chosen).say("language-set")
    return Answer(text=said, language=chosen, memory=replace(turn.memory, fixed_language=True))


SKILLS = (
    Skill(
        name="language",
        answer=_language,
        intents=("language",),
        actions=("language",),
        commands=("language", "lang"),
        always=True,
    ),
)
