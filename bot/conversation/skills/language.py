"""The language the customer wants to be answered in."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.messages import Button
from bot.conversation.texts import LANGUAGES
from bot.conversation.turn import Answer, Skill, Turn, row

_NAMES = {"zh": "中文", "en": "English"}
_WORDS = {"zh": "zh", "中文": "zh", "chinese": "zh", "cn": "zh", "en": "en", "英文": "en", "english": "en"}


async def _language(turn: Turn) -> Answer:
    # A button carries the language itself, a command has it behind its name.
    wanted = (turn.argument or turn.text.partition(" ")[2]).strip().lower()
    chosen = _WORDS.get(wanted)
    if chosen is None:
        buttons = [Button(label=_NAMES[code], action=f"language:set:{code}") for code in LANGUAGES]
        return Answer(text=turn.say("language-which"), buttons=row(*buttons))
    said = turn.services.texts.say(chosen, "language-set")
    return Answer(text=said, language=chosen, memory=replace(turn.memory, fixed_language=True))


LANGUAGE = Skill(
    name="language", answer=_language, actions=("language",), commands=("language", "lang"), always=True
)
