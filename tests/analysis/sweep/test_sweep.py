"""Sweeps: every row is what a solve of its case gives; nothing finished is lost, whatever ends the process."""

from __future__ import annotations

import errno
import io
import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from rich.console import Console
from sluicegate import Case, case_from_tables, evaluate, load_case, make_design, read_sweep, solve, sweep
from sluicegate.analysis.sweep import run as sweeping
from sluicegate.analysis.sweep.checking import disagreements, is_checked
from sluicegate.analysis.sweep.estimate import estimate
from sluicegate.analysis.sweep.outcomes import outcome
from sluicegate.analysis.sweep.patched import SampleSolver, Unanswered, Untold
from sluicegate.analysis.sweep.store import SweepError, held
from sluicegate.analysis.sweep.worker import SweepFault, SweepTask, Worker
from sluicegate.cli import cli
from sluicegate.data import TABLES, CaseError, apply_overrides
from sluicegate.data.schema.declarations import columns, numeric
from sluicegate.model.plan.monitor import Monitor
from sluicegate.report.text.sweep import show_sweep
from sluicegate.report.views.sweep import sweep_document

from sluicegate_testing.cli_cases import small
from sluicegate_testing.reviewed import TIME, with_only
from sluicegate_testing.standin import FIGURE, Cheap, design
from sluicegate_testing.strategies import random_case

TESTS = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
VARY = ["limits.budget=*0.5..*1.5", "demands.us-site/chip.shortage_penalty=*0.5..*2", "lanes.chip-alt.fixed_cost=1..9"]
"""Figures of the small case that touch our side alone."""


def alike(row: Mapping[str, Any], expected: Mapping[str, Any], money: float) -> None:
    """The same outcomes, but for rounding."""
    for name, value in expected.items():
        if isinstance(value, float) and name != "bound":
            assert row[name] == pytest.approx(value, rel=1e-5, abs=1e-5 * (money if "fill" not in name else 1)), name
        elif name not in ("bound", "gap", "message"):
            assert row.get(name) == value, name


# Rows are right ----------------------------------------------------------------------------------------------------


def figures(case: Case, dice: np.random.Generator, count: int | None) -> list[str]:
    """Texts that vary figures of a case drawn at random, within what a case may hold; all of them without a count."""
    found = []
    for table, model in TABLES.items():
        names = [name for name, info in columns(model).items() if numeric(info) is float]
        for row in case.rows(table) if model.key else ():
            found += [
                f"{table}.{row.id}.{name}=*{'1' if name in ('max_flow', 'capacity') else '0.8'}..*{1 if share(name) else 1.2}"
                for name in names
                if name != "base_flow" and (value := getattr(row, name)) is not None and 0 < value < math.inf
            ]
    return found if count is None else [found[place] for place in dice.choice(len(found), count, replace=False)]


def share(name: str) -> bool:
    return "share" in name or name in ("min_fill", "min_fill_week", "approval_rate", "availability", "initial")


@pytest.mark.parametrize("number", range(8))
def test_every_row_is_what_a_cold_solve_gives(number: int) -> None:
    case = case_from_tables("drawn", *random_case(700 + number, max_regimes=3, max_weeks=8, max_combinations=32))
    dice = np.random.default_rng(number)
    ways = compare_rows(case, figures(case, dice, 4))
    assert ways == {"shared"} | ways & {"checked"}


@pytest.mark.parametrize("number", range(6))
def test_rows_of_what_changes_over_time(number: int) -> None:
    features = random_case(720 + number, max_regimes=2, max_weeks=6, max_combinations=9, meaning=True, features=True)
    case = case_from_tables("drawn", *with_only(features, TIME))
    names = (
        "saving_share",
        "backorder_share",
        "saving_cost",
        "backorder_cost",
        "surge",
        "factor",
        "quantity",
        "unit_cost",
    )
    every = figures(case, np.random.default_rng(number), None)
    told = [text for text in every if text.partition("=")[0].rpartition(".")[2] in names]
    assert compare_rows(case, told[:: max(1, len(told) // 4)]) <= {"shared", "checked"}


def compare_rows(case: Case, told: list[str]) -> set[str]:
    """Compare rows of a sweep with solves of their own; return how they came about."""
    drawn = make_design(case, "lhs", told, samples=24)
    task = sweeping.task_of(case, drawn, "free", None, None)
    worker = Worker(task)
    ways = set()
    for batch in list(sweeping.batches(task, drawn, set()))[:2]:
        worker.begin()
        for sample, values in batch[:3]:
            (row,) = worker.rows(sample, values)
            try:
                own = task.at(values)
            except CaseError:
                assert row["status"] == "refused"
                continue
            plan = solve(own)
            expected = outcome(plan.to_dict(), own)
            money = 1.0 if plan.leverage is None else max(1.0, abs(plan.leverage))
            tied = expected.get("policies") != row.get("policies")
            if tied:
                # Plans of equal leverage: which one is found may depend on the last digit.
                assert row["leverage"] == pytest.approx(expected["leverage"], rel=1e-6, abs=1e-6)
            else:
                expected = {name: value for name, value in expected.items() if unique(name)}
                alike(row, expected, money)
            ways.add(row["solved"])
    return ways


def unique(name: str) -> bool:
    """Whether all plans of a sample share an outcome: not so where choices of equal worth lead to others."""
    return name in ("status", "policies", "leverage", "worst_package", "sourcing_only_leverage") or name.startswith(
        "policy."
    )


def test_samples_share_their_programs() -> None:
    case = small()
    drawn = make_design(case, "lhs", VARY, samples=40)
    task = sweeping.with_base(sweeping.task_of(case, drawn, "both", None, None), solve(case).to_dict())
    worker = Worker(task)
    for batch in list(sweeping.batches(task, drawn, set()))[:2]:
        worker.begin()
        for sample, values in batch[:3]:
            free, fixed = worker.rows(sample, values)
            assert worker._solver is not None
            own = task.at(values)
            assert task.choices is not None
            for row, plan in ((free, solve(own)), (fixed, evaluate(own, **task.choices))):
                expected = outcome(plan.to_dict(), own)
                assert row.keys() >= expected.keys()
                alike(row, {name: value for name, value in expected.items() if unique(name)}, 1.0)


def test_samples_share_their_programs_where_another_source_becomes_the_cheapest() -> None:
    # What a unit missing at the end costs them is the price of the cheapest of two lanes that run: a kink at 2.4.
    rival = {
        "lane": "gas-world",
        "item": "gas",
        "origin": "world-site",
        "destination": "them-site",
        "unit_cost": 2.4,
        "base_flow": 1,
        "max_flow": 3,
    }
    case = small(lanes=[rival])
    drawn = make_design(case, "lhs", ["lanes.gas-out.unit_cost=1.6..3.6", "lanes.chip-in.unit_cost=18..23"], samples=40)
    task = sweeping.task_of(case, drawn, "free", None, None)
    worker = Worker(task)
    prices = drawn.samples["lanes.gas-out.unit_cost"]
    assert prices.min() < 2 and prices.max() > 3
    for batch in list(sweeping.batches(task, drawn, set()))[:3]:
        worker.begin()
        for sample, values in batch[:4]:
            (row,) = worker.rows(sample, values)
            assert worker._solver is not None
            own = task.at(values)
            assert row["solved"] in ("shared", "checked")
            expected = outcome(solve(own).to_dict(), own)
            alike(row, {name: value for name, value in expected.items() if unique(name)}, 1.0)


def test_a_batch_does_not_depend_on_those_before() -> None:
    case = small()
    drawn = make_design(case, "lhs", [*VARY, "lanes.gas-out.max_flow=12..20"], samples=48)
    task = sweeping.task_of(case, drawn, "free", None, None)
    first, second, third = sweeping.batches(task, drawn, set())

    def answers(*batches: Any) -> list[Any]:
        worker = Worker(task)
        rows: list[Any] = []
        for batch in batches:
            worker.begin()
            rows = [worker.rows(*entry) for entry in batch]
        return [{name: value for name, value in row.items() if name != "seconds"} for found in rows for row in found]

    assert answers(third) == answers(first, second, third)


def test_what_has_no_plan_is_a_row_too() -> None:
    case = small()
    listed = pd.DataFrame({"demands.us-site/chip.min_fill": [0.2, 1.0, 0.3], "lanes.chip-in.max_flow": [4.0, 4.0, 1.0]})
    found = sweep(case, make_design(case, "list", file=listed), policies="both")
    assert found["status"].tolist() == ["optimal", "feasible", "infeasible", "infeasible", "refused", "refused"]
    assert found["sample"].tolist() == [0, 0, 1, 1, 2, 2]
    assert "base_flow" in found["message"].iloc[-1]
    assert found["message"].iloc[3].startswith("mean fill of chip")
    assert found["in.lanes.chip-in.max_flow"].tolist() == [4, 4, 4, 4, 1, 1]
    assert math.isnan(found["leverage"].iloc[2])


def test_text_and_whole_numbers() -> None:
    case = small()
    listed = pd.DataFrame(
        {"policies.review/slow.delay_weeks": ["1", "2:0.5;4:0.5"], "lanes.chip-in.lead_weeks": [0.0, 1.0]}
    )
    found = sweep(case, make_design(case, "list", file=listed))
    for row, delay, lead in zip(found.to_dict("records"), listed.iloc[:, 0], (0, 1), strict=True):
        own = apply_overrides(case, [f"policies.review/slow.delay_weeks={delay}", f"lanes.chip-in.lead_weeks={lead}"])
        assert row["leverage"] == pytest.approx(solve(own).leverage)


def test_a_fault_of_one_sample_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    case = small()
    drawn = make_design(case, "lhs", VARY[:1], samples=3)

    def broken(self: Worker, case: Case, mode: str) -> dict[str, Any]:
        raise ArithmeticError("no optimum")

    monkeypatch.setattr(Worker, "_alone", broken)
    found = sweep(case, drawn)
    assert found["status"].tolist() == ["failed"] * 3
    assert set(found["message"]) == {"ArithmeticError: no optimum"}


def test_a_fault_of_the_program_ends_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = small()
    drawn = make_design(case, "lhs", VARY[:1], samples=4)
    original = Worker._alone
    budgets: list[float] = []

    def broken(self: Worker, case: Case, mode: str) -> dict[str, Any]:
        budgets.append(case.settings.limits.budget)
        if len(budgets) == 3:
            raise AssertionError("a row without a bound")
        return original(self, case, mode)

    monkeypatch.setattr(Worker, "_alone", broken)
    with pytest.raises(SweepFault) as caught:
        sweep(case, drawn, folder=tmp_path / "kept")
    kept = read_sweep(tmp_path / "kept").frame
    assert kept["status"].tolist() == ["optimal"] * 2
    # Named is the sample whose budget it was.
    sample = int((drawn.samples["limits.budget"] - budgets[-1]).abs().argmin())
    assert sample not in set(kept["sample"])
    assert str(caught.value).startswith(f"sample {sample}: AssertionError: a row without a bound. ")


# Rows of shared programs are checked -------------------------------------------------------------------------------


def test_one_sample_in_200_is_checked_the_first_included() -> None:
    assert [sample for sample in range(1000) if is_checked(sample)] == [0, 200, 400, 600, 800]


def test_summaries_say_how_rows_came_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = small()
    drawn = make_design(case, "lhs", VARY, samples=16)
    original = SampleSolver.outcome

    def sometimes(self: SampleSolver, case: Case, mode: str) -> dict[str, Any]:
        budget = case.settings.limits.budget
        if budget < 18:
            raise Untold
        if budget < 22:
            raise Unanswered
        return original(self, case, mode)

    monkeypatch.setattr(SampleSolver, "outcome", sometimes)
    found = sweep(case, drawn, policies="both", folder=tmp_path / "swept")
    budget = found["in.limits.budget"]
    expected = np.select(
        [budget < 18, budget < 22, found["sample"] == 0], ["alone", "repaired", "checked"], default="shared"
    )
    assert found["solved"].tolist() == expected.tolist()
    assert {"alone", "repaired", "shared"} <= set(expected)
    counts = {way: int((expected == way).sum()) for way in ("shared", "checked", "alone", "repaired")}
    counts["shared"] += counts["checked"]
    swept = read_sweep(tmp_path / "swept")
    assert sweep_document(swept)["solves"] == counts
    out = io.StringIO()
    show_sweep(swept, Console(file=out, width=200))
    assert f"{counts['shared']} by programs that samples share" in out.getvalue()
    assert f"{counts['repaired']} alone as the shared programs could not answer" in out.getvalue()


@pytest.mark.parametrize("mode", ["free", "fixed"])
def test_shared_programs_that_are_wrong_end_the_sweep(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = small()
    drawn = make_design(case, "lhs", VARY, samples=16)
    original = SampleSolver.outcome

    def off(self: SampleSolver, case: Case, mode: str) -> dict[str, Any]:
        row = original(self, case, mode)
        return row | {"leverage": row["leverage"] * 1.001}

    monkeypatch.setattr(SampleSolver, "outcome", off)
    with pytest.raises(SweepFault, match=rf"sample 0, {mode}: leverage is \S+ with shared programs and \S+ alone"):
        sweep(case, drawn, policies=mode)


ROW = {"status": "optimal", "leverage": 10.0, "bound": 10.0, "sourcing_only_leverage": 1.0, "policy.a": "slow"}


@pytest.mark.parametrize(
    ("shared", "alone", "words"),
    [
        ({}, {}, []),
        ({"leverage": 10.0005}, {}, []),
        (
            {"leverage": 10.01},
            {},
            ["leverage is 10.01 with shared programs and 10.0 alone (relative difference 0.001)"],
        ),
        # Other policies: neither may find more than the other proves possible.
        ({"policy.a": "open", "leverage": 9.0, "bound": 10.0}, {}, []),
        (
            {"policy.a": "open", "leverage": 11.0, "bound": 11.0},
            {},
            ["leverage against the bound is 11.0 with shared programs and 10.0 alone (relative difference 0.1)"],
        ),
        (
            {"policy.a": "open", "leverage": 9.0, "bound": 9.0},
            {},
            ["bound against the leverage is 9.0 with shared programs and 10.0 alone (relative difference 0.1)"],
        ),
        (
            {"sourcing_only_leverage": 2.0},
            {},
            ["sourcing_only_leverage is 2.0 with shared programs and 1.0 alone (relative difference 1)"],
        ),
        ({"status": "infeasible"}, {}, ["status is infeasible with shared programs and optimal alone"]),
        ({}, {"status": "infeasible"}, ["status is optimal with shared programs and infeasible alone"]),
        # Stopped: nothing is said of what there is.
        ({"status": "unknown", "leverage": None, "sourcing_only_leverage": None}, {}, []),
        ({"status": "feasible"}, {}, []),
    ],
)
def test_when_two_rows_disagree(shared: dict, alone: dict, words: list[str]) -> None:
    assert disagreements(ROW | shared, ROW | alone, 1e-4, 1.0) == words


def test_fixed_needs_a_base_plan() -> None:
    case = apply_overrides(small(), ["demands.us-site/chip.min_fill=1"])
    with pytest.raises(ValueError, match="the base case has no plan"):
        sweep(case, make_design(case, "lhs", VARY[:1], samples=2), policies="fixed")


# Rows are kept -----------------------------------------------------------------------------------------------------


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps whose samples cost nothing."""
    monkeypatch.setattr(sweeping, "task_of", lambda case, *_: Cheap(case))
    monkeypatch.setattr(sweeping, "alters", lambda *_: frozenset())
    monkeypatch.setattr(sweeping, "FLUSH_SECONDS", 0.0)


class StopAfter(Monitor):
    def __init__(self, most: int):
        self.most = most
        self.done = 0

    def advance(self, done: int, total: int) -> None:
        self.done = done

    def stop(self) -> bool:
        return self.done >= self.most


@POSIX
def test_a_hundred_kills(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    script = [sys.executable, "-m", "sluicegate_testing.killing", "100", str(tmp_path / "sweep"), str(notes)]
    ended = subprocess.run(script, capture_output=True, text=True, cwd=TESTS, check=False)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found.pop("steps") > 2
    assert found == {"lost": 0, "repeated": 0, "altered": 0, "complete": True, "right": True, "files": ["all.parquet"]}


@pytest.mark.usefixtures("cheap")
def test_a_stopped_sweep_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    first = sweep(small(), design(50), folder=folder, monitor=StopAfter(20))
    assert len(first) == 20
    assert not read_sweep(folder).complete
    again = sweep(small(), design(50), folder=folder, resume=True)
    assert again["sample"].tolist() == list(range(50))
    assert read_sweep(folder).complete
    assert sweep(small(), design(50), folder=folder, resume=True).equals(again)


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"case": small(budget=31)}, "another case"),
        ({"design": design(51)}, "another design"),
        ({"design": design(50, seed=1)}, "another design"),
        ({"policies": "both"}, "policies free instead of both"),
        ({"rel_gap": 0.01}, "rel gap None instead of 0.01"),
    ],
)
def test_another_sweep_is_not_gone_on_with(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"case": small(), "design": design(50), "folder": tmp_path / "sweep"}
    sweep(**given, monitor=StopAfter(5))
    before = read_sweep(tmp_path / "sweep").frame
    with pytest.raises(SweepError, match=message):
        sweep(**given | change, resume=True)
    assert read_sweep(tmp_path / "sweep").frame.equals(before)


@pytest.mark.usefixtures("cheap")
def test_versions_are_not_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep(small(), design(50), folder=tmp_path / "sweep", monitor=StopAfter(5))
    known = sweeping._versions()
    monkeypatch.setattr(sweeping, "_versions", lambda: {**known, "highspy": "1.0"})
    with pytest.raises(SweepError, match=r"highspy .* instead of 1\.0"):
        sweep(small(), design(50), folder=tmp_path / "sweep", resume=True)


class FullAfter(Monitor):
    """No file may become longer than a few bytes, once so many samples are done."""

    def __init__(self, most: int):
        self.most = most

    def advance(self, done: int, total: int) -> None:
        if done >= self.most:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@POSIX
@pytest.mark.usefixtures("cheap")
def test_a_full_disk(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        said = r"cannot be written: file too large\. \d+ rows are on the disk; free some space"
        with pytest.raises(SweepError, match=said) as caught:
            sweep(small(), design(50), folder=tmp_path / "sweep", monitor=FullAfter(7))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    kept = read_sweep(tmp_path / "sweep").frame["sample"].tolist()
    assert 5 <= len(kept) < 50
    assert f" {len(kept)} rows are on the disk" in str(caught.value)
    assert not read_sweep(tmp_path / "sweep").remarks
    again = sweep(small(), design(50), folder=tmp_path / "sweep", resume=True)
    assert again["sample"].tolist() == list(range(50))
    assert os.listdir(tmp_path / "sweep" / "rows") == ["all.parquet"]
    assert not list((tmp_path / "sweep").glob("rows.sqlite*"))


def test_a_folder_that_cannot_be_made_is_told_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "solve", None)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SweepError, match="cannot be written: not a directory; name a folder in another place with -o"):
        sweep(small(), design(50), folder=tmp_path / "file" / "sweep")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.usefixtures("cheap")
def test_folders_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("mine")
    with pytest.raises(SweepError, match=r"holds no sweep\.json"):
        sweep(small(), design(5), folder=tmp_path / "other", force=True)
    with pytest.raises(SweepError, match="is no sweep folder"):
        sweep(small(), design(5), folder=tmp_path / "nowhere", resume=True)
    sweep(small(), design(5), folder=tmp_path / "sweep")
    with pytest.raises(SweepError, match="continue it with --resume"):
        sweep(small(), design(5), folder=tmp_path / "sweep")
    assert len(sweep(small(), design(6), folder=tmp_path / "sweep", force=True)) == 6
    assert sorted(os.listdir(tmp_path)) == ["other", "sweep"]


@POSIX
@pytest.mark.usefixtures("cheap")
def test_two_processes_do_not_write_to_one_sweep(tmp_path: Path) -> None:
    sweep(small(), design(5), folder=tmp_path / "sweep")
    for options in ({"resume": True}, {"force": True}, {}):
        with held(tmp_path / "sweep"), pytest.raises(SweepError, match="being written by another process"):
            sweep(small(), design(5), folder=tmp_path / "sweep", **options)
    with held(tmp_path / "new"), pytest.raises(SweepError, match="being written by another process"):
        sweep(small(), design(5), folder=tmp_path / "new")
    assert read_sweep(tmp_path / "sweep").complete
    assert os.listdir(tmp_path) == ["sweep"]


@POSIX
@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("call", [1, 2])
def test_a_sweep_that_cannot_be_replaced_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    before = sweep(small(), design(5), folder=tmp_path / "sweep")
    rename, calls = os.rename, iter(range(1, call))

    def full(*arguments: Any) -> None:
        if next(calls, None) is None:
            monkeypatch.undo()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rename(*arguments)

    monkeypatch.setattr("sluicegate.data.storage.atomic.os.rename", full)
    said = r"no space left on device, [0-9,.]+ MB are free; the sweep in it is as it was; free some space, or name a folder"
    with pytest.raises(SweepError, match=said):
        sweep(small(), design(6), folder=tmp_path / "sweep", force=True)
    assert read_sweep(tmp_path / "sweep").frame.equals(before)
    assert os.listdir(tmp_path) == ["sweep"]


def test_what_is_beside_the_rows(tmp_path: Path) -> None:
    case = small()
    drawn = make_design(case, "lhs", VARY[:2], samples=3, seed=4)
    found = sweep(case, drawn, folder=tmp_path / "sweep")
    read = read_sweep(tmp_path / "sweep")
    assert (read.case, read.design.digest) == (case, drawn.digest)
    assert read.meta["seed"] == 4
    assert read.meta["case_digest"] == case.digest
    assert {"sluicegate", "highspy", "pyomo"} <= read.meta["versions"].keys()
    assert read.base["leverage"] == pytest.approx(solve(case).leverage)
    assert read.frame.equals(found)
    assert found.attrs["currency"] == "USD m"
    for path in drawn.samples:
        assert found[f"in.{path}"].tolist() == drawn.samples[path].tolist()


# Workers -----------------------------------------------------------------------------------------------------------


def test_the_number_of_workers_changes_nothing() -> None:
    case = small()
    drawn = make_design(case, "lhs", VARY, samples=36)
    alone, two = (sweep(case, drawn, workers=workers).drop(columns="seconds") for workers in (1, 2))
    assert alone.equals(two)


def test_an_estimate_of_samples_that_share_nothing() -> None:
    case = small()
    found = estimate(case, make_design(case, "lhs", VARY, samples=4))
    assert found is not None
    assert found.learning_seconds == 0 < found.seconds_per_sample


def test_an_estimate() -> None:
    case = small()
    drawn = make_design(case, "lhs", VARY, samples=40)
    found = estimate(case, drawn, policies="both", workers=2)
    assert found is not None
    assert (found.samples, found.solves, found.tried) == (40, 81, 12)
    assert found.seconds > found.learning_seconds > 0
    assert 10_000 < found.bytes < 200_000


# The command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, code: int = 0) -> Any:
    result = CliRunner().invoke(cli, ["sweep", *arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


@pytest.mark.usefixtures("here")
def test_the_command() -> None:
    asked = ["tutorial", "--vary", "limits.budget=*0.5..*2", "--samples", "4", "--workers", "1"]
    assert run(*asked, "-o", "out").stdout == "4 rows: 4 optimal\n"
    found = json.loads(run(*asked, "-o", "out", "--resume", "--json").stdout)
    assert found == {"folder": "out", "samples": 4, "complete": True, "rows": {"optimal": 4}, "remarks": []}
    assert run(*asked, "-o", "out", "--resume").stdout == "4 rows: 4 optimal\n"
    both = [*asked, "--policies", "both", "-o", "both"]
    first = run(*both, "--json").stdout
    assert sum(json.loads(first)["rows"].values()) == 8
    assert run(*both, "--resume", "--json").stdout == first
    assert "replace it with --force" in run(*asked, "-o", "out", code=2).stderr
    assert "another design" in run(*asked, "--seed", "1", "-o", "out", "--resume", code=2).stderr
    assert "--resume needs -o" in run(*asked, "--resume", code=2).stderr
    case = load_case("tutorial")
    leverage = read_sweep("out").frame.set_index("sample")["leverage"]
    for sample, budget in read_sweep("out").design.samples["limits.budget"].items():
        assert leverage[sample] == pytest.approx(solve(apply_overrides(case, [f"limits.budget={budget}"])).leverage)


@pytest.mark.usefixtures("here")
def test_a_dry_run_writes_nothing() -> None:
    asked = ["tutorial", "--vary", "limits.budget=*0.5..*2", "--samples", "4", "--dry-run"]
    lines = run(*asked).stdout.splitlines()
    assert lines[0] == "4 samples, 5 solves"
    assert json.loads(run(*asked, "--json").stdout)["solves"] == 5
    assert os.listdir() == []


def test_help_and_usage() -> None:
    assert "Examples:" in run("--help").output
    assert run("tutorial", "--help").output.startswith("Usage: cli sweep [OPTIONS] CASE\n")
    assert "--vary" in run("tutorial", code=2).stderr
    assert "Missing argument 'CASE'" in run(code=2).stderr
    assert "no number" in run("tutorial", "--vary", "limits.budget=a..b", code=2).stderr


@POSIX
@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_keeps_what_is_finished(workers: str) -> None:
    asked = ["tutorial", "--vary", "limits.budget=*0.5..*2", "--samples", "5000", "--workers", workers, "-o", "out"]
    command = [sys.executable, "-c", "from sluicegate.cli import main; main()", "sweep", *asked]
    started = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    end = time.monotonic() + 120
    while time.monotonic() < end and not list(Path("out").glob("rows.sqlite-wal")):
        time.sleep(0.1)
    # Nobody else may write there meanwhile, whatever is asked for.
    for option in ("--force", "--resume"):
        assert f"out is being written by another process ({started.pid}); wait" in run(*asked, option, code=2).stderr
    os.killpg(started.pid, signal.SIGINT)
    shown, said = started.communicate(timeout=60)
    assert started.returncode == 130, said
    assert "Traceback" not in said and "leaked" not in said
    assert "go on with --resume" in said
    assert shown.endswith("optimal\n")
    assert len(read_sweep("out").frame) == int(shown.split()[0].replace(",", ""))


def test_the_figure_of_the_stand_in() -> None:
    """The stand-in's figure is one that the small case has."""
    assert SweepTask(small(), (FIGURE,), "free").at({FIGURE: 3.0}).settings.limits.budget == 3
