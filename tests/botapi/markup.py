"""Checks of what a bot sends: text, caption, keyboard, as the Bot API makes them."""

from __future__ import annotations

from typing import Any

from tests.botapi.entities import parse_html, utf16_length
from tests.botapi.errors import bad_request
from tests.botapi.parameters import Parameters

MAX_TEXT = 4096
MAX_CAPTION = 1024
_URL_SCHEMES = ("http://", "https://", "tg://")


def formatted(parameters: Parameters, name: str, longest: int) -> tuple[str, list[dict[str, Any]]]:
    """A text and its entities, after parsing and within its limit."""
    source = parameters.text(name)
    entities_name = "entities" if name == "text" else "caption_entities"
    mode = parameters.text("parse_mode").lower()
    if mode == "html":
        text, entities = parse_html(source)
    elif mode:
        raise bad_request("unsupported parse_mode")
    else:
        text, entities = source, parameters.value(entities_name) or []
    if utf16_length(text) > longest:
        raise bad_request("message is too long" if name == "text" else "message caption is too long")
    if text != (text := text.rstrip()):
        entities = [entity for entity in entities if entity["offset"] < utf16_length(text)]
    return text, entities


def required_text(parameters: Parameters) -> tuple[str, list[dict[str, Any]]]:
    """The text of a message."""
    text, entities = formatted(parameters, "text", MAX_TEXT)
    if not text.strip():
        raise bad_request("message text is empty")
    return text, entities


def keyboard(parameters: Parameters) -> dict[str, Any]:
    """`reply_markup` as a field of the message, checked; empty where there is none."""
    markup = parameters.value("reply_markup")
    if not markup:
        return {}
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        return {}
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("field inline_keyboard must be an array of arrays")
    buttons = [button for row in rows for button in row]
    if len(buttons) > 100:
        raise bad_request("reply markup is too long")
    for button in buttons:
        _check_button(button)
    return {"reply_markup": {"inline_keyboard": rows}} if buttons else {}


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not str(button.get("text", "")).strip():
        raise bad_request("can't parse inline keyboard button: text must be non-empty")
    data, url = button.get("callback_data"), button.get("url")
    if data is not None:
        if not 1 <= len(str(data).encode()) <= 64:
            raise bad_request("BUTTON_DATA_INVALID")
    elif url is not None:
        if not str(url).startswith(_URL_SCHEMES) or "." not in str(url).split("//", 1)[1]:
            raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    elif not set(button) - {"text"}:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed")
