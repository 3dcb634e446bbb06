"""Charts drawn in a process beside this one: the same as here, whatever becomes of that process."""

from __future__ import annotations

from pathlib import Path

import altair as alt
import pandas as pd
import pytest
from click.testing import CliRunner
from sluicegate import Plan
from sluicegate.cli import cli
from sluicegate.report.charts.base import Figure, Written, layer, nominal, quantity, room, styled, svg_of
from sluicegate.report.charts.drawing import PRACTICE, Beside, Here, artist
from sluicegate.report.page.inline import picture

from sluicegate_testing.results import publish

TITLES = ("first", "second", "third")


def figure(title: str) -> Figure:
    frame = pd.DataFrame({"x": [1.0], "label": [title]})
    chart = layer(frame, {"type": "text", "clip": True}, x=quantity("x"), text=nominal("label"))
    return Figure(title, title, title, styled({"layer": [chart]}))


def test_beside_draws_what_is_drawn_here() -> None:
    here = [picture(figure(title), title, Here()).svg for title in TITLES]
    assert all(f">{title}</text>" in svg for title, svg in zip(TITLES, here, strict=True))
    with Beside() as beside:
        pictures = [picture(figure(title), title, beside) for title in TITLES]
        assert [entry.svg for entry in reversed(pictures)] == here[::-1]
    assert not beside._process.is_alive()


def test_a_process_that_ended_is_done_without() -> None:
    with Beside() as beside:
        before = picture(figure("before"), "a", beside)
        beside._process.kill()
        beside._process.join()
        after = picture(figure("after"), "b", beside)
        assert ">before</text>" in before.svg and ">after</text>" in after.svg


def test_one_thread_is_one_process() -> None:
    with artist(1) as found:
        assert isinstance(found, Here)


def test_the_command_draws_beside_itself(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = publish(plan.case, plan, tmp_path / "small")
    drawn: list[object] = []
    draw = Beside.draw

    def watched(self: Beside, written: Written) -> object:
        drawn.append(written)
        return draw(self, written)

    monkeypatch.setattr(Beside, "draw", watched)
    done = CliRunner().invoke(cli, ["report", str(folder)])
    assert done.exit_code == 0 and drawn


def test_what_is_practised_on_is_a_chart() -> None:
    alt.Chart.from_dict(PRACTICE)
    assert svg_of(PRACTICE).startswith("<svg")


@pytest.mark.parametrize(
    ("texts", "limit"),
    [(["short"], 0), ([], 0), (["short", "MMMMMMMMMM"], 100), (["a" * 15], 0), (["a" * 16], 100), (["日"], 100)],
)
def test_only_labels_that_may_be_too_long_are_measured(texts: list[str], limit: float) -> None:
    assert room(texts, 100, 10) == limit
