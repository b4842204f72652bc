"""Pictures, stickers, voice notes and other things without words."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.skills import fallback, which_order
from bot.conversation.turn import Answer, Turn, row

_SEEN_KINDS = {"photo": "picture", "video": "picture", "document": "file", "location": "place"}


async def answer(turn: Turn) -> Answer:
    """Say honestly what can't be read, and what would help; one answer for a whole album."""
    media = turn.incoming.media
    memory = replace(turn.memory, album=turn.incoming.album or turn.memory.album)
    human = row(turn.button("button-human", "human:ask"))
    if media is None:
        return Answer(text=turn.say("media-other"), buttons=human, memory=memory)
    if media.kind == "sticker":
        reply = await _sticker(turn, media.emoji or "")
        return replace(reply, memory=memory)
    if media.kind in ("voice", "audio"):
        return Answer(text=turn.say("media-voice"), buttons=human, memory=memory)
    waiting = await which_order.picture_of(turn) if media.kind in ("photo", "video") else None
    if waiting is not None:
        return replace(waiting, memory=replace(waiting.memory or memory, album=memory.album))
    if turn.memory.order is not None and media.kind in ("photo", "video"):
        return Answer(text=turn.say("media-picture-kept"), buttons=human, memory=memory)
    name = _SEEN_KINDS.get(media.kind, "other")
    return Answer(text=turn.say(f"media-{name}"), buttons=human, memory=memory)


async def _sticker(turn: Turn, emoji: str) -> Answer:
    feeling = fallback.mood(emoji)
    if feeling == "sad":
        return await fallback.wordless(replace(turn, incoming=replace(turn.incoming, text=emoji)))
    return Answer(text=turn.say("emoji-glad" if feeling == "glad" else "emoji-none"))
