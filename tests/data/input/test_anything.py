"""Whatever a file holds, a case or a `CaseError` comes of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sluicegate.data import Case, CaseError, apply_overrides, load_case

CELLS = st.one_of(
    st.sampled_from(
        ["", " ", "0", "-1", "1e400", "inf", "nan", "home", "resin", "open", "none", "4:0.5;", ":", ";", '"', "\x00"]
    ),
    st.text(max_size=6),
)
anything = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])


def outcome(load) -> Case | None:
    try:
        return load()
    except CaseError as error:
        assert error.faults
        assert all(str(fault) for fault in error.faults)
        return None


@anything
@given(name=st.sampled_from(["case.toml", "lanes.csv", "policies.csv"]), content=st.binary(max_size=60))
@example(name="case.toml", content=b"a = 1979-13-01")
@example(name="case.toml", content=b"[[horizon]]\nweeks = 3")
@example(name="lanes.csv", content=b'"')
def test_any_bytes(folder, name, content):
    before = folder.text(name)
    folder.write(name, content)
    outcome(folder.load)
    folder.write(name, before)


@anything
@given(data=st.data())
def test_any_cell(folder, data):
    name = data.draw(st.sampled_from(sorted(file.name for file in folder.path.glob("*.csv"))))
    before = folder.text(name)
    spans = [match.span() for match in re.finditer(r"[^,\n]+", before)]
    start, end = data.draw(st.sampled_from(spans))
    cell = data.draw(CELLS).encode("utf-8", "replace").decode()
    folder.write(name, before[:start] + cell + before[end:])
    outcome(folder.load)
    folder.write(name, before)


@anything
@given(
    st.text(max_size=30)
    | st.from_regex(r"(lanes|stocks|limits)\.[a-z/.-]{0,12}\.?(max_flow|initial|budget)?=[*0-9a-z.-]{0,6}")
)
@example("stocks.home/chip.initial=*1e308")
@example("lanes.resin-out.max_flow=*1e308")
@example("lanes.resin-out.lead_weeks=*1e308")
def test_any_override(good, text):
    outcome(lambda: apply_overrides(good, [text]))


@pytest.mark.parametrize("name", ["a\nb", "é", "..", "/", "~", "*", "con"])
def test_any_path(name):
    outcome(lambda: load_case(name))
