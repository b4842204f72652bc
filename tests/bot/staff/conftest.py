"""Pages of the console under test: what has to be seen is waited for as long as a busy machine needs to draw it."""

from __future__ import annotations

import pytest
from nicegui.testing import User

_TRIES = 300
"""A tenth of a second each; NiceGUI's own three are over before a page that asks the reader is drawn."""


@pytest.fixture(autouse=True)
def _wait_for_what_has_to_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for check in (User.should_see, User.should_not_see):
        defaults = check.__kwdefaults__
        assert defaults is not None
        monkeypatch.setitem(defaults, "retries", _TRIES)
