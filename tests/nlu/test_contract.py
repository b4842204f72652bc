"""The port's contract, on the shipped model and on the stand-in that the conversation's tests use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nlu.types import Understander
from nlu.understander import TransformerUnderstander
from tests.contracts.understander import UnderstanderContract
from tests.fakes import ScriptedUnderstander, means


class TestShippedModel(UnderstanderContract):
    @pytest.fixture
    def understander(self, understander: TransformerUnderstander) -> Iterator[Understander]:
        yield understander
        understander.set_catalogue([])


class TestScripted(UnderstanderContract):
    @pytest.fixture
    def understander(self) -> Understander:
        return ScriptedUnderstander({"ok": means("affirm")})
