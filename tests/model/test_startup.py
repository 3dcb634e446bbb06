"""A solve imports nothing that takes long and is not needed."""

from __future__ import annotations

import subprocess
import sys

import pytest


def test_a_solve_imports_no_modelling_language_no_statistics_no_charts_and_no_workbooks() -> None:
    code = (
        "import sys, sluicegate\n"
        "assert sluicegate.solve(sluicegate.load_case('tutorial')).status == 'optimal'\n"
        "print(*sorted(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.split())
    assert {"scipy.sparse", "highspy"} <= loaded
    assert not loaded & {
        "pyomo",
        "scipy.stats",
        "scipy.integrate",
        "SALib",
        "altair",
        "duckdb",
        "openpyxl",
        "xlsxwriter",
    }


@pytest.mark.parametrize(("given", "kept"), [(None, "1"), ("3", "3")])
def test_the_command_leaves_other_cores_to_others_unless_told_otherwise(
    given: str | None, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if given is not None:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", given)
    code = (
        "import atexit, os, sys\n"
        "atexit.register(lambda: print(os.environ['OPENBLAS_NUM_THREADS']))\n"
        "sys.argv = ['sluicegate', '--version']\n"
        "from sluicegate.__main__ import main\n"
        "assert 'numpy' not in sys.modules\n"
        "main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == kept
