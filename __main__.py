"""The way in: hears Ctrl-C before anything that takes long is imported, then runs the command."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from .signals import listen


def main() -> NoReturn:
    """Run the command and end the process with its exit code."""
    listen()
    # Matrices are small here: beside each other threads of BLAS wait in circles, on cores that other work could have.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _open_standard_streams()
    from .cli import main as run

    run()
    sys.exit()


def _open_standard_streams() -> None:
    """Give a process that was started without standard streams such that lead nowhere.

    Else the next files that are opened would take their numbers, and get what is printed. What is written to a standard output
    that is closed fails, as it should.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free.
            os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
            stream = open(number, "r" if name == "stdin" else "w", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


if __name__ == "__main__":
    main()
