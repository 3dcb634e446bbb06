"""What docs/policy-ideas.md says of the shipped cases' use of reviews is what their tables hold."""

from __future__ import annotations

import re
from functools import cache

import pytest
from sluicegate import Case, load_case
from sluicegate.data import init_case, shipped_cases

from sluicegate_testing.pages import ROOT

HEADING = "## What the shipped cases use of it"
WHERE = {
    "end_week": "policies",
    "start_week": "policies",
    "surge": "policies",
    "ally_benefit": "policies",
    "applicant_cost": "policies",
    "profiles": "profiles",
    "saving_share": "recipes",
    "fill_window": "demands",
    "backorder_share": "demands",
    "kept_share": "lanes",
}
"""Table of each column; profiles are a table of their own."""


@cache
def shipped() -> dict[str, Case]:
    return {case.name: load_case(case.name) for case in shipped_cases()}


def uses(case: Case, name: str) -> bool:
    """Whether a case has a column at more than its default, rows of a table, or settings of the stake."""
    if name == "[bargain]":
        return case.settings.bargain.stake is not None
    rows = case.rows(WHERE[name])
    if name == "profiles":
        return bool(rows)
    return any(getattr(row, name) != type(row).model_fields[name].default for row in rows)


def said() -> dict[str, set[str]]:
    """Cases that the page says use a feature, by feature."""
    part = (ROOT / "docs/policy-ideas.md").read_text(encoding="utf-8").split(HEADING)[1]
    found: dict[str, set[str]] = {}
    for line in part.splitlines():
        if line.startswith("| `"):
            names, users, _ = line.strip("| ").split(" | ")
            told = {name for name in re.findall(r"`([^`]+)`", users) if name in shipped()}
            if "both 2019 cases" in users:
                told |= {"japan-korea-2019", "japan-korea-2019-ex-post"}
            for name in re.findall(r"`([^`]+)`", names):
                found[name] = told
    return found


@pytest.mark.parametrize("name", [*WHERE, "[bargain]"])
def test_the_page_names_the_cases_that_use_a_feature(name: str) -> None:
    assert said()[name] == {key for key, case in shipped().items() if uses(case, name)}


def test_the_case_to_start_from_shows_what_a_review_does(tmp_path) -> None:
    init_case(tmp_path / "start")
    start = load_case(tmp_path / "start")
    missing = {name for name in [*WHERE, "[bargain]"] if not uses(start, name)}
    assert missing == {"ally_benefit", "fill_window"}
    # Judgements are marked as such.
    assert {"kept_share", "saving_share", "surge"} <= {row.column_ for row in start.rows("sources")}
