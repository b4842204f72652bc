"""aiogram's types are built when they are used, in whatever order that is, and then are what they would have been."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import bot.channels.telegram

pytestmark = pytest.mark.slow

# Everything that the bot does with aiogram: methods that are called, results that are refused, errors of each kind.
_USE = """
import json, random, sys
if sys.argv[1] != "at once":
    from bot.channels.telegram import import_aiogram
    import_aiogram()
from aiogram import Bot, exceptions, methods, types
from bot.channels.telegram.api import _Session

built = sum(getattr(getattr(types, name), "__pydantic_complete__", False) for name in types.__all__)
button = types.InlineKeyboardButton
used = {
    "SendMessage": lambda: methods.SendMessage(
        chat_id=4, text="hi", link_preview_options=types.LinkPreviewOptions(is_disabled=True),
        entities=[types.MessageEntity(type="bold", offset=0, length=2)],
        reply_markup=types.InlineKeyboardMarkup(inline_keyboard=[[button(text="a", callback_data="b")]])),
    "SendPhoto": lambda: methods.SendPhoto(
        chat_id=4, photo=types.BufferedInputFile(b"x", "x.png"), caption="c",
        caption_entities=[types.MessageEntity(type="text_link", url="https://x.org", offset=0, length=1)],
        reply_markup=types.InlineKeyboardMarkup(inline_keyboard=[[button(text="a", url="https://x.org")]])),
    "AnswerCallbackQuery": lambda: methods.AnswerCallbackQuery(callback_query_id="1", text="ok"),
    "SendChatAction": lambda: methods.SendChatAction(chat_id=4, action="typing"),
    "GetWebhookInfo": lambda: methods.GetWebhookInfo(),
    "SetWebhook": lambda: methods.SetWebhook(url="https://x.org", allowed_updates=["message"], secret_token="s"),
    "DeleteWebhook": lambda: methods.DeleteWebhook(),
    "GetUpdates": lambda: methods.GetUpdates(offset=1, allowed_updates=["message"]),
    "SetMyCommands": lambda: methods.SetMyCommands(
        commands=[types.BotCommand(command="a", description="b")], language_code="zh"),
    "GetMe": lambda: methods.GetMe(),
}
bot, session = Bot("1:a"), _Session()
answers = [(200, {"ok": True, "result": {"any": "thing"}})] + [
    (code, {"ok": False, "error_code": code, "description": said, "parameters": parameters})
    for code, said, parameters in (
        (400, "Bad Request: chat not found", None), (400, "Bad Request: group", {"migrate_to_chat_id": 5}),
        (401, "Unauthorized", None), (403, "Forbidden: bot was blocked by the user", None),
        (404, "Not Found", None), (409, "Conflict", None), (413, "Too Large", None),
        (429, "Too Many Requests", {"retry_after": 7}), (500, "Internal", None), (502, "restart", None),
    )
]
work = [(name, code, body) for name in used for code, body in answers] + [("user", 0, None)]
random.Random(sys.argv[1]).shuffle(work)
seen = {}
for name, code, body in work:
    if name == "user":
        seen["user"] = types.User.model_validate({"id": 1, "is_bot": True, "first_name": "x"}).model_dump_json()
        continue
    method = used[name]()
    form = session.build_form_data(bot, method)
    # A file goes by a random name.
    fields = [value if isinstance(value := field[2], str) and "attach:" not in value else "file"
              for field in form._fields]
    try:
        became = repr(session.check_response(bot, method, code, json.dumps(body)).result)
    except exceptions.AiogramError as error:
        became = f"{type(error).__name__}: {error} {getattr(error, 'retry_after', '')}"
    seen[f"{name} {code} {body.get('description')}"] = [fields, became]
print(json.dumps([built, seen], sort_keys=True))
"""


def _used(order: str) -> tuple[int, object]:
    done = subprocess.run([sys.executable, "-c", _USE, order], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    built, seen = json.loads(done.stdout)
    return built, seen


@pytest.fixture(scope="module")
def at_once() -> tuple[int, object]:
    return _used("at once")


@pytest.mark.parametrize("order", ["1", "2", "3", "4"])
def test_types_are_built_at_their_first_use_and_are_the_same(at_once: tuple[int, object], order: str) -> None:
    built, seen = _used(order)
    assert seen == at_once[1]
    assert at_once[0] > 300
    assert built < 10


def test_every_method_that_is_called_is_tried_here() -> None:
    sources = Path(bot.channels.telegram.__path__[0]).glob("*.py")
    called = {
        name.strip()
        for source in sources
        for line in source.read_text("utf-8").splitlines()
        if line.startswith("from aiogram.methods import ")
        for name in line.removeprefix("from aiogram.methods import ").split(",")
    }
    assert called - {"Response", "TelegramMethod"} <= {
        line.split('"')[1] for line in _USE.splitlines() if line.startswith('    "')
    }
