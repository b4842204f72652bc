"""The console's words, in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Mapping

from bot.conversation.ownership import CaseFacts
from bot.conversation.texts import Texts

_TAIL = 4


class Words:
    """Texts by id in the language of the person at the screen."""

    def __init__(self, texts: Texts, language: str) -> None:
        self._texts = texts
        self.language = language if language in ("zh", "en") else "zh"

    def __call__(self, text_id: str, **values: str | int) -> str:
        return self._texts.say(self.language, text_id, **values)

    def of(self, group: str, code: str, **values: str | int) -> str:
        """The name of a code such as `reason-complaint`; a general one for codes that have none."""
        if f"{group}-{code}" in self._texts.variables[self.language]:
            return self(f"{group}-{code}", **values)
        return self(f"{group}-other", **values)

    def name(self, group: str, code: str) -> str:
        """The name of a code; the code itself where it has none."""
        text_id = f"{group}-{code}"
        return self(text_id) if text_id in self._texts.variables[self.language] else code

    def case(self, facts: CaseFacts) -> str:
        """What a case is about, in a line."""
        parts = [self.of("danger", facts.danger)] if facts.danger else []
        if facts.wish:
            mood = self.of("mood", facts.mood) if facts.mood not in ("", "neutral") else ""
            notes = [note for note in (mood, self("pressing") if facts.urgent else "") if note]
            wish = self.of("intent", facts.wish)
            parts.append(self("wish-noted", wish=wish, notes=self("comma").join(notes)) if notes else wish)
        if facts.order:
            parts.append(self("order", number=facts.order))
        if facts.words:
            parts.append(self("quoted", words=facts.words))
        return " · ".join(parts)

    def person(self, name: str, address: str) -> str:
        """A customer's name; a visitor without one by the end of the address."""
        return name or self("visitor", tail=address[-_TAIL:])

    def author(self, author: str, names: Mapping[int, str], me: int) -> str:
        """Who wrote a message: customer, bot, you, or a colleague's name."""
        kind, _, number = author.partition(":")
        if kind == "staff" and number.isdecimal():
            return self("you") if int(number) == me else names.get(int(number), self("colleague"))
        return self(kind) if kind in ("bot", "customer", "system", "terminal", "rule") else author

    @property
    def other(self) -> str:
        """The name of the language that one can switch to."""
        return "English" if self.language == "zh" else "中文"
