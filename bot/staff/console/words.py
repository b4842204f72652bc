"""The console's words in one language."""

from __future__ import annotations

from bot.conversation.texts import Texts


class Words:
    """Texts by id in the language of the person at the screen."""

    def __init__(self, texts: Texts, language: str) -> None:
        self._texts = texts
        self.language = language if language in ("zh", "en") else "zh"

    def __call__(self, text_id: str, **values: str | int) -> str:
        return self._texts.say(self.language, text_id, **values)

    def of(self, group: str, code: str) -> str:
        """The name of a code such as `reason-complaint`; a general one for codes that have none."""
        try:
            return self(f"{group}-{code}")
        except KeyError:
            return self(f"{group}-other")

    @property
    def other(self) -> str:
        """The name of the language that one can switch to."""
        return "EN" if self.language == "zh" else "中文"
