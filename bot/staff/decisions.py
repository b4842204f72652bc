"""What a customer is told when staff have decided a request."""

from __future__ import annotations

from bot.conversation.messages import Reply
from bot.conversation.texts import Texts
from storage.requests import Request

_ABOUT_AN_ORDER = (
    "cancel_order",
    "change_order",
    "change_address",
    "refund",
    "return",
    "exchange",
    "item_problem",
    "invoice",
)
_WITHOUT_ORDER = ("price_protection", "data_export", "data_erasure")


class DecisionTexts:
    """Puts a decided request into the customer's language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def __call__(self, request: Request) -> Reply:
        """The message about a request that is now accepted, declined or done.

        Raises:
            KeyError: the request is in none of these states.
        """
        language = "en" if request.language == "en" else "zh"
        said = self._texts.say(
            language, f"decision-{request.state}", what=self._what(request, language), request=request.number
        )
        if request.note.strip():
            said += "\n" + self._texts.say(language, "decision-note", note=request.note.strip())
        return Reply(text=said, language=language)

    def _what(self, request: Request, language: str) -> str:
        if request.kind in _ABOUT_AN_ORDER and request.order_number:
            return self._texts.say(language, f"decision-kind-{request.kind}", order=request.order_number)
        if request.kind in _WITHOUT_ORDER:
            return self._texts.say(language, f"decision-kind-{request.kind}")
        return self._texts.say(language, "decision-kind-other")
