"""Sections of the model's card."""

from __future__ import annotations

from pathlib import Path

from nlu.workshop.training.model_card import put_section


def test_a_section_is_put_in_its_own_place_and_the_others_stay(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    put_section(card, "## One", "first\n")
    put_section(card, "## Two", "second\n")
    put_section(card, "## One", "again\n")
    assert card.read_text("utf-8") == "## One\n\nagain\n\n## Two\n\nsecond\n"
    before = "# Model\n\nwhat it is\n\n## Two\n\nsecond\n"
    card.write_text(before, "utf-8")
    put_section(card, "## Two", "second")
    assert card.read_text("utf-8") == before
