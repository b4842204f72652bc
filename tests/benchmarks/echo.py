"""A bare aiogram bot that says what it hears, over a webhook: what the framework alone can do.

python -m tests.benchmarks.echo --port 8090 --api http://127.0.0.1:8081 --token …
"""

from __future__ import annotations

import argparse

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

_SECRET = "benchmark"


async def _echo(message: Message) -> None:
    await message.answer(message.text or "?")


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api", required=True)
    parser.add_argument("--token", required=True)
    options = parser.parse_args()

    bot = Bot(options.token, session=AiohttpSession(api=TelegramAPIServer.from_base(options.api)))
    dispatcher = Dispatcher()
    dispatcher.message.register(_echo)

    async def register(bot: Bot) -> None:
        await bot.set_webhook(
            f"http://127.0.0.1:{options.port}/hook", secret_token=_SECRET, max_connections=100
        )

    dispatcher.startup.register(register)
    application = web.Application()
    SimpleRequestHandler(dispatcher, bot, secret_token=_SECRET).register(application, path="/hook")
    setup_application(application, dispatcher, bot=bot)
    web.run_app(application, host="127.0.0.1", port=options.port, access_log=None, print=None)


if __name__ == "__main__":
    main()
