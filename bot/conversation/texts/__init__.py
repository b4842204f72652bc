"""What the bot says, in Fluent files; a shop's own files stand before ours."""

from bot.conversation.texts.bundle import LANGUAGES, Texts, TextsInvalid, unknown_texts

__all__ = ["LANGUAGES", "Texts", "TextsInvalid", "unknown_texts"]
