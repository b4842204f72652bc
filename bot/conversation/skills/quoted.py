"""What the shop has written in one language only: said to a customer of the other one as its own words."""

from __future__ import annotations

from bot.conversation.turn import Turn
from nlu.language import detect


def in_its_words(turn: Turn, text: str) -> str:
    """A text of the shop's; in quotation marks where it isn't in the customer's language."""
    own = detect(text, "zh" if turn.language == "zh" else "en") == turn.language
    return text if own else turn.say("in-our-records", text=text)
