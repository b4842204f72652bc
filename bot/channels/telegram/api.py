"""Calling the Bot API through aiogram, prepared for servers that answer less neatly than Telegram's own.

Results are the plain JSON values: what matters of them is a message id or a file id, and a server that leaves
out other fields, or answers `null`, has delivered the message all the same.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import Response, TelegramMethod
from aiogram.types import InputFile
from aiohttp import ClientConnectorError, FormData

from bot.http.parsing import parse_json

_CALL_SECONDS: Final = 30
_CONNECTIONS: Final = 100
_QUOTED: Final = re.compile(r"""'.*'|".*"|https?://\S+""", re.DOTALL)


class _Session(AiohttpSession):
    """aiogram's own session, which takes any JSON as a result and errors reported under HTTP 200."""

    def build_form_data(self, bot: Bot, method: TelegramMethod[Any]) -> FormData:
        # As in aiogram, but over the fields that were given: most methods have dozens that never are.
        form = FormData(quote_fields=False)
        files: dict[str, InputFile] = {}
        for name, given in method.model_dump(exclude_unset=True, warnings=False).items():
            value = self.prepare_value(given, bot=bot, files=files)
            if value:
                form.add_field(name, value)
        for name, file in files.items():
            form.add_field(name, file.read(bot), filename=file.filename or name)
        return form

    def check_response(
        self, bot: Bot, method: TelegramMethod[Any], status_code: int, content: str
    ) -> Response[Any]:
        try:
            body = parse_json(content)
        except ValueError as error:
            raise ClientDecodeError("The answer is no JSON", error, "") from None
        if not isinstance(body, dict):
            raise ClientDecodeError("The answer is no JSON object", ValueError(), "")
        if body.get("ok") is True and status_code < 300:
            return Response.model_construct(ok=True, result=body.get("result"))
        code = body.get("error_code")
        if status_code < 300:
            status_code = code if isinstance(code, int) else 400
        parameters = body.get("parameters")
        if status_code == HTTPStatus.TOO_MANY_REQUESTS and not isinstance(parameters, dict):
            parameters = {"retry_after": 1}
        problem = {
            "ok": False,
            "description": str(body.get("description") or f"error {status_code}"),
            "parameters": parameters if isinstance(parameters, dict) else None,
        }
        return super().check_response(bot, method, status_code, json.dumps(problem))


class BotApi:
    """One bot at one Bot API server."""

    def __init__(self, token: str, base: str) -> None:
        """Nothing is called yet.

        Args:
            token: the bot's; it goes into addresses alone, never into a message or a log.
            base: the server's address, without a trailing slash.
        """
        server = TelegramAPIServer.from_base(base.rstrip("/"))
        self._bot = Bot(token, session=_Session(api=server, limit=_CONNECTIONS, timeout=_CALL_SECONDS))

    @property
    def bot_id(self) -> int:
        """The bot's own id, the first half of its token."""
        return self._bot.id

    async def call(self, method: TelegramMethod[Any], within: int | None = None) -> Any:
        """The result of a method as plain JSON.

        Args:
            method: what to do.
            within: seconds until the answer counts as lost.

        Raises:
            aiogram.exceptions.AiogramError: `failure_of` tells what it means.
        """
        return await self._bot(method, request_timeout=within)

    async def close(self) -> None:
        """Close the connections."""
        await self._bot.session.close()


class Failure(Enum):
    """What a call that raised means for the one who called."""

    NOT_DONE = "not_done"
    """Nothing was done; it may be tried again, after `retry_after` seconds if the server said so."""
    REFUSED = "refused"
    """Not done, and the same call will be refused again."""
    FORBIDDEN = "forbidden"
    """The customer is out of reach."""
    TOKEN = "token"  # noqa: S105 - the name of a failure
    """The server does not accept the token."""
    UNKNOWN = "unknown"
    """It may have been done."""


def failure_of(error: Exception) -> Failure:
    """What an error of `BotApi.call` means."""
    match error:
        case TelegramRetryAfter() | TelegramConflictError():
            return Failure.NOT_DONE
        case TelegramUnauthorizedError():
            return Failure.TOKEN
        case TelegramForbiddenError():
            return Failure.FORBIDDEN
        case TelegramNetworkError():
            refused = isinstance(error.__cause__, ClientConnectorError)
            return Failure.NOT_DONE if refused else Failure.UNKNOWN
        case TelegramServerError() | ClientDecodeError():
            return Failure.UNKNOWN
        case TelegramBadRequest() | TelegramNotFound() | TelegramEntityTooLarge() | TelegramAPIError():
            return Failure.REFUSED
        case _:
            return Failure.UNKNOWN


def describe(error: Exception) -> str:
    """An error for logs and people: its kind, and the server's own words without what they quote of ours."""
    if isinstance(error, TelegramBadRequest | TelegramForbiddenError | TelegramNotFound):
        return _QUOTED.sub("…", error.message)[:150]
    cause = f" ({type(error.__cause__).__name__})" if error.__cause__ else ""
    return type(error).__name__ + cause
