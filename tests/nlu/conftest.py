"""One understander for the room's tests: loading takes a second."""

from __future__ import annotations

import pytest

import nlu
from nlu.understander import TransformerUnderstander


@pytest.fixture(scope="session")
def understander() -> TransformerUnderstander:
    return nlu.load()
