"""One message that never comes to an end holds up nobody else, and a person looks at it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeProgram
from tests.e2e.program import ROOT, rows
from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

# Two words are put into the program for which reading and deciding never end, inside a regular expression: it holds
# the interpreter's lock, so nothing else of its process runs.
_SABOTAGE = """
import re, sys
_ENDLESS = re.compile(r"(a+)+$")

def _hangs(inner, word):
    def hanging(*arguments):
        if any(word in str(argument) for argument in arguments):
            _ENDLESS.match("a" * 100 + "!")
        return inner(*arguments)
    return hanging

if "nlu.serving" in sys.orig_argv:
    import nlu.understander as module
    module.normalise = _hangs(module.normalise, "endlessreading")
else:
    from bot.conversation import dialogue
    dialogue.decide = _hangs(dialogue.decide, "endlessdeciding")
"""


@pytest.mark.parametrize("word", ["endlessreading", "endlessdeciding"])
async def test_an_endless_message_is_parked_for_staff(
    make_program: MakeProgram, tmp_path: Path, word: str
) -> None:
    (tmp_path / "sabotage").mkdir()
    (tmp_path / "sabotage" / "sitecustomize.py").write_text(_SABOTAGE)
    program = make_program(more={"PYTHONPATH": f"{tmp_path / 'sabotage'}:{ROOT}"})
    await program.start()
    async with Visitor(program.address) as attacker, Visitor(program.address) as other:
        asking = asyncio.create_task(attacker.asks(f"do you have {word} tea?", within=60))
        answered = 0
        while not asking.done():
            await other.asks("do you have green tea?", within=20)
            answered += 1
            await asyncio.wait({asking}, timeout=0.5)  # one visitor is let write only so fast
        assert answered
        assert "colleague" in await asking
    failed = rows(program.home, "SELECT attempts, error FROM inbox WHERE state = 'failed'")
    assert failed == [(2, "TookTooLong")]
    assert rows(program.home, "SELECT reason FROM escalation") == [("failed",)]
    assert word not in program.log
    assert await program.stop() < 10
