"""The staff's pages: who waits, what was asked for, campaigns, the skills' switches, who did what."""

from bot.staff.console.mount import Rooms, mount_console

__all__ = ["Rooms", "mount_console"]
