"""The same control over HTTP, for programs in another process and for playing by hand.

POST /control/people                       {"first_name": "Lin", "language": "zh-hans"}  -> {"id": …}
POST /control/people/ID/says               {"text": "你好"}   (any act of a Person)
GET  /control/chats/ID?after=3&count=1&wait=10                    -> {"messages": […], "actions": […]}
POST /control/faults                       {"kind": "lost", "method": "sendMessage", "times": 1}
POST /control/limits                       {"on": false}
GET  /control/status
"""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from tests.botapi.server import FakeBotApi

_ACTS = {
    "says",
    "starts",
    "sends",
    "sends_photo",
    "sends_album",
    "sends_sticker",
    "sends_file",
    "sends_location",
    "sends_contact",
    "edits",
    "presses",
    "forges",
    "blocks",
    "unblocks",
}


async def control(api: FakeBotApi, request: web.BaseRequest) -> web.Response:
    """Answer one request below /control."""
    path = request.path.split("/")[2:]
    try:
        given: dict[str, Any] = orjson.loads(await request.read() or b"{}")
        match (request.method, *path):
            case ("POST", "people"):
                return _answer(api.person(**given).facts)
            case ("POST", "people", person_id, act) if act in _ACTS:
                return _answer(_act(api, int(person_id), act, given))
            case ("GET", "chats", chat_id):
                return _answer(await _chat(api, int(chat_id), request.query))
            case ("POST", "faults"):
                return _answer(asdict(api.faults.add(**given)))
            case ("POST", "limits"):
                api.world.limits.on = bool(given["on"])
                return _answer({"on": api.world.limits.on})
            case ("GET", "status"):
                return _answer(_status(api))
            case _:
                return _answer({"error": "not found"}, 404)
    except (KeyError, TypeError, ValueError, LookupError) as error:
        return _answer({"error": f"{type(error).__name__}: {error}"}, 400)
    except TimeoutError:
        return _answer({"error": "timeout"}, 408)


def _act(api: FakeBotApi, person_id: int, act: str, given: dict[str, Any]) -> Any:
    person = api.people[person_id]
    if "message_id" in given:
        given["message"] = person.chat.messages[given.pop("message_id")]
    done = getattr(person, act)(**given)
    return asdict(done) if is_dataclass(done) and not isinstance(done, type) else done


async def _chat(api: FakeBotApi, chat_id: int, query: Any) -> dict[str, Any]:
    chat = api.world.chats[chat_id]
    after, count = int(query.get("after", 0)), int(query.get("count", 0))

    def found() -> list[dict[str, Any]]:
        return [message for message in chat.messages.values() if message["message_id"] > after]

    def of_bot() -> int:
        return sum(message["from"]["is_bot"] for message in found())

    if count:
        await api.wait_for(lambda: of_bot() >= count, float(query.get("wait", 10)))
    return {"messages": found(), "actions": chat.actions, "blocked": chat.blocked}


def _status(api: FakeBotApi) -> dict[str, Any]:
    webhook = api.updates.webhook
    return {
        "requests": api.requests,
        "pending": len(api.updates.pending),
        "webhook": webhook.url if webhook else "",
        "refused_429": api.world.limits.refused,
        "problems": api.problems,
        "people": sorted(api.people),
    }


def _answer(body: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")
