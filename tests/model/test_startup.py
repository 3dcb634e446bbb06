"""A solve imports nothing that takes long and is not needed."""

from __future__ import annotations

import subprocess
import sys


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
