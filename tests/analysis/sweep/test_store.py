"""Rows of a sweep that runs: whatever is damaged, no wrong row is read and no row that is whole is lost."""

from __future__ import annotations

import functools
import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from sluicegate import read_sweep, solve, sweep
from sluicegate.analysis.sweep import run as sweeping
from sluicegate.analysis.sweep.columns import table_of
from sluicegate.analysis.sweep.journal import Journal
from sluicegate.analysis.sweep.store import MARK, WHOLE, SweepError, SweepStore
from sluicegate.cli import cli
from sluicegate.data import write_folder
from sluicegate.data.output.documents import plain_document
from sluicegate.data.storage.digests import check_digests, write_digests

from sluicegate_testing.cli_cases import small
from sluicegate_testing.standin import FIGURE, Cheap, design

SIZE, EACH = 60, 6
OPTIONS = {"policies": "free", "time_limit": None, "rel_gap": None}


def row(sample: int) -> dict[str, Any]:
    """What the stand-in for a solve makes of a sample."""
    return Cheap().worker(lambda: False).rows(sample, {FIGURE: float(sample)})[0]


@functools.cache
def base() -> dict[str, Any]:
    return plain_document(solve(small()).to_dict())


def made(folder: Path) -> SweepStore:
    drawn = design(SIZE)
    meta = sweeping._meta(small(), drawn, OPTIONS)
    return SweepStore.create(folder, meta, base(), drawn.samples, lambda place: write_folder(small(), place))


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep whose process ended without a word: rows in the database, later ones in its log."""
    place = tmp_path_factory.mktemp("killed")
    dataset = made(place / "running")
    with dataset:
        for first in range(0, SIZE // 2, EACH):
            dataset.append([row(sample) for sample in range(first, first + EACH)])
        dataset.journal._opened().execute("pragma wal_checkpoint(restart)")
        for first in range(SIZE // 2, SIZE - EACH, EACH):
            dataset.append([row(sample) for sample in range(first, first + EACH)])
        shutil.copytree(place / "running", place / "sweep")
    os.unlink(place / "sweep" / "rows.sqlite-shm")
    return place / "sweep"


KEPT = list(range(SIZE - EACH))


@pytest.fixture
def folder(killed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sweeping, "task_of", lambda case, *_: Cheap(case))
    monkeypatch.setattr(sweeping, "alters", lambda *_: frozenset())
    monkeypatch.chdir(tmp_path)
    shutil.copytree(killed, tmp_path / "sweep")
    return tmp_path / "sweep"


def resumed(folder: Path) -> list[str]:
    """Go on with the sweep to its end, and return the remarks."""
    remarks: list[str] = []
    sweeping.run_sweep(small(), design(SIZE), folder, resume=True, remark=remarks.append)
    frame = read_sweep(folder).frame
    assert frame["sample"].tolist() == list(range(SIZE))
    assert frame["leverage"].tolist() == [2.0 * sample for sample in range(SIZE)]
    assert os.listdir(folder / "rows") == [WHOLE]
    assert not list(folder.glob("rows.sqlite*"))
    assert check_digests(folder).remark is None
    return remarks


def test_rows_of_a_process_that_was_killed(folder: Path) -> None:
    assert (folder / "rows.sqlite-wal").stat().st_size > 0
    found = read_sweep(folder)
    assert found.frame["sample"].tolist() == KEPT
    assert (found.remarks, found.complete) == ((), False)
    assert resumed(folder) == []


def test_columns_keep_their_kinds(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"sample": 0, "mode": "free", "status": "optimal", "message": None, "leverage": 1, "in.delay": "2:0.5;4:0.5"},
        {
            "sample": 0,
            "mode": "fixed",
            "status": "feasible",
            "message": "é\N{SNOWMAN}",
            "leverage": -0.1,
            "in.delay": "3",
        },
        {"sample": 1, "mode": "free", "status": "infeasible", "message": "none", "own": float("inf"), "in.delay": None},
    ]
    with made(tmp_path / "sweep") as dataset:
        for entry in rows:
            dataset.append([entry])
        before = dataset.frame()
        dataset.compact()
    assert dataset.frame().equals(before)
    assert before["leverage"].tolist()[:2] == [1.0, -0.1] and before["leverage"].isna().tolist() == [False, False, True]
    assert before["own"].tolist()[2] == float("inf")
    assert before["in.delay"].fillna("").tolist() == ["2:0.5;4:0.5", "3", ""]
    assert before["message"].fillna("").tolist() == ["", "é\N{SNOWMAN}", "none"]
    kinds = {field.name: str(field.type) for field in pq.read_schema(tmp_path / "sweep" / "rows" / WHOLE)}
    assert kinds == {
        "sample": "int64",
        **dict.fromkeys(("mode", "status", "message", "in.delay", MARK), "string"),
        **dict.fromkeys(("leverage", "own"), "double"),
    }


def test_a_sample_keeps_its_first_row(tmp_path: Path) -> None:
    with made(tmp_path / "sweep") as dataset:
        dataset.append([row(3)])
        dataset.append([row(3) | {"leverage": -1.0}, row(4)])
        assert dataset.frame()["leverage"].tolist() == [6.0, 8.0]


def test_others_read_while_rows_are_added(tmp_path: Path) -> None:
    reader = SweepStore(tmp_path / "sweep")
    with made(tmp_path / "sweep") as dataset:
        for sample in range(5):
            dataset.append([row(sample)])
            assert reader.finished()["sample"].tolist() == list(range(sample + 1))
    assert reader.frame()["sample"].tolist() == list(range(5))
    assert [path.name for path in (tmp_path / "sweep").glob("rows.sqlite*")] == ["rows.sqlite"]


def test_rows_are_read_where_nothing_can_be_written_beside_them(folder: Path) -> None:
    # SQLite makes a file of this name to read a log.
    (folder / "rows.sqlite-shm").mkdir()
    assert read_sweep(folder).frame["sample"].tolist() == KEPT


@pytest.mark.parametrize("tables", [0, 1])
def test_a_process_that_ended_before_its_first_row(tmp_path: Path, tables: int) -> None:
    dataset = made(tmp_path / "sweep")
    if tables:
        with dataset:
            dataset.journal._opened()
    else:
        (tmp_path / "sweep" / "rows.sqlite").touch()
    assert dataset.frame().empty and dataset.finished().empty
    with dataset:
        dataset.append([row(0)])
        dataset.compact()
    assert dataset.frame()["sample"].tolist() == [0]


@pytest.mark.usefixtures("folder")
def test_rows_that_were_gathered_but_not_tidied_up_count_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(self: Journal) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Journal, "remove", dies)
        resumed(folder)
    assert (folder / "rows.sqlite").exists()
    assert read_sweep(folder).frame["sample"].tolist() == list(range(SIZE))
    assert resumed(folder) == []


# Folders of earlier versions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gathered", [False, True])
def test_parts_of_earlier_versions_are_read_and_gone_on_with(folder: Path, gathered: bool) -> None:
    for path in folder.glob("rows.sqlite*"):
        path.unlink()
    dataset = SweepStore(folder)
    names = [WHOLE, "part-00000007.parquet"] if gathered else ["part-00000001.parquet", "part-00000002.parquet"]
    for number, name in enumerate(names):
        rows = [row(sample) | {MARK: dataset.design_digest} for sample in range(10 * number, 10 * number + 12)]
        pq.write_table(table_of(rows), folder / "rows" / name)
    write_digests(folder)
    assert read_sweep(folder).frame["sample"].tolist() == list(range(22))
    assert sweep(small(), design(SIZE), folder=folder, resume=True)["sample"].tolist() == list(range(SIZE))
    assert resumed(folder) == []


# Damage ----------------------------------------------------------------------------------------------------------------


def flips(path: Path, dice: random.Random, count: int) -> Iterator[int]:
    """Change one byte at a time, and put it back."""
    content = path.read_bytes()
    for place in [*range(0, 100, 7), *(dice.randrange(len(content)) for _ in range(count))]:
        path.write_bytes(content[:place] + bytes([content[place] ^ (1 << dice.randrange(8))]) + content[place + 1 :])
        yield place
    path.write_bytes(content)


@pytest.mark.parametrize(("name", "log"), [("rows.sqlite", False), ("rows.sqlite", True), ("rows.sqlite-wal", True)])
def test_no_damaged_byte_makes_a_wrong_row(folder: Path, name: str, log: bool) -> None:
    if not log:
        closed = Journal(folder / "rows.sqlite")
        closed._opened()
        closed.close()
        assert not (folder / "rows.sqlite-wal").exists()
    kept = {path: path.read_bytes() for path in folder.glob("rows.sqlite*")}
    refused = 0
    for place in flips(folder / name, random.Random(name), 60):
        try:
            frame = SweepStore(folder).frame()
        except SweepError as error:
            refused += 1
            assert str(folder / "rows.sqlite") in str(error), place
        else:
            # Bytes that hold nothing, and the end of the log, which looks like one that a process left.
            assert frame["leverage"].tolist() == [2.0 * sample for sample in frame["sample"]], place
            assert frame["sample"].tolist() in (KEPT, KEPT[:-EACH]), place
        (folder / "rows.sqlite-shm").unlink(missing_ok=True)
        for path, content in kept.items():
            path.write_bytes(content)
    # With a log, most pages of the database are in it, and those before are not read.
    assert refused > (10 if log and name == "rows.sqlite" else 20)


def test_damage_is_named_and_what_is_whole_is_kept(folder: Path) -> None:
    content = (folder / "rows.sqlite").read_bytes()
    place = content.index(b'"optimal",null,14.0')
    (folder / "rows.sqlite").write_bytes(content[: place + 15] + b"9" + content[place + 16 :])
    shown = CliRunner().invoke(cli, ["sweep", "summary", "sweep"])
    assert shown.exit_code == 2
    assert (
        "sweep/rows.sqlite cannot be read: the row of sample 7, free, was changed since it was written" in shown.output
    )
    (said,) = resumed(folder)
    assert said == (
        f"rows.sqlite (changed since it was written) is set aside as {folder}/set-aside/rows.sqlite; "
        f"{len(KEPT) - 1} of its rows are as they were written and are kept"
    )


@pytest.mark.parametrize("where", [0, 0.2, 0.4])
def test_a_log_that_was_changed(folder: Path, where: float) -> None:
    log = folder / "rows.sqlite-wal"
    content = bytearray(log.read_bytes())
    content[int(where * (len(content) - 5000)) + 50] ^= 1
    log.write_bytes(content)
    with pytest.raises(SweepError, match=r"rows\.sqlite-wal cannot be read: it was changed since it was written"):
        SweepStore(folder).frame()
    (said,) = resumed(folder)
    assert said.startswith("rows.sqlite (changed since it was written) is set aside")
    assert sorted(path.name for path in (folder / "set-aside").iterdir()) == ["rows.sqlite", "rows.sqlite-wal"]


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"nothing of the kind" * 500])
def test_what_is_no_database(folder: Path, content: bytes) -> None:
    (folder / "rows.sqlite").write_bytes(content)
    (folder / "rows.sqlite-wal").unlink()
    if content:
        with pytest.raises(SweepError, match=r"rows\.sqlite cannot be read"):
            SweepStore(folder).frame()
    resumed(folder)


def test_a_database_of_something_else(folder: Path) -> None:
    for path in folder.glob("rows.sqlite*"):
        path.unlink()
    with sqlite3.connect(folder / "rows.sqlite") as other:
        other.execute("create table mine (x)")
    other.close()
    with pytest.raises(SweepError, match=r"rows\.sqlite cannot be read: it holds mine instead of rows of a sweep"):
        SweepStore(folder).frame()
    (said,) = resumed(folder)
    assert said.endswith("set-aside/rows.sqlite; its samples are solved again")


def test_rows_of_another_design_are_left_out_and_set_aside(folder: Path) -> None:
    Journal(folder / "rows.sqlite").close()
    journal = Journal(folder / "rows.sqlite")
    journal.add([row(sample) | {"leverage": -1.0} for sample in range(55, 58)], "of another design")
    journal.close()
    found = read_sweep(folder)
    assert found.frame["sample"].tolist() == KEPT
    assert found.remarks[0].startswith("3 rows are of another design and are left out")
    (said,) = resumed(folder)
    assert said.startswith("rows.sqlite (3 rows that are not of this design) is set aside as")


def test_a_full_disk_is_told_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with made(tmp_path / "sweep") as dataset:
        dataset.append([row(0)])
        writer = dataset.journal._opened()
        pages = writer.execute("pragma page_count").fetchone()[0]
        writer.execute(f"pragma max_page_count = {pages}")
        said = r"no space left on device, [0-9,.]+ MB are free\. 1 row is on the disk; free some space, then continue"
        with pytest.raises(SweepError, match=said):
            dataset.append([row(sample) for sample in range(1, 500)])
        writer.execute("pragma max_page_count = 1000000")
        dataset.append([row(1)])
    assert dataset.frame()["sample"].tolist() == [0, 1]
