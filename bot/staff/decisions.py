"""What a customer is told when staff have decided a request."""

from __future__ import annotations

from bot.conversation.texts import Texts
from bot.messages import Reply
from storage.requests import Request


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
        # Once it is done there is nobody left to be told so.
        erasing = request.kind == "data_erasure" and request.state == "accepted"
        text_id = "decision-erasing" if erasing else f"decision-{request.state}"
        said = self._texts.say(language, text_id, what=self._what(request, language), request=request.number)
        if request.note.strip():
            said += "\n" + self._texts.say(language, "decision-note", note=request.note.strip())
        return Reply(text=said, language=language)

    def _what(self, request: Request, language: str) -> str:
        """The text `decision-kind-` and the kind, where there is one and the order that it names is known."""
        text_id = f"decision-kind-{request.kind}"
        variables = self._texts.variables[language].get(text_id)
        if variables is None or ("order" in variables and not request.order_number):
            return self._texts.say(language, "decision-kind-other")
        return self._texts.say(language, text_id, order=request.order_number or "")
