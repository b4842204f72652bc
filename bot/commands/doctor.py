"""`liuke doctor`: looks at an installation and says what to do."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import asdict

from bot.commands.common import AsJson, advice
from bot.doctor.finding import Finding
from bot.logs import configure
from bot.settings import SettingsInvalid, load_settings
from kernel.console import out, print_json, print_table
from kernel.times import utc_now


def doctor(as_json: AsJson = False) -> None:
    """Look at settings, texts, disk, database, clocks, channels, models and data, and say what to do; changes nothing.

    `look`: it serves, and somebody should see to it. `bad`: something doesn't work; the command ends with status 1.
    """
    # No other command needs what is looked at here.
    from bot.doctor.checks import examine

    configure("ERROR")
    try:
        settings = load_settings()
    except SettingsInvalid as invalid:
        to_do = "mend it in the environment or in liuke.env: nothing starts before"
        found = [Finding(name="settings", state="bad", found=one, to_do=to_do) for one in invalid.problems]
    else:
        found = asyncio.run(examine(settings, os.environ, utc_now(), lambda away: advice(away, settings)))
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        print_table(
            "", ("what", "state", "found", "to do"), [(one.name, one.state, one.found, one.to_do) for one in found],
            unbroken=2,
        )  # fmt: skip
        worst = [sum(one.state == state for one in found) for state in ("bad", "look")]
        out.print(f"{worst[0]} bad, {worst[1]} to look at." if any(worst) else "All is well.")
    if any(one.state == "bad" for one in found):
        sys.exit(1)
