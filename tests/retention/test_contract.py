"""The port's contract, on a core without a fit, on a fitted one, and on one fitted on nothing."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def fitted_on_nothing(tmp_path_factory: pytest.TempPathFactory) -> RetentionCore:
    out = tmp_path_factory.mktemp("nothing") / "v"
    return retention.load(retention.fit(History.of(), out, now=NOW, judged=False).directory)


class TestFittedOnNothing(RetentionCoreContract):
    @pytest.fixture
    def core(self, fitted_on_nothing: RetentionCore) -> RetentionCore:
        return fitted_on_nothing
