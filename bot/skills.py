"""The conversation's skills, as far as staff switch them: staff pages know none of them by name."""

from __future__ import annotations

from bot.conversation.registry import REGISTRY
from bot.staff.skill_toggles import KnownSkill


def known_skills() -> list[KnownSkill]:
    """Every skill, in the order of the registry."""
    return [KnownSkill(name=skill.name, always=skill.always) for skill in REGISTRY.skills]
