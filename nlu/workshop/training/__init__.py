"""Everything that needs the extra `train`: building a model, training its encoder on, and the 12-layer baselines.

Import its modules within functions, under `needs_training`, which says what to install where the extra is missing.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from nlu.errors import TrainingMissing

# Threads that wait by spinning take the core from those that work wherever the machine has other things to do.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@contextmanager
def needs_training() -> Iterator[None]:
    """For the imports of what needs the extra `train`.

    Raises:
        TrainingMissing: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as absent:
        if (absent.name or "nlu").partition(".")[0] == "nlu":
            raise
        raise TrainingMissing(absent) from absent
