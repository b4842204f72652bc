"""Finds the skill for an intent, a button, a command or an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.conversation.turn import Skill


class Registry:
    """Every skill by what leads to it. A name, intent, action, command or question belongs to one skill."""

    def __init__(self, skills: Iterable[Skill]) -> None:
        self.skills = tuple(skills)
        self._names = _index(self.skills, lambda skill: (skill.name,))
        self._intents = _index(self.skills, lambda skill: skill.intents)
        self._actions = _index(self.skills, lambda skill: skill.actions)
        self._commands = _index(self.skills, lambda skill: skill.commands)
        self._pending = _index(self.skills, lambda skill: skill.pending)

    def named(self, name: str) -> Skill:
        """The skill of that name.

        Raises:
            KeyError: there is none.
        """
        return self._names[name]

    def get(self, name: str) -> Skill | None:
        """The skill of that name, or None."""
        return self._names.get(name)

    def of_intent(self, intent: str) -> Skill | None:
        """Who answers an intent."""
        return self._intents.get(intent)

    def of_action(self, action: str) -> Skill | None:
        """Who answers buttons whose action begins with this word."""
        return self._actions.get(action)

    def of_command(self, command: str) -> Skill | None:
        """Who answers a command."""
        return self._commands.get(command)

    def of_pending(self, kind: str) -> Skill | None:
        """Who asked a question of this kind."""
        return self._pending.get(kind)

    @property
    def intents(self) -> frozenset[str]:
        """Every intent that is answered."""
        return frozenset(self._intents)


def _index(skills: Iterable[Skill], keys: Callable[[Skill], Iterable[str]]) -> dict[str, Skill]:
    found: dict[str, Skill] = {}
    for skill in skills:
        for key in keys(skill):
            if key in found:
                raise ValueError(f"{skill.name} and {found[key].name} both answer {key!r}")
            found[key] = skill
    return found
