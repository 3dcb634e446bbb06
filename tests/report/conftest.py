"""A plan to report on."""

from __future__ import annotations

import pytest
from cli_cases import small
from sluicegate import Plan, solve


@pytest.fixture(scope="session")
def plan() -> Plan:
    return solve(small())
