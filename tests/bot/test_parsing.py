"""JSON from outside is a value or a ValueError."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.http.parsing import parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_what_is_json_is_read(value: object) -> None:
    assert parse_json(json.dumps(value)) == value
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"":'])
def test_nesting_without_end_is_no_json(opening: str) -> None:
    with pytest.raises(ValueError, match="too deeply"):
        parse_json(opening * 100_000)


@given(st.text() | st.binary())
def test_nothing_else_is_raised(content: str | bytes) -> None:
    with suppress(ValueError):
        parse_json(content)
