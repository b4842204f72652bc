"""Versions of fitted models, and which one is served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import NotFound
from storage.schema import model_version


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A fitted model as it lies on disk."""

    kind: str
    version: str
    path: str
    metrics: Mapping[str, Any]
    data_hash: str
    seed: int
    fitted_at: datetime
    current: bool


class ModelVersions:
    """The register of fitted models; one version of a kind is current."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def current(self, kind: str) -> ModelVersion | None:
        """The version to serve, or None before the first fit."""
        row = (
            await self._connection.execute(
                select(model_version).where(model_version.c.kind == kind, model_version.c.current.is_(True))
            )
        ).one_or_none()
        return None if row is None else ModelVersion(**row._mapping)

    async def all(self, kind: str) -> list[ModelVersion]:
        """Every version of a kind, newest first."""
        rows = await self._connection.execute(
            select(model_version)
            .where(model_version.c.kind == kind)
            .order_by(model_version.c.fitted_at.desc(), model_version.c.version.desc())
        )
        return [ModelVersion(**row._mapping) for row in rows]

    async def add(self, model: ModelVersion) -> None:
        """Register a version; it becomes current when it says so."""
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
            )
        )
        if model.current:
            await self.make_current(model.kind, model.version)

    async def make_current(self, kind: str, version: str) -> None:
        """Serve this version from now on.

        Raises:
            NotFound: there is no such version.
        """
        await self._connection.execute(
            update(model_version)
            .where(model_version.c.kind == kind, model_version.c.current.is_(True))
            .values(current=False)
        )
        changed = await self._connection.execute(
            update(model_version)
            .where(model_version.c.kind == kind, model_version.c.version == version)
            .values(current=True)
        )
        if changed.rowcount != 1:
            raise NotFound(f"there is no version {version!r} of the {kind} model")
