"""Files and folders that appear whole or not at all, replaced with a way back, and locked while they are written."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

SCRATCH = ".sluicegate-"
"""How the names of files in the making begin."""

LOCK, NEW, REPLACED = "lock", "new", "replaced"
"""What lies beside a folder while it is written: its lock, the folder in the making, the folder before."""

LONGEST_NAME = 200
"""Bytes of a folder's name up to which the names beside it hold it whole; file systems end at 255."""


class Locked(Exception):
    """Another process writes to the same folder.

    Parameters
    ----------
    folder
        The folder.
    process
        Number of the process; empty where it is not known.
    """

    def __init__(self, folder: Path, process: str = ""):
        by = f"another process ({process})" if process else "another process"
        super().__init__(f"{folder} is being written by {by}; wait for it, or end it")


# Files -----------------------------------------------------------------------------------------------------------------


def resolved(path: str | PathLike[str]) -> Path:
    """Return a path with its links followed, whether it is there or not.

    Raises
    ------
    OSError
        Where links lead in a circle.
    """
    try:
        os.stat(path)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise
    return Path(path).resolve()


def beside(target: Path, role: str) -> Path:
    """Return the hidden name beside a file or folder that has this role: ``.NAME.ROLE``."""
    name = target.name
    written = os.fsencode(name)
    if len(written) > LONGEST_NAME:
        name = f"{os.fsdecode(written[:100])}-{hashlib.sha256(written).hexdigest()[:16]}"
    return target.with_name(f".{name}.{role}")


@contextlib.contextmanager
def writing(path: str | PathLike[str]) -> Iterator[BinaryIO]:
    """Give a file to write to, which takes its place on the disk once the block has ended without an error.

    Parameters
    ----------
    path
        A new file, or one that is replaced. A link keeps pointing to it.

    Raises
    ------
    OSError
        Where it cannot be written; what was there stays.
    """
    target = resolved(path)
    handle, name = tempfile.mkstemp(prefix=SCRATCH, dir=target.parent)
    scratch = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(scratch, 0o666 & ~_umask())
        os.replace(scratch, target)
    except BaseException:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def write_file(content: bytes, path: str | PathLike[str]) -> None:
    """Write a file, whole or not at all; errors as of `writing`."""
    with writing(path) as file:
        file.write(content)


def try_place(path: Path) -> None:
    """Try whether a file can be written, before the work that fills it.

    Raises
    ------
    OSError
        Where it cannot.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    handle, scratch = tempfile.mkstemp(prefix=SCRATCH, dir=resolved(path).parent)
    os.close(handle)
    os.unlink(scratch)


def remove_scratch(folder: Path) -> None:
    """Remove files that a process left unfinished in a folder that nobody else writes to."""
    for leftover in folder.glob(f"{SCRATCH}*"):
        leftover.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_tree(folder: Path) -> None:
    """Put all files of a folder on the disk before it gets its name."""
    for place, _, names in os.walk(folder):
        for name in names:
            handle = os.open(os.path.join(place, name), os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        sync_folder(Path(place))


# Locks -----------------------------------------------------------------------------------------------------------------


class Lock:
    """Keeps every other writer from a folder; ends with the process, however that ends.

    The lock is a file beside the folder, so that it outlives whatever replaces the folder. Where the system has no such
    locks (Windows), nothing is kept.

    Parameters
    ----------
    target
        The folder, links followed; the folder above it is there.
    named
        What messages call it.

    Raises
    ------
    Locked
        On entering, where another process holds it.
    OSError
        Where the file system cannot lock or be written.
    """

    def __init__(self, target: Path, named: Path | None = None):
        self.named = named or target
        self.path = beside(target, LOCK)
        self._handle: int | None = None

    def __enter__(self) -> Lock:
        """Take the lock."""
        try:
            import fcntl
        except ImportError:
            return self
        while self._handle is None:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Whoever held it before may have taken the file away meanwhile.
                if self._is_there(handle):
                    self._handle = handle
            except BlockingIOError:
                raise Locked(self.named, _process(handle)) from None
            finally:
                if self._handle is None:
                    os.close(handle)
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, b"%d\n" % os.getpid(), 0)
        return self

    def _is_there(self, handle: int) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), os.stat(self.path))
        except FileNotFoundError:
            return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""
        if self._handle is None:
            return
        # First the name, then the lock: a file that is locked and has no name is nobody's.
        with contextlib.suppress(OSError):
            self.path.unlink()
        os.close(self._handle)
        self._handle = None


@contextlib.contextmanager
def written_into(folder: Path, named: Path | None = None) -> Iterator[None]:
    """Hold a folder against every other writer while files in it are written.

    Parameters
    ----------
    folder
        The folder, links followed.
    named
        What messages call it.

    Raises
    ------
    Locked
        On entering, where another process writes to it.
    OSError
        Where it cannot be written.
    """
    lock = Lock(folder, named)
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(lock)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            # Where nothing can be written beside the folder nobody replaces it as a whole: a lock within it is enough.
            held.enter_context(Lock(folder / folder.name, named or folder))
        yield


def _process(handle: int) -> str:
    """Return the number that the holder of a lock wrote into its file; empty where it has not yet."""
    with contextlib.suppress(OSError, ValueError):
        return str(int(os.pread(handle, 32, 0).split(b"\n")[0]))
    return ""


# Folders ---------------------------------------------------------------------------------------------------------------


class Unrestored(OSError):
    """A folder that could not be put back: where it is, and how it is put back by hand."""


class Reserved:
    """The place of a folder, held against every other writer while a new folder is made for it.

    Entering makes the folders above, takes the lock, and mends what a process left that was ended half way: a folder that
    was taken away and not yet replaced is put back.

    Parameters
    ----------
    folder
        The folder; it need not be there. Links are followed, so that a link keeps pointing to it.

    Attributes
    ----------
    target : Path
        The folder, links followed.

    Raises
    ------
    Locked
        On entering, where another process writes to it.
    OSError
        Where the place cannot be written.
    """

    def __init__(self, folder: str | PathLike[str]):
        self.named = Path(folder)
        self._parents: list[Path] = []
        self._held = contextlib.ExitStack()

    def __enter__(self) -> Reserved:
        """Take the place."""
        try:
            self.target = resolved(self.named)
            self._make_parents()
            self._held.enter_context(Lock(self.target, self.named))
            restore(self.target)
            _remove(beside(self.target, NEW))
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the place; folders above that were made for it and hold nothing go."""
        self._leave()

    def _leave(self) -> None:
        self._held.close()
        with contextlib.suppress(OSError):
            for parent in reversed(self._parents):
                parent.rmdir()

    def _make_parents(self) -> None:
        missing: list[Path] = []
        folder = self.target.parent
        while not folder.exists():
            missing.insert(0, folder)
            folder = folder.parent
        for parent in missing:
            parent.mkdir(exist_ok=True)
            self._parents.append(parent)

    @contextlib.contextmanager
    def making(self) -> Iterator[Path]:
        """Give an empty folder beside the place; it is gone at the end unless `put` moved it there."""
        made = beside(self.target, NEW)
        made.mkdir()
        try:
            yield made
        finally:
            _remove(made)

    def put(self, made: Path, *, replace: bool = False) -> None:
        """Move a folder that `making` gave to the place.

        Parameters
        ----------
        made
            The folder, complete.
        replace
            Whether a folder that is not empty is replaced; the old one is put back where the new one cannot take its place.

        Raises
        ------
        OSError
            Where it cannot be moved; `Unrestored` where the old one could not be put back either.
        """
        _sync_tree(made)
        try:
            if replace and self.target.exists():
                os.rename(self.target, beside(self.target, REPLACED))
            # Refuses a folder that is not empty.
            os.rename(made, self.target)
        finally:
            restore(self.target)
        sync_folder(self.target.parent)


def restore(target: Path) -> None:
    """Put a folder back that was taken away and not replaced; one that was replaced is removed.

    Raises
    ------
    Unrestored
        Where that cannot be done.
    """
    old = beside(target, REPLACED)
    if not old.exists():
        return
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        _remove(old)
        return
    try:
        os.rename(old, target)
    except OSError as error:
        raise Unrestored(
            error.errno, f"{error.strerror}; what was in {target.name} is kept as {old.name} beside it, rename it back"
        ) from error


def half_replaced(folder: str | PathLike[str]) -> Path | None:
    """Return where the folder lies that a process took away without replacing it; None where that did not happen."""
    try:
        target = resolved(folder)
        old = beside(target, REPLACED)
        return old if not target.exists() and old.is_dir() else None
    except (OSError, ValueError):
        return None


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def reason(error: OSError, folder: Path | None = None) -> str:
    """Return in words why something cannot be written; of a full disk, how much room there is.

    Parameters
    ----------
    error
        What the system said.
    folder
        Where something was written.
    """
    said = error.strerror or str(error)
    said = f"{said[:1].lower()}{said[1:]}"
    if error.errno != errno.ENOSPC or folder is None:
        return said
    with contextlib.suppress(OSError, StopIteration):
        place = next(place for place in (folder, *resolved(folder).parents) if place.exists())
        return f"{said}, {shutil.disk_usage(place).free / 1e6:,.1f} MB are free"
    return said


def is_full(error: OSError) -> bool:
    """Return whether an error says that there is no room."""
    return error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
