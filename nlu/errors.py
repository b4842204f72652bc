"""What can go wrong in the understanding room; reading a message never does.

NluError
├── ModelDamaged      a model folder is missing, incomplete, altered or of another kind
├── DataRefused       a file of labelled texts cannot be used; names the lines
├── PagesRefused      a page of the shop cannot be read
├── EntryNotFound     no page has such an entry
├── ReadingFailed     the process that reads messages died, or reading raised
│   └── ReadingTookTooLong  a message took longer than it may; the process was ended
└── TrainingMissing   the extra `train` is needed and not installed
"""

from __future__ import annotations

from kernel import errors


class NluError(errors.LiukeError):
    """Something that the caller can put right."""


class ModelDamaged(NluError, errors.ModelDamaged):
    """A model folder is missing, incomplete, altered or of another kind."""


class DataRefused(NluError):
    """A file of labelled texts cannot be used."""

    def __init__(self, path: object, problems: list[str]) -> None:
        shown = "\n".join(f"  {problem}" for problem in problems[:20])
        more = f"\n  and {len(problems) - 20} more" if len(problems) > 20 else ""
        super().__init__(f"{path} was refused, nothing was changed:\n{shown}{more}")
        self.path = path
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[type[DataRefused], tuple[object, list[str]]]:
        """Made again from the same in the process that started the one that raised it."""
        return type(self), (self.path, list(self.problems))


class PagesRefused(NluError):
    """A page of the shop cannot be read."""


class EntryNotFound(NluError):
    """No page of the shop has such an entry."""


class ReadingFailed(NluError):
    """A message was not read: the process that reads died or is closed, or reading raised."""


class ReadingTookTooLong(ReadingFailed):
    """A message took longer to read than it may; the process that read it was ended."""


class TrainingMissing(NluError):
    """What trains the encoder is not installed."""

    def __init__(self, absent: ModuleNotFoundError) -> None:
        super().__init__(
            f"{absent.name} is missing: install liuke with the extra 'train' (pip install 'liuke[train]')."
        )
        self.absent = absent

    def __reduce__(self) -> tuple[type[TrainingMissing], tuple[ModuleNotFoundError]]:
        """As that of `DataRefused`."""
        return type(self), (self.absent,)
