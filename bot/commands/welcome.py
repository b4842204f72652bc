"""What a person reads when the program has started."""

from __future__ import annotations

from rich.panel import Panel
from rich.table import Table

from bot.app import Parts
from bot.channels.telegram import bot_username
from bot.settings import Settings
from bot.staff.accounts import StaffAccounts
from kernel.console import out
from kernel.times import utc_now

_ONCE = "The admin's password is shown this once; `liuke staff password admin` makes a new one."


async def welcome(settings: Settings, parts: Parts) -> None:
    """Say what is served and where, how to sign in, and how to connect Telegram.

    The first admin is made here, once all else is known: what fails in between would take the password with it.
    """
    telegram = await _telegram(settings, parts)
    admin = await StaffAccounts(parts.store).first_admin(utc_now())
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="bold", no_wrap=True)
    lines.add_column(overflow="fold")
    base = settings.base_url
    lines.add_row("Web chat", f"{base}/chat")
    lines.add_row("On a site", f'<script src="{base}/widget.js" async></script>')
    lines.add_row("Staff", f"{base}/staff   {_sign_in(admin)}")
    lines.add_row("Telegram", telegram)
    lines.add_row("Terminal", "liuke chat")
    lines.add_row("Data", str(settings.home))
    if not parts.served.version:
        lines.add_row(
            "Models", "are fitted to the shop's history now; what is recommended gets better with them"
        )
    shop = "a demo shop: products, orders and customers are made up" if parts.demo() else ""
    out.print(Panel(lines, title="留客 Liuke", subtitle=shop, border_style="cyan", expand=False))
    if admin is not None:
        out.print(_ONCE)


async def welcome_staff(parts: Parts) -> None:
    """The same where nothing is served: whichever process comes first makes the account."""
    admin = await StaffAccounts(parts.store).first_admin(utc_now())
    if admin is not None:
        out.print(f"Staff sign in as {admin[0]} with the password {admin[1]}")
        out.print(_ONCE)


def _sign_in(admin: tuple[str, str] | None) -> str:
    if admin is None:
        return "sign in as you did before (new password: liuke staff password admin)"
    login, password = admin
    return f"sign in as {login} with the password {password}"


async def _telegram(settings: Settings, parts: Parts) -> str:
    if settings.telegram_token is None:
        return "not connected: get a token from @BotFather, then LIUKE_TELEGRAM_TOKEN=… liuke run"
    username = await bot_username(settings, parts.store)
    way = "by webhook" if settings.telegram_webhook else "by polling"
    return f"https://t.me/{username} {way}" if username else f"connecting {way} …"
