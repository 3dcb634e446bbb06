"""Files and folders are there whole or not at all, can be replaced with a way back, and are held by one writer."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sluicegate import load_case
from sluicegate.data import CaseError, apply_overrides, write_folder
from sluicegate.data.storage import atomic, placing
from sluicegate.data.storage.atomic import (
    Lock,
    Locked,
    Reserved,
    Unrestored,
    beside,
    half_replaced,
    resolved,
    restore,
    write_file,
)

from sluicegate_testing.cli_cases import small

POSIX = pytest.mark.skipif(os.name != "posix", reason="locks and signals of POSIX")
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
DENIED = OSError(errno.EACCES, os.strerror(errno.EACCES))


def listed(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def fails(function: Callable[..., Any], calls: set[int], error: BaseException) -> Callable[..., Any]:
    """The function, failing at these of its calls, which count from 1."""
    numbers = itertools.count(1)

    def failing(*arguments: Any, **options: Any) -> Any:
        if next(numbers) in calls:
            raise error
        return function(*arguments, **options)

    return failing


def replace(target: Path, words: str = "new") -> None:
    with Reserved(target) as place, place.making() as made:
        (made / "words").write_text(words)
        place.put(made, replace=True)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A folder to be replaced, and nothing beside it."""
    target = tmp_path / "result"
    target.mkdir()
    (target / "words").write_text("old")
    return target


# Files -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()])
def test_a_file_is_whole_or_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    monkeypatch.setattr(f"sluicegate.data.storage.atomic.os.{step}", fails(getattr(os, step), {1}, error))
    with pytest.raises(type(error)):
        write_file(b"new", path)
    assert path.read_text() == "old"
    assert listed(tmp_path) == ["file"]


def test_a_link_to_a_file_keeps_pointing_to_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "file")
    write_file(b"new", tmp_path / "link")
    assert (tmp_path / "deep" / "file").read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for work in (resolved, lambda path: write_file(b"", path), lambda path: Reserved(path).__enter__()):
        with pytest.raises(OSError, match="symbolic links"):
            work(tmp_path / "loop")
    assert listed(tmp_path) == ["loop"]


# Folders ---------------------------------------------------------------------------------------------------------------


def test_a_folder_is_replaced_as_a_whole(target: Path) -> None:
    (target / "more").touch()
    replace(target)
    assert listed(target) == ["words"]
    assert listed(target.parent) == ["result"]


@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("error", [FULL, DENIED, KeyboardInterrupt()])
def test_an_error_in_either_rename_puts_the_old_folder_back(
    target: Path, monkeypatch: pytest.MonkeyPatch, call: int, error: BaseException
) -> None:
    monkeypatch.setattr("sluicegate.data.storage.atomic.os.rename", fails(os.rename, {call}, error))
    with pytest.raises(type(error)):
        replace(target)
    assert (target / "words").read_text() == "old"
    assert listed(target.parent) == ["result"]


def test_an_old_folder_that_cannot_be_put_back_is_kept_and_named(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("sluicegate.data.storage.atomic.os.rename", fails(os.rename, {2, 3}, DENIED))
        with pytest.raises(Unrestored, match=r"kept as \.result\.replaced beside it, rename it back"):
            replace(target)
    assert not target.exists()
    assert half_replaced(target) == beside(target, "replaced")
    # The next writer mends it before anything else.
    with Reserved(target):
        assert (target / "words").read_text() == "old"
    assert listed(target.parent) == ["result"]


@pytest.mark.parametrize("step", ["fsync", "mkdir"])
def test_a_full_disk_leaves_what_was_there(target: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    monkeypatch.setattr(f"sluicegate.data.storage.atomic.os.{step}", fails(getattr(os, step), {1}, FULL))
    with pytest.raises(OSError, match="No space"):
        replace(target)
    assert (target / "words").read_text() == "old"
    assert listed(target.parent) == ["result"]


def test_a_folder_that_is_not_empty_is_not_replaced_unasked(target: Path) -> None:
    with Reserved(target) as place, pytest.raises(OSError), place.making() as made:
        (made / "words").write_text("new")
        place.put(made)
    assert (target / "words").read_text() == "old"


@pytest.mark.parametrize("name", ["x" * 250, "半" * 80])
def test_long_names(tmp_path: Path, name: str) -> None:
    replace(tmp_path / name, "old")
    replace(tmp_path / name)
    assert (tmp_path / name / "words").read_text() == "new"
    assert listed(tmp_path) == [name]


KILLED = """
import os, signal, sys
from pathlib import Path
from sluicegate.data.storage import atomic

def die(function, call):
    calls = iter(range(1, call))
    def dying(*arguments, **options):
        if next(calls, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return dying

step, call, target = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
setattr(atomic.os, step, die(getattr(os, step), call))
with atomic.Reserved(target) as place, place.making() as made:
    (made / "words").write_text("new")
    place.put(made, replace=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@POSIX
@pytest.mark.parametrize(
    ("step", "call", "there"),
    [("rename", 1, "old"), ("rename", 2, None), ("unlink", 1, "new")],
)
def test_a_kill_between_the_steps_is_mended(target: Path, step: str, call: int, there: str | None) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, step, str(call), str(target)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (target / "words").read_text() == there if there else not target.exists()
    with Reserved(target):
        assert (target / "words").read_text() == (there or "old")
    assert listed(target.parent) == ["result"]


# Locks -----------------------------------------------------------------------------------------------------------------

HOLDING = """
import sys
from pathlib import Path
from sluicegate.data.storage.atomic import Reserved
with Reserved(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(target: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the folder."""
    started = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None and started.stdin is not None
    assert started.stdout.readline() == "held\n"
    yield started
    started.stdin.close()
    started.stdout.close()
    started.wait()


@POSIX
def test_a_folder_has_one_writer(target: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(
        Locked, match=rf"result is being written by another process \({holder.pid}\); wait for it, or end"
    ):
        replace(target)
    # Whatever replaces the folder, the lock stays.
    target.rename(target.with_name("elsewhere"))
    with pytest.raises(Locked):
        replace(target)
    holder.kill()
    holder.wait()
    replace(target)
    assert listed(target.parent) == ["elsewhere", "result"]


@POSIX
def test_a_lock_whose_file_was_taken_away_is_taken_anew(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    flock, path = fcntl.flock, beside(target, "lock")

    def late(handle: int, how: int) -> None:
        """Between opening and locking, whoever held the lock gives it back."""
        if path.exists() and not taken:
            path.unlink()
            taken.append(handle)
        flock(handle, how)

    taken: list[int] = []
    monkeypatch.setattr(fcntl, "flock", late)
    with Lock(target):
        assert taken
        with pytest.raises(Locked):
            Lock(target).__enter__()
    assert not path.exists()


# Cases -----------------------------------------------------------------------------------------------------------------

NOTES = "notes.txt"


@pytest.fixture
def case_folder(tmp_path: Path) -> Path:
    folder = write_folder(small(), tmp_path / "mine")
    (folder / NOTES).write_text("keep")
    return folder


OTHER = apply_overrides(small(), ["limits.budget=1"])


@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()])
@pytest.mark.parametrize("call", [1, 14, 15, 16, 22, 28, 29, 30, 36, 38])
def test_a_case_is_replaced_or_as_it_was(
    case_folder: Path, monkeypatch: pytest.MonkeyPatch, call: int, error: BaseException
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("sluicegate.data.storage.placing.os.replace", fails(os.replace, {call}, error))
        with pytest.raises(type(error)):
            write_folder(OTHER, case_folder, force=True)
    assert load_case(case_folder) == small()
    assert (case_folder / NOTES).read_text() == "keep"
    assert not [name for name in listed(case_folder) if name.startswith(".")]


@POSIX
def test_a_case_that_is_being_replaced_is_not_replaced_by_another(case_folder: Path) -> None:
    before = {entry.name: entry.read_bytes() for entry in case_folder.iterdir()}
    with Lock(case_folder), pytest.raises(Locked, match=rf"mine is being written by another process \({os.getpid()}\)"):
        write_folder(OTHER, case_folder, force=True)
    assert {entry.name: entry.read_bytes() for entry in case_folder.iterdir()} == before
    write_folder(OTHER, case_folder, force=True)
    assert load_case(case_folder) == OTHER
    assert listed(case_folder.parent) == ["mine"]


@POSIX
def test_where_nothing_can_be_written_beside_a_folder_the_lock_is_within_it(
    case_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    within, opened = beside(case_folder / "mine", "lock"), os.open

    def denied(path: Any, *arguments: Any, **options: Any) -> int:
        if Path(path) == beside(case_folder, "lock"):
            raise DENIED
        return opened(path, *arguments, **options)

    monkeypatch.setattr(atomic.os, "open", denied)
    with Lock(case_folder / "mine"), pytest.raises(Locked):
        write_folder(OTHER, case_folder, force=True)
    assert load_case(case_folder) == small()
    write_folder(OTHER, case_folder, force=True)
    assert load_case(case_folder) == OTHER
    assert not within.exists()


@pytest.mark.parametrize("calls", range(1, 45, 3))
def test_no_mixture_of_two_cases_can_be_read(case_folder: Path, monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    """After a kill a case can be read, or it is said where its files are; the next writer mends it."""
    before = listed(case_folder)
    with monkeypatch.context() as patched:
        every = set(range(calls, 1000))
        patched.setattr("sluicegate.data.storage.placing.os.replace", fails(os.replace, every, KeyboardInterrupt()))
        patched.setattr(placing, "restore_case", lambda target: None)
        with contextlib.suppress(KeyboardInterrupt):
            write_folder(OTHER, case_folder, force=True)
    try:
        found = load_case(case_folder)
    except CaseError as error:
        assert "there is no case.toml in it" in str(error)
    else:
        assert found in (small(), OTHER)
    placing.restore_case(case_folder)
    assert load_case(case_folder) in (small(), OTHER)
    assert listed(case_folder) == before


def test_a_case_that_was_half_replaced_says_where_its_files_are(case_folder: Path) -> None:
    (case_folder / placing.REPLACED).mkdir()
    os.replace(case_folder / "case.toml", case_folder / placing.REPLACED / "case.toml")
    with pytest.raises(CaseError, match=r"replace it again, or .* back from .*\.sluicegate-replaced"):
        load_case(case_folder)
    write_folder(OTHER, case_folder, force=True)
    assert load_case(case_folder) == OTHER


def test_restoring_nothing(tmp_path: Path) -> None:
    restore(tmp_path / "nothing")
    assert half_replaced(tmp_path / "nothing") is None
    assert atomic.reason(FULL, tmp_path).startswith("no space left on device, ")
