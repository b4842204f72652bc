"""Old versions: what they were stays, their files go, and one can still roll back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.jobs import pruning
from bot.jobs.pruning import NEWEST, SERVED, outdated, prune
from bot.models.retention import KIND
from storage import NotFound, Store
from storage.models import GONE, ModelVersion, ModelVersions
from tests.factories import NOW

NIGHTS = 40


def version(night: int, *, served: bool = True, current: bool = False) -> ModelVersion:
    return ModelVersion(
        kind=KIND,
        version=f"v{night:02}",
        path=f"models/{KIND}/v{night:02}",
        metrics={"ndcg": night / 100},
        data_hash="x",
        seed=0,
        fitted_at=NOW + timedelta(days=night),
        current=current,
        served_since=NOW + timedelta(days=night) if served else None,
    )


async def _nights(connection: AsyncConnection) -> None:
    """Every fifth night was good enough to be served, and the last of those still is."""
    for night in range(NIGHTS):
        await ModelVersions(connection).add(version(night, current=night % 5 == 0))


@pytest.fixture
async def home(any_store: Store, tmp_path: Path) -> Path:
    await any_store.write(_nights)
    for night in range(NIGHTS):
        folder = tmp_path / version(night).path
        folder.mkdir(parents=True)
        (folder / "weights.npy").write_bytes(b"0")
    return tmp_path


def _left(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "models" / KIND).iterdir())


async def test_the_newest_and_those_to_go_back_to_are_kept(any_store: Store, home: Path) -> None:
    await prune(any_store, home)
    # Three that were served before the one that is: v30, v25 and v20.
    assert _left(home) == ["v20", "v25", *(f"v{night}" for night in range(NIGHTS - NEWEST, NIGHTS))]
    async with any_store.read() as connection:
        versions = await ModelVersions(connection).all(KIND)
    assert len(versions) == NIGHTS
    assert [one.version for one in reversed(versions) if one.kept] == _left(home)
    await prune(any_store, home)
    assert len(_left(home)) == NEWEST + 2


async def test_one_rolls_back_as_far_as_files_are_kept(any_store: Store, home: Path) -> None:
    await prune(any_store, home)
    for expected in ("v30", "v25", "v20", None):
        async with any_store.read() as connection:
            before = await ModelVersions(connection).before(KIND)
        assert (before.version if before else None) == expected
        if before:
            back = before.version
            await any_store.write(
                lambda connection, back=back: ModelVersions(connection).make_current(KIND, back, NOW)
            )
            await prune(any_store, home)
    with pytest.raises(NotFound, match="v15"):
        await any_store.write(lambda connection: ModelVersions(connection).make_current(KIND, "v15", NOW))
    async with any_store.read() as connection:
        current = await ModelVersions(connection).current(KIND)
    assert current is not None
    assert current.version == "v20"


async def test_the_current_version_is_never_let_go(any_store: Store, home: Path) -> None:
    await any_store.write(lambda connection: ModelVersions(connection).let_go(KIND, ["v35", "v34"]))
    async with any_store.read() as connection:
        kept = {one.version: one.kept for one in await ModelVersions(connection).all(KIND)}
    assert kept["v35"]
    assert not kept["v34"]


async def test_one_that_is_gone_back_to_meanwhile_keeps_its_files(
    any_store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = version(3).version
    await any_store.write(lambda connection: ModelVersions(connection).make_current(KIND, back, NOW))
    # What was outdated when the register was read.
    monkeypatch.setattr(pruning, "outdated", lambda _versions: [version(2), version(3)])
    await prune(any_store, home)
    assert "v03" in _left(home)
    assert "v02" not in _left(home)


async def test_what_was_left_lying_is_removed_the_next_time(any_store: Store, home: Path) -> None:
    await prune(any_store, home)
    (home / version(3).path).mkdir()
    await prune(any_store, home)
    assert "v03" not in _left(home)


@given(
    flags=st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60),
    served_now=st.integers(0, 59),
)
def test_nothing_needed_is_outdated(flags: list[tuple[bool, bool]], served_now: int) -> None:
    versions = [
        replace(version(99 - place, served=served, current=place == served_now), path="p" if kept else GONE)
        for place, (served, kept) in enumerate(flags)
    ]
    old = outdated(versions)
    assert not any(one.current for one in old)
    assert not [one for one in old if one in versions[:NEWEST]]
    served = [one for one in versions if one.kept and one.served_since and not one.current]
    assert not [one for one in old if one in served[:SERVED]]
    kept = [one for one in versions if one.kept and one not in old]
    assert len(kept) <= NEWEST + SERVED + 1
