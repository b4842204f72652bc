"""The port's contract, on a core without a fit, on a fitted one, and on one fitted on nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import retention
from retention import RetentionCore
from retention.history import History
from tests.contracts.retention_core import NOW, RetentionCoreContract


class TestUnfitted(RetentionCoreContract):
    @pytest.fixture
    def core(self) -> RetentionCore:
        return retention.unfitted()


class TestFitted(RetentionCoreContract):
    @pytest.fixture
    def core(self, fitted: RetentionCore) -> RetentionCore:
        return fitted


class TestFittedOnNothing(RetentionCoreContract):
    @pytest.fixture
    def core(self, tmp_path: Path) -> RetentionCore:
        return retention.load(retention.fit(History.of(), tmp_path / "v", now=NOW).directory)
