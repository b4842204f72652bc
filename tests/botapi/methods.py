"""Methods that put messages into chats and change them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tests.botapi.entities import utf16_length
from tests.botapi.errors import ApiError, bad_request
from tests.botapi.markup import MAX_CAPTION, formatted, keyboard, required_text
from tests.botapi.parameters import Parameters
from tests.botapi.world import Chat, Message, Topic, World, file_fields, media_content

Method = Callable[[World, Parameters], Any]
METHODS: dict[str, Method] = {}
"""By lower-case name: the Bot API does not care about case."""


def method(function: Method) -> Method:
    """Register a method under its name in camel case."""
    METHODS[function.__name__.replace("_", "")] = function
    return function


def _target(world: World, parameters: Parameters) -> tuple[Chat, dict[str, Any]]:
    chat = world.reachable(parameters.number("chat_id"))
    fields = world.thread(chat, parameters.number("message_thread_id"))
    reply = parameters.value("reply_parameters")
    if isinstance(reply, dict) and "message_id" in reply:
        answered = chat.messages.get(int(reply["message_id"]))
        if answered is not None:
            fields["reply_to_message"] = {k: v for k, v in answered.items() if k != "reply_to_message"}
        elif not reply.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
    return chat, fields


@method
def send_message(world: World, parameters: Parameters) -> Message:
    chat, fields = _target(world, parameters)
    text, entities = required_text(parameters)
    markup = keyboard(parameters)
    world.limits.count(chat.id)
    fields["text"] = text
    if entities:
        fields["entities"] = entities
    return world.sent(chat, {**fields, **markup})


def _file(world: World, parameters: Parameters, kind: str, source: str) -> dict[str, Any]:
    """A file by upload, id or address, as the content of a message."""
    if source.startswith("attach://"):
        source = source.removeprefix("attach://")
    upload = parameters.files.get(source) or (parameters.files.get(kind) if not source else None)
    if upload is not None:
        if not upload.content:
            raise bad_request("file must be non-empty")
        if kind == "photo" and not upload.content.startswith((b"\xff\xd8", b"\x89PNG", b"GIF8", b"RIFF")):
            raise bad_request("IMAGE_PROCESS_FAILED")
        return media_content(world.keep_file(kind, upload.content))
    if not source:
        raise bad_request(f"there is no {kind} in the request")
    if source.startswith(("http://", "https://")):
        return media_content(world.keep_file(kind, source.encode()))
    kept = world.files.get(source)
    if kept is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if kept.kind != kind:
        raise bad_request(f"can't use file of type {kept.kind} as {kind}")
    return media_content(kept)


def _caption(parameters: Parameters) -> dict[str, Any]:
    caption, entities = formatted(parameters, "caption", MAX_CAPTION)
    return ({"caption": caption} if caption else {}) | ({"caption_entities": entities} if entities else {})


def _sender(kind: str) -> Method:
    def send(world: World, parameters: Parameters) -> Message:
        chat, fields = _target(world, parameters)
        caption, markup = _caption(parameters), keyboard(parameters)
        content = _file(world, parameters, kind, parameters.text(kind))
        world.limits.count(chat.id)
        return world.sent(chat, {**fields, **content, **caption, **markup})

    return send


for _kind in ("photo", "document", "voice", "audio", "video", "animation", "sticker", "video_note"):
    METHODS[f"send{_kind.replace('_', '')}"] = _sender(_kind)


@method
def send_media_group(world: World, parameters: Parameters) -> list[Message]:
    chat, fields = _target(world, parameters)
    media = parameters.value("media")
    if not isinstance(media, list) or not 2 <= len(media) <= 10:
        raise bad_request("media group must include 2-10 items")
    contents = []
    for item in media:
        caption = _caption(Parameters({**item, "caption": item.get("caption", "")}))
        contents.append(_file(world, parameters, item["type"], item["media"]) | caption)
    for _ in contents:
        world.limits.count(chat.id)
    album = str(time.time_ns())
    return [world.sent(chat, {**fields, **content, "media_group_id": album}) for content in contents]


@method
def send_location(world: World, parameters: Parameters) -> Message:
    chat, fields = _target(world, parameters)
    place = {name: float(parameters.text(name)) for name in ("latitude", "longitude")}
    world.limits.count(chat.id)
    return world.sent(chat, {**fields, "location": place, **keyboard(parameters)})


def _content_of(message: Message) -> dict[str, Any]:
    about = {"message_id", "from", "chat", "date", "edit_date", "reply_markup", "reply_to_message"}
    thread = {"message_thread_id", "is_topic_message", "media_group_id"}
    return {key: value for key, value in message.items() if key not in about | thread}


def _source(world: World, parameters: Parameters, to: str) -> tuple[Chat, Message]:
    chat = world.chats.get(parameters.number("from_chat_id") or 0)
    if chat is None:
        raise bad_request("chat not found")
    return chat, world.find(chat, parameters.number("message_id"), to)


@method
def copy_message(world: World, parameters: Parameters) -> dict[str, int]:
    chat, fields = _target(world, parameters)
    content = _content_of(_source(world, parameters, "copy")[1])
    if "caption" in parameters.raw:
        content = {k: v for k, v in content.items() if not k.startswith("caption")} | _caption(parameters)
    world.limits.count(chat.id)
    sent = world.sent(chat, {**fields, **content, **keyboard(parameters)})
    return {"message_id": sent["message_id"]}


@method
def forward_message(world: World, parameters: Parameters) -> Message:
    chat, fields = _target(world, parameters)
    _, message = _source(world, parameters, "forward")
    world.limits.count(chat.id)
    origin = {"type": "user", "date": message["date"], "sender_user": message["from"]}
    return world.sent(chat, {**fields, **_content_of(message), "forward_origin": origin})


# --- changing ---------------------------------------------------------------------------------------------


def _own(world: World, parameters: Parameters) -> tuple[Chat, Message]:
    chat = world.reachable(parameters.number("chat_id"))
    message = world.find(chat, parameters.number("message_id"), "edit")
    if message["from"]["id"] != world.me["id"]:
        raise bad_request("message can't be edited")
    return chat, message


def _change(world: World, chat: Chat, message: Message, content: dict[str, Any]) -> Message:
    """Replace what `content` names; a keyboard that isn't given is taken away, as the Bot API does."""
    after = {k: v for k, v in message.items() if k != "reply_markup"} | content
    before = {k: v for k, v in message.items() if k != "edit_date"}
    if {k: v for k, v in after.items() if k != "edit_date" and v} == {k: v for k, v in before.items() if v}:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same "
            "as a current content and reply markup of the message"
        )
    world.limits.count(chat.id)
    after["edit_date"] = int(time.time())
    message.clear()
    message.update({key: value for key, value in after.items() if value or key == "text"})
    world.changed()
    return message


@method
def edit_message_text(world: World, parameters: Parameters) -> Message:
    chat, message = _own(world, parameters)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    text, entities = required_text(parameters)
    return _change(world, chat, message, {"text": text, "entities": entities, **keyboard(parameters)})


@method
def edit_message_caption(world: World, parameters: Parameters) -> Message:
    chat, message = _own(world, parameters)
    if "text" in message:
        raise bad_request("there is no caption in the message to edit")
    content: dict[str, Any] = {"caption": "", "caption_entities": []}
    return _change(world, chat, message, content | _caption(parameters) | keyboard(parameters))


@method
def edit_message_reply_markup(world: World, parameters: Parameters) -> Message:
    chat, message = _own(world, parameters)
    return _change(world, chat, message, keyboard(parameters))


@method
def delete_message(world: World, parameters: Parameters) -> bool:
    chat = world.reachable(parameters.number("chat_id"))
    message = world.find(chat, parameters.number("message_id"), "delete")
    if time.time() - message["date"] > 48 * 3600:
        raise bad_request("message can't be deleted for everyone")
    del chat.messages[message["message_id"]]
    world.changed()
    return True


@method
def delete_messages(world: World, parameters: Parameters) -> bool:
    chat = world.reachable(parameters.number("chat_id"))
    for message_id in parameters.value("message_ids") or []:
        chat.messages.pop(int(message_id), None)
    world.changed()
    return True


@method
def pin_chat_message(world: World, parameters: Parameters) -> bool:
    chat = world.reachable(parameters.number("chat_id"))
    world.find(chat, parameters.number("message_id"), "pin")
    return True


METHODS["unpinchatmessage"] = METHODS["pinchatmessage"]


# --- buttons, actions, topics -----------------------------------------------------------------------------


@method
def answer_callback_query(world: World, parameters: Parameters) -> bool:
    query = world.callbacks.get(parameters.text("callback_query_id"))
    if query is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if utf16_length(parameters.text("text")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answers.append({"text": parameters.text("text"), "show_alert": parameters.flag("show_alert")})
    world.changed()
    return True


_ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
}


@method
def send_chat_action(world: World, parameters: Parameters) -> bool:
    chat = world.reachable(parameters.number("chat_id"))
    if (action := parameters.text("action")) not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat.actions.append(action)
    world.changed()
    return True


def _forum(world: World, parameters: Parameters) -> Chat:
    chat = world.reachable(parameters.number("chat_id"))
    if not chat.facts.get("is_forum"):
        raise bad_request("the chat is not a forum")
    return chat


def _topic_name(parameters: Parameters) -> str:
    name = parameters.text("name").strip()
    if not 1 <= utf16_length(name) <= 128:
        raise bad_request("topic name must be 1-128 characters long")
    return name


@method
def create_forum_topic(world: World, parameters: Parameters) -> dict[str, Any]:
    chat = _forum(world, parameters)
    name = _topic_name(parameters)
    world.limits.count(chat.id)
    created = {"name": name, "icon_color": 7322096}
    message = world.write(chat, world.as_sender, {"forum_topic_created": created})
    thread = message["message_id"]
    message.update(message_thread_id=thread, is_topic_message=True)
    chat.topics[thread] = Topic(thread, name)
    world.changed()
    return {"message_thread_id": thread, **created}


def _topic_method(change: Callable[[Chat, int, Parameters], None]) -> Method:
    def run(world: World, parameters: Parameters) -> bool:
        chat = _forum(world, parameters)
        thread = parameters.number("message_thread_id") or 0
        if thread not in chat.topics:
            raise bad_request("message thread not found")
        change(chat, thread, parameters)
        world.changed()
        return True

    return run


def _set_closed(closed: bool) -> Callable[[Chat, int, Parameters], None]:
    def change(chat: Chat, thread: int, _: Parameters) -> None:
        if chat.topics[thread].closed == closed:
            raise bad_request("TOPIC_NOT_MODIFIED")
        chat.topics[thread].closed = closed

    return change


def _rename(chat: Chat, thread: int, parameters: Parameters) -> None:
    if parameters.text("name"):
        chat.topics[thread].name = _topic_name(parameters)


def _remove(chat: Chat, thread: int, _: Parameters) -> None:
    del chat.topics[thread]
    for message_id in [i for i, m in chat.messages.items() if m.get("message_thread_id") == thread]:
        del chat.messages[message_id]


METHODS["closeforumtopic"] = _topic_method(_set_closed(True))
METHODS["reopenforumtopic"] = _topic_method(_set_closed(False))
METHODS["editforumtopic"] = _topic_method(_rename)
METHODS["deleteforumtopic"] = _topic_method(_remove)


# --- the bot itself and what it may ask -------------------------------------------------------------------


@method
def get_me(world: World, _: Parameters) -> dict[str, Any]:
    return world.me


@method
def get_chat(world: World, parameters: Parameters) -> dict[str, Any]:
    chat = world.reachable(parameters.number("chat_id"))
    more = {"accent_color_id": 0, "max_reaction_count": 11}
    gifts = (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    )
    return {**chat.facts, **more, "accepted_gift_types": dict.fromkeys(gifts, False)}


@method
def get_chat_member(world: World, parameters: Parameters) -> dict[str, Any]:
    world.reachable(parameters.number("chat_id"))
    if (user_id := parameters.number("user_id")) == world.me["id"]:
        return {"status": "member", "user": world.as_sender}
    person = world.chats.get(user_id or 0)
    if person is None:
        raise bad_request("user not found")
    name = person.facts.get("first_name", "")
    return {"status": "member", "user": {"id": user_id, "is_bot": False, "first_name": name}}


@method
def get_file(world: World, parameters: Parameters) -> dict[str, Any]:
    kept = world.files.get(parameters.text("file_id"))
    if kept is None:
        raise bad_request("invalid file_id")
    if kept.size > 20 * 1024 * 1024:
        raise bad_request("file is too big")
    return {**file_fields(kept), "file_path": f"{kept.kind}s/{kept.file_id}"}


def _profile(name: str, fields: tuple[str, ...]) -> None:
    """A setter and a getter for something about the bot, by language."""

    def key(parameters: Parameters) -> str:
        scope = json.dumps(parameters.value("scope")) if name == "commands" else ""
        return f"{name}:{parameters.text('language_code')}:{scope}"

    def write(world: World, parameters: Parameters) -> bool:
        if name == "commands":
            commands = parameters.value("commands") or []
            for command in commands:
                if not str(command["command"]).replace("_", "").isalnum() or len(command["command"]) > 32:
                    raise bad_request("BOT_COMMAND_INVALID")
                if not 1 <= len(command["description"]) <= 256:
                    raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
            world.profile[key(parameters)] = commands
        else:
            world.profile[key(parameters)] = {field: parameters.text(field) for field in fields}
        return True

    def read(world: World, parameters: Parameters) -> Any:
        empty: Any = [] if name == "commands" else dict.fromkeys(fields, "")
        return world.profile.get(key(parameters), empty)

    METHODS[f"setmy{name}"], METHODS[f"getmy{name}"] = write, read
    if name == "commands":
        METHODS["deletemycommands"] = lambda world, parameters: bool(
            world.profile.pop(key(parameters), None) or True
        )


_profile("commands", ())
_profile("name", ("name",))
_profile("description", ("description",))
_profile("shortdescription", ("short_description",))


@method
def log_out(world: World, parameters: Parameters) -> bool:
    return True


def unknown(name: str) -> ApiError:
    """The answer to a method that does not exist."""
    return ApiError(404, f"Not Found: method {name!r} not found")
