"""The fake Bot API as an HTTP server in the running event loop."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import BodyPartReader, web

from tests.botapi.control import control
from tests.botapi.errors import ApiError
from tests.botapi.faults import Fault, Faults
from tests.botapi.methods import METHODS, unknown
from tests.botapi.parameters import Parameters, Upload
from tests.botapi.people import Person
from tests.botapi.schema import check_answer, check_update
from tests.botapi.updates import Updates, Webhook, wanted_kinds
from tests.botapi.world import Chat, World

TOKEN = "1234567890:AAFakeTokenForTestsOnly-0123456789abcd"


@dataclass(frozen=True, slots=True)
class Call:
    """A request of the bot."""

    method: str
    parameters: dict[str, Any]
    at: float
    """`time.perf_counter()` of its arrival."""


class FakeBotApi:
    """A Telegram with one bot. `people`, `groups`, faults and what every chat holds are for tests to use."""

    def __init__(
        self,
        token: str = TOKEN,
        *,
        username: str = "liuke_test_bot",
        limits: bool = True,
        checked: bool = True,
        log_calls: bool = True,
    ) -> None:
        """Make one; `serve` starts it.

        Args:
            token: the bot's; any other is answered 401.
            username: the bot's.
            limits: answer 429 at the real limits.
            checked: compare every answer and update with the schema that aiogram ships; slow.
            log_calls: keep every request.
        """
        self.token = token
        self.world = World(int(token.split(":")[0]), username, limits=limits)
        self.updates = Updates(self._perform_quietly, self.world.changed)
        self.calls: list[Call] = []
        self.requests = 0
        self.problems: list[str] = []
        """What is wrong with this server itself: answers that don't fit the schema, errors."""
        self.address = ""
        self._checked = checked
        self._log_calls = log_calls
        self.people: dict[int, Person] = {}

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose."""
        return self.world.faults

    # --- people and groups --------------------------------------------------------------------------------

    def person(self, first_name: str = "Lin", language: str | None = "zh-hans", **facts: Any) -> Person:
        """A new user; `id`, `last_name` and `username` may be given."""
        person_id = facts.pop("id", 5_000_001 + len(self.people))
        person = self.people[person_id] = Person(self, person_id, first_name, language, **facts)
        return person

    def group(self, title: str = "Staff", *, forum: bool = False) -> Chat:
        """A new group with the bot in it."""
        chat_id = -1_000_000_000_000 - len(self.world.chats) - 1
        facts: dict[str, Any] = {"type": "supergroup", "title": title}
        chat = self.world.add_chat(chat_id, facts | ({"is_forum": True} if forum else {}))
        chat.started = True
        return chat

    async def wait_for(self, condition: Any, within: float = 10.0) -> Any:
        """The first true value of `condition`, looked at after each change in any chat."""
        return await self.world.wait_for(condition, within)

    def calls_of(self, method: str) -> list[Call]:
        """The requests for one method."""
        return [call for call in self.calls if call.method == method.lower()]

    # --- serving ------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve until the block ends; gives the address."""
        runner = web.ServerRunner(
            web.Server(self._handle, access_log=None, keepalive_timeout=75), shutdown_timeout=0.1
        )
        await runner.setup()
        site = web.TCPSite(runner, host, port, backlog=1024)
        await site.start()
        bound = runner.addresses[0]
        self.address = f"http://{bound[0]}:{bound[1]}"
        try:
            yield self.address
        finally:
            await self.updates.close()
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        arrived = time.perf_counter()
        parts = request.path.split("/")
        if len(parts) == 3 and parts[1].startswith("bot"):
            if not hmac.compare_digest(parts[1][3:].encode(), self.token.encode()):
                return _json(401, ApiError(401, "Unauthorized").body())
            return await self._answer(request, parts[2].lower(), arrived)
        if parts[1] == "control":
            return await control(self, request)
        if len(parts) == 5 and parts[1] == "file" and parts[2] == f"bot{self.token}":
            kept = self.world.files.get(parts[4])
            return web.Response(body=kept.content) if kept else _json(404, ApiError(404, "Not Found").body())
        return _json(404, ApiError(404, "Not Found").body())

    async def _answer(self, request: web.BaseRequest, name: str, arrived: float) -> web.StreamResponse:
        self.requests += 1
        try:
            parameters = await _read(request)
        except ApiError as error:
            return _json(error.code, error.body())
        if self._log_calls:
            self.calls.append(Call(name, parameters.raw, arrived))
            self.world.changed()
        chat_id = parameters.raw.get("chat_id")
        fault = self.faults.take(name, int(chat_id) if chat_id else None, parameters.raw)
        if fault is not None and (early := _instead(fault, request)) is not None:
            return early
        try:
            result = await self._perform(name, parameters)
        except ApiError as error:
            return _json(error.code, error.body())
        if fault is not None:
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "500-done":
                return _json(500, ApiError(500, "Internal Server Error").body())
            else:
                return _closed(request)
        return web.Response(
            body=b'{"ok":true,"result":' + orjson.dumps(result) + b"}", content_type="application/json"
        )

    async def _perform(self, name: str, parameters: Parameters) -> Any:
        match name:
            case "getupdates":
                result: Any = await self._get_updates(parameters)
            case "setwebhook":
                result = self._set_webhook(parameters)
            case "deletewebhook":
                self.updates.set_webhook(None, drop=parameters.flag("drop_pending_updates"))
                result = True
            case "getwebhookinfo":
                result = self._webhook_info()
            case _:
                function = METHODS.get(name)
                if function is None:
                    raise unknown(name)
                result = function(self.world, parameters)
        if self._checked:
            self.problems += check_answer(name, result)
        return result

    def _perform_quietly(self, name: str, raw: dict[str, Any]) -> None:
        """A method in the answer to a webhook call: nobody is told how it went."""
        function = METHODS.get(name.lower())
        if self._log_calls:
            self.calls.append(Call(name.lower(), raw, time.perf_counter()))
        try:
            if function is not None:
                function(self.world, Parameters(raw))
        except ApiError:
            return

    # --- updates ------------------------------------------------------------------------------------------

    async def _get_updates(self, parameters: Parameters) -> Any:
        self.updates.kinds = wanted_kinds(parameters.value("allowed_updates"), self.updates.kinds)
        limit = parameters.number("limit", 100) or 100
        timeout = min(50, parameters.number("timeout", 0) or 0)
        found = await self.updates.fetch(
            parameters.number("offset", 0) or 0, min(100, max(1, limit)), timeout
        )
        if self._checked:
            for update in found:
                self.problems += check_update(update)
        return found

    def _set_webhook(self, parameters: Parameters) -> bool:
        url, secret = parameters.text("url"), parameters.text("secret_token")
        if url and not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ApiError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not (len(secret) <= 256 and secret.replace("_", "").replace("-", "").isalnum()):
            raise ApiError(400, "Bad Request: secret token contains unallowed characters")
        self.updates.kinds = wanted_kinds(parameters.value("allowed_updates"), self.updates.kinds)
        webhook = Webhook(url, secret, parameters.number("max_connections", 40) or 40) if url else None
        self.updates.set_webhook(webhook, drop=parameters.flag("drop_pending_updates"))
        self.world.changed()
        return True

    def _webhook_info(self) -> dict[str, Any]:
        webhook = self.updates.webhook
        info: dict[str, Any] = {
            "url": webhook.url if webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self.updates.pending),
            "allowed_updates": sorted(self.updates.kinds),
        }
        if webhook is not None:
            info["max_connections"] = webhook.max_connections
            if webhook.last_error:
                info |= {"last_error_date": webhook.last_error_at, "last_error_message": webhook.last_error}
        return info


def _json(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


def _closed(request: web.BaseRequest) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _instead(fault: Fault, request: web.BaseRequest) -> web.Response | None:
    """What a fault answers without doing what was asked; None for one that strikes afterwards."""
    match fault.kind:
        case "500":
            return _json(500, ApiError(500, "Internal Server Error").body())
        case "502":
            page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
            return web.Response(status=502, text=page, content_type="text/html")
        case "closed":
            return _closed(request)
        case "429":
            wait = max(1, round(fault.seconds))
            why = f"Too Many Requests: retry after {wait}"
            return _json(429, ApiError(429, why, retry_after=wait).body())
        case "400" | "403" | "404":
            return _json(int(fault.kind), ApiError(int(fault.kind), fault.description).body())
        case _:
            return None


async def _read(request: web.BaseRequest) -> Parameters:
    kind = request.content_type
    raw: dict[str, Any] = dict(parse_qsl(request.query_string)) if request.query_string else {}
    if kind == "multipart/form-data":
        files: dict[str, Upload] = {}
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                continue
            if part.filename is not None:
                files[part.name] = Upload(part.filename, bytes(await part.read()))
            else:
                raw[part.name] = (await part.read()).decode()
        return Parameters(raw, files)
    body = await request.read()
    if not body:
        return Parameters(raw)
    if kind == "application/json":
        try:
            given = orjson.loads(body)
        except ValueError:
            raise ApiError(400, "Bad Request: can't parse JSON object") from None
        return Parameters(raw | given)
    return Parameters(raw | dict(parse_qsl(body.decode(), keep_blank_values=True)))
