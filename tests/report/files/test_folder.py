"""A result folder is complete under its name, or not there at all."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sluicegate import Plan, evaluate, load_case
from sluicegate.data.storage.digests import check_digests
from sluicegate.report.files.folder import ResultError, ResultFolder, default_folder, run_record

from sluicegate_testing.cli_cases import FILES, TABLES, small


def publish(plan: Plan, folder: Path | None, *, force: bool = False) -> Path:
    with ResultFolder(folder, plan.case.name, force=force) as result:
        Path(result.log).write_text("solved\n")
        return result.publish(plan, record(plan))


def record(plan: Plan) -> dict[str, Any]:
    return run_record(
        plan, "solve", "small", ["limits.budget=30"], {"threads": 1}, datetime.datetime.now().astimezone()
    )


def listed(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def nth_call_fails(count: int, function: Callable[..., Any], error: BaseException) -> Callable[..., Any]:
    calls = iter(range(count))

    def failing(*args: Any, **options: Any) -> Any:
        if next(calls, None) is None:
            raise error
        return function(*args, **options)

    return failing


def test_holds_what_the_format_says(plan: Plan, tmp_path: Path) -> None:
    folder = publish(plan, tmp_path / "deep" / "result")
    assert listed(folder) == FILES
    assert listed(folder.parent) == ["result"]
    assert json.loads((folder / "plan.json").read_bytes()) == plan.to_dict()
    assert (folder / "solver.log").read_text() == "solved\n"


def test_tables_come_back_as_they_were(plan: Plan, tmp_path: Path) -> None:
    folder = publish(plan, tmp_path / "result")
    assert sorted(plan.tables) == TABLES
    for name, frame in plan.tables.items():
        parquet = pd.read_parquet(folder / f"{name}.parquet")
        pd.testing.assert_frame_equal(parquet, frame, check_dtype=False)
        assert parquet.attrs == frame.attrs
        text = pd.read_csv(folder / f"{name}.csv", keep_default_na=False, na_values=[""])
        assert list(text.columns) == list(frame.columns)
        for column in frame.select_dtypes("number"):
            pd.testing.assert_series_equal(text[column], frame[column], check_dtype=False, check_exact=True)
        for column in frame.select_dtypes(exclude=["number", "bool"]):
            assert text[column].fillna("").tolist() == frame[column].tolist()


def test_the_case_comes_back_as_it_was(plan: Plan, tmp_path: Path) -> None:
    folder = publish(plan, tmp_path / "result")
    assert load_case(folder / "case") == plan.case
    run = json.loads((folder / "run.json").read_bytes())
    assert run["case_digest"] == plan.case.digest
    assert (run["command"], run["overrides"], run["options"]) == ("solve", ["limits.budget=30"], {"threads": 1})
    assert {"sluicegate", "python", "highspy", "pyomo", "numpy", "pandas", "pyarrow"} <= set(run["versions"])
    assert run["began"] <= run["ended"]


def test_no_csv_file_holds_a_formula(tmp_path: Path) -> None:
    case = small(gas="=1+1")
    plan = evaluate(case)
    folder = publish(plan, tmp_path / "result")
    cells = pd.read_csv(folder / "flows.csv")["item"]
    assert set(cells) == {"'=1+1", "chip"}
    assert set(pd.read_parquet(folder / "flows.parquet")["item"]) == {"=1+1", "chip"}
    numbers = pd.read_csv(folder / "losses.csv")["loss"]
    assert numbers.min() < 0
    pd.testing.assert_series_equal(numbers, plan.tables["losses"]["loss"], check_exact=True)


def test_a_plan_without_tables(plan: Plan, tmp_path: Path) -> None:
    without = Plan(case=plan.case, status="infeasible")
    folder = publish(without, tmp_path / "result")
    assert listed(folder) == ["case", "digests.sha256", "plan.json", "run.json", "solver.log"]


def test_has_the_permissions_of_any_new_folder(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "any").mkdir()
    folder = publish(plan, tmp_path / "result")
    assert folder.stat().st_mode == (tmp_path / "any").stat().st_mode


@pytest.mark.parametrize("count", range(len(TABLES)))
def test_a_full_disk_leaves_nothing(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(pd.DataFrame, "to_parquet", nth_call_fails(count, pd.DataFrame.to_parquet, full))
    with pytest.raises(
        ResultError, match=r"no space left on device, [0-9,.]+ MB are free; name a folder .* -o"
    ) as caught:
        publish(plan, tmp_path / "a" / "result")
    assert "\n" not in str(caught.value)
    assert listed(tmp_path) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), ValueError("x")])
def test_nothing_else_leaves_a_half_folder_either(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(pd.DataFrame, "to_csv", nth_call_fails(2, pd.DataFrame.to_csv, error))
    with pytest.raises(type(error)):
        publish(plan, tmp_path / "result")
    assert listed(tmp_path) == []


def test_leaving_without_a_plan_leaves_nothing(tmp_path: Path) -> None:
    with ResultFolder(tmp_path / "a" / "b" / "result", "small") as result:
        assert Path(result.log).exists()
    assert listed(tmp_path) == []


@pytest.mark.parametrize("named", [True, False])
def test_a_kept_plan_stays_until_the_whole_one_replaces_it(plan: Plan, tmp_path: Path, named: bool) -> None:
    first = dataclasses.replace(plan, solve=plan.solve | {"seconds": 60.0})
    whole = dataclasses.replace(first, range={"worlds": 8})
    with contextlib.chdir(tmp_path), ResultFolder(tmp_path / "result" if named else None, "small") as result:
        Path(result.log).write_text("solved\n")
        result.keep(first, record(first))
        assert listed(result.folder) == FILES
        assert json.loads((result.folder / "plan.json").read_bytes()) == first.to_dict()
        assert check_digests(result.folder).altered == ()
        with Path(result.log).open("a") as log:
            log.write("solved again\n")
        assert result.publish(whole, record(whole)) == result.folder
    folder = tmp_path / result.folder
    assert listed(folder) == FILES
    assert json.loads((folder / "plan.json").read_bytes()) == whole.to_dict()
    assert (folder / "solver.log").read_text() == "solved\nsolved again\n"
    assert listed(folder.parent) == [folder.name]


def test_an_interrupt_leaves_the_kept_plan_and_says_where(plan: Plan, tmp_path: Path) -> None:
    first = dataclasses.replace(plan, solve=plan.solve | {"seconds": 60.0})
    with pytest.raises(KeyboardInterrupt) as told, ResultFolder(tmp_path / "result", "small") as result:
        result.keep(first, record(first))
        raise KeyboardInterrupt
    assert "the plan is in" in told.value.__notes__[0]
    assert listed(tmp_path / "result") == FILES
    assert listed(tmp_path) == ["result"]


def test_what_is_found_sooner_than_it_is_written_is_not_kept(plan: Plan, tmp_path: Path) -> None:
    quick = dataclasses.replace(plan, solve=plan.solve | {"seconds": 0.1})
    with ResultFolder(tmp_path / "result", "small") as result:
        result.keep(quick, record(quick))
    assert listed(tmp_path) == []


def test_a_plan_that_cannot_be_kept_is_still_published(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = dataclasses.replace(plan, solve=plan.solve | {"seconds": 60.0})
    with ResultFolder(tmp_path / "result", "small") as result:
        with monkeypatch.context() as patched:
            full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            patched.setattr(pd.DataFrame, "to_csv", nth_call_fails(3, pd.DataFrame.to_csv, full))
            result.keep(first, record(first))
        assert not (tmp_path / "result").exists()
        result.publish(first, record(first))
    assert listed(tmp_path / "result") == FILES


def test_a_folder_that_is_there_is_refused_before_anything_is_solved(plan: Plan, tmp_path: Path) -> None:
    publish(plan, tmp_path / "result")
    with (
        pytest.raises(ResultError, match=r"is there and not empty; name a new folder with -o, .*--force"),
        ResultFolder(tmp_path / "result", "small"),
    ):
        pytest.fail("entered")
    (tmp_path / "file").touch()
    for force in (False, True):
        with pytest.raises(ResultError, match="is a file; name a folder with -o"):
            publish(plan, tmp_path / "file", force=force)
    assert listed(tmp_path) == ["file", "result"]


def test_an_empty_folder_is_taken(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    assert listed(publish(plan, tmp_path / "result")) == FILES


def test_force_replaces_a_result_as_a_whole(plan: Plan, tmp_path: Path) -> None:
    folder = publish(plan, tmp_path / "result")
    (folder / "plan.json").write_text("old")
    (folder / "report.html").touch()
    publish(plan, folder, force=True)
    assert listed(folder) == FILES
    assert json.loads((folder / "plan.json").read_bytes())["case"] == "small"
    assert listed(tmp_path) == ["result"]


def test_force_replaces_nothing_but_a_result(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").touch()
    with pytest.raises(ResultError, match=r"holds no plan\.json, so it is no result folder"):
        publish(plan, tmp_path / "thesis", force=True)
    assert listed(tmp_path / "thesis") == ["chapter1.tex"]


def test_force_keeps_the_old_result_when_writing_fails(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = publish(plan, tmp_path / "result")
    (folder / "plan.json").write_text("old")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(pd.DataFrame, "to_csv", nth_call_fails(3, pd.DataFrame.to_csv, full))
    with pytest.raises(ResultError):
        publish(plan, folder, force=True)
    assert (folder / "plan.json").read_text() == "old"
    assert listed(folder) == FILES
    assert listed(tmp_path) == ["result"]


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "Permission denied"), KeyboardInterrupt()])
def test_force_keeps_the_old_result_when_the_new_one_cannot_take_its_place(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    folder = publish(plan, tmp_path / "result")
    (folder / "plan.json").write_text("old")
    monkeypatch.setattr("sluicegate.data.storage.atomic.os.rename", _second_fails(error))
    with pytest.raises((ResultError, KeyboardInterrupt)):
        publish(plan, folder, force=True)
    assert (folder / "plan.json").read_text() == "old"
    assert listed(tmp_path) == ["result"]


def _second_fails(error: BaseException) -> Callable[..., Any]:
    rename, calls = os.rename, []

    def failing(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise error
        rename(*args)

    return failing


def test_a_folder_that_came_up_meanwhile_is_not_replaced(plan: Plan, tmp_path: Path) -> None:
    with ResultFolder(tmp_path / "result", "small") as result:
        (tmp_path / "result").mkdir()
        (tmp_path / "result" / "other").touch()
        with pytest.raises(ResultError, match="is there and not empty"):
            result.publish(plan, record(plan))
    assert listed(tmp_path / "result") == ["other"]
    assert listed(tmp_path) == ["result"]


def test_a_link_keeps_pointing_to_the_result(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    publish(plan, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert listed(tmp_path / "real") == FILES


def test_no_permission_and_no_folder_are_told_in_a_line(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResultError, match="cannot be written: not a directory; name a folder in another place"):
        publish(plan, tmp_path / "file" / "result")

    def refuse(path: Path, *_: Any) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr("sluicegate.data.storage.atomic.os.open", refuse)
    with pytest.raises(ResultError, match="cannot be written: permission denied"):
        publish(plan, tmp_path / "a" / "result")
    assert listed(tmp_path) == ["file"]


def test_default_name(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    now = datetime.datetime(2026, 1, 5, 14, 30)
    assert default_folder("small", now) == Path("results/small/2026-01-05T14-30-00")
    assert default_folder("../../etc", now).parts[:2] == ("results", "..-..-etc")
    for name in ("", "..", "."):
        assert default_folder(name, now).parts[:2] == ("results", "case")

    monkeypatch.setattr("sluicegate.report.files.folder.default_folder", lambda case: Path("results", case, "now"))
    assert [publish(plan, None) for _ in range(3)] == [
        Path("results/small") / name for name in ("now", "now-2", "now-3")
    ]
    assert all(listed(tmp_path / "results" / "small" / name) == FILES for name in ("now", "now-2", "now-3"))
