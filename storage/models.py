"""Versions of fitted models, and which one is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from storage.errors import NotFound
from storage.repository import Repository
from storage.schema import model_version

GONE = "(removed)"
"""The path of a version whose files were removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A fitted model on disk."""

    kind: str
    version: str
    path: str
    """Below the home; `GONE` when its files are no longer kept."""
    metrics: Mapping[str, Any]
    data_hash: str
    seed: int
    fitted_at: datetime
    current: bool
    served_since: datetime | None = None
    """When it last became current; None if it never did."""
    report: Mapping[str, Any] = field(default_factory=dict)
    """What the refit said: comparison with the version before, drift, models with too little data, notes."""

    @property
    def kept(self) -> bool:
        """Whether its files are there to go back to."""
        return self.path != GONE


class ModelVersions(Repository):
    """The register of fitted models; one version of a kind is current."""

    async def current(self, kind: str) -> ModelVersion | None:
        """The version to serve, or None before the first fit."""
        return await self._one(
            ModelVersion,
            select(model_version).where(model_version.c.kind == kind, model_version.c.current.is_(True)),
        )

    async def all(self, kind: str) -> list[ModelVersion]:
        """Every version of a kind, newest first."""
        return await self._list(
            ModelVersion,
            select(model_version)
            .where(model_version.c.kind == kind)
            .order_by(model_version.c.fitted_at.desc(), model_version.c.version.desc()),
        )

    async def before(self, kind: str) -> ModelVersion | None:
        """The version to go back to: the latest older than the current one that was served, too, and is kept."""
        current = await self.current(kind)
        if current is None:
            return None
        older = [
            one
            for one in await self.all(kind)
            if one.kept and one.served_since is not None and one.fitted_at < current.fitted_at
        ]
        return older[0] if older else None

    async def add(self, model: ModelVersion, *, now: datetime | None = None) -> None:
        """Register a version; it becomes current when it says so, as of `now` (by default: of its fit)."""
        await self._connection.execute(
            insert(model_version).values(
                kind=model.kind,
                version=model.version,
                path=model.path,
                metrics=dict(model.metrics),
                data_hash=model.data_hash,
                seed=model.seed,
                fitted_at=model.fitted_at,
                current=False,
                report=dict(model.report),
            )
        )
        if model.current:
            await self.make_current(model.kind, model.version, now or model.fitted_at)

    async def make_current(self, kind: str, version: str, now: datetime) -> None:
        """Serve this version from `now` on.

        Raises:
            NotFound: there is no such version, or its files are no longer kept.
        """
        await self._connection.execute(
            update(model_version)
            .where(model_version.c.kind == kind, model_version.c.current.is_(True))
            .values(current=False)
        )
        if not await self._changed(
            update(model_version)
            .where(
                model_version.c.kind == kind,
                model_version.c.version == version,
                model_version.c.path != GONE,
            )
            .values(current=True, served_since=now)
        ):
            raise NotFound(f"there is no version {version!r} of the {kind} model whose files are kept")

    async def let_go(self, kind: str, versions: Sequence[str]) -> None:
        """Note that the files of these are no longer kept; never those of the current one."""
        await self._connection.execute(
            update(model_version)
            .where(
                model_version.c.kind == kind,
                model_version.c.version.in_(versions),
                model_version.c.current.is_(False),
            )
            .values(path=GONE)
        )
