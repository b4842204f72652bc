"""The staff's pages: sign in, see who waits, take, answer, give back, decide requests."""

from bot.staff.console.mount import mount_console

__all__ = ["mount_console"]
