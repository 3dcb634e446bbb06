"""What a command prints: data on standard output, all else on standard error."""

# Libraries that take long to import are imported where they are used, so that --help answers at once.
from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import click

from .errors import Refusal

if TYPE_CHECKING:
    from rich.console import Console

    from .progress import Interruptible

USUAL_WIDTH, LEAST_WIDTH = 80, 40


class Talk:
    """What is said on standard error.

    Parameters
    ----------
    quiet, verbose
        The options.
    """

    def __init__(self, quiet: bool, verbose: bool):
        self.quiet = quiet
        self.verbose = verbose

    def say(self, text: str) -> None:
        """Say something that is not data."""
        if not self.quiet:
            # Nobody listening is no reason to stop.
            with contextlib.suppress(OSError):
                click.echo(text, err=True)

    def monitor(self, stopped: threading.Event) -> Interruptible:
        """Return what watches a solve: a bar on a terminal, lines with -v, else nothing."""
        from .progress import Bar, Interruptible, Lines, Unheard

        console = _console(file=cast("Any", Unheard(sys.stderr)))
        if self.quiet:
            return Interruptible(stopped)
        if console.is_terminal and not self.verbose:
            return Bar(stopped, console)
        return Lines(stopped, console) if self.verbose else Interruptible(stopped)


def put(text: str) -> None:
    """Write data to standard output."""
    try:
        click.echo(text, nl=False)
        sys.stdout.flush()
    except OSError as error:
        unwritten(error)


def unwritten(error: OSError) -> None:
    """Refuse to go on where standard output cannot be written; whoever reads it may have read enough, though."""
    # A terminal that was closed answers with an input/output error.
    gone = error.errno == errno.EPIPE or (error.errno == errno.EIO and stat.S_ISCHR(os.fstat(1).st_mode))
    # What is still buffered must not fail once more when Python ends.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not gone:
        why = "it is closed" if error.errno == errno.EBADF else error.strerror
        raise Refusal(f"standard output cannot be written: {why}") from None


def is_shut() -> bool:
    """Return whether standard output is closed, or nobody reads it any more."""
    import select

    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):
        return False
    try:
        os.write(number, b"")
        watched = select.poll()
        watched.register(number, 0)
        return any(event & (select.POLLERR | select.POLLNVAL) for _, event in watched.poll(0))
    except OSError:
        return True
    except AttributeError:
        # Windows has no poll.
        return False


def put_json(document: Any) -> None:
    """Write a document to standard output as JSON, in ASCII where its encoding is no Unicode."""
    from ..format.documents import to_json

    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    put(to_json(document, ascii_only=not encoding.startswith("utf")))


def _console(**options: Any) -> Console:
    """Return a console as wide as the terminal; where none is told (COLUMNS=0) as wide as usual, and never too narrow to read."""
    from rich.console import Console

    console = Console(**options)
    console.width = max(LEAST_WIDTH, console.width or USUAL_WIDTH)
    return console


class _Page(io.StringIO):
    """Text for standard output before it is written, so that nothing is printed by halves."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Encoding of standard output: where it is no Unicode, tables are drawn in ASCII."""
        return getattr(sys.stdout, "encoding", None) or "utf-8"


def put_shown(show: Callable[[Console], None]) -> None:
    """Write what a function prints on a console to standard output."""
    from rich.console import Console

    terminal = _console(file=sys.stdout)
    colours: Any = terminal.color_system
    page = _Page()
    show(Console(file=page, width=terminal.width, force_terminal=terminal.is_terminal, color_system=colours))
    put("".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines()))


def put_found(found: Any, show: Callable[[Any, Console], None], as_json: bool) -> None:
    """Write what a command found to standard output: one JSON document, or what a function prints of it."""
    if as_json:
        put_json(found.to_dict())
    else:
        put_shown(lambda console: show(found, console))
