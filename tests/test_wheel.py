"""The wheel puts only ``sluicegate/`` into site-packages, and works from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("data", "model", "analysis", "report", "commands")


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    # Built from a copy: a build leaves folders behind, and tests run side by side.
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    built = run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(folder),
        str(source),
    )
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(folder), str(wheel))
    assert done.returncode == 0, done.stderr
    return folder


def in_site(site: Path, code: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-c", code, cwd=site, env={**os.environ, "PYTHONPATH": str(site)})


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "sluicegate",
        next(n for n in names if "dist-info" in n).split("/")[0],
    }
    modules = {name for name in names if name.endswith(".py")}
    shipped = {
        f"sluicegate/{path.relative_to(ROOT)}"
        for path in [*ROOT.glob("*.py"), *(p for room in ROOMS for p in (ROOT / room).rglob("*.py"))]
    }
    assert modules == shipped
    assert "sluicegate/py.typed" in names
    for case in ("battery-europe", "taiwan-korea", "japan-korea-2019", "japan-korea-2019-ex-post", "tutorial"):
        assert f"sluicegate/data/cases/{case}/case.toml" in names
        assert f"sluicegate/data/cases/{case}/lanes.csv" in names
    assert "sluicegate/data/template/case.toml" in names
    assert "sluicegate/data/trade/areas.csv" in names
    assert "sluicegate/data/trade/extracts/korea-imports.csv" in names
    templates = {f"sluicegate/report/page/templates/{path.name}" for path in (ROOT / "report/page/templates").iterdir()}
    assert templates and templates <= set(names)
    assert not [name for name in names if "/tests/" in name or "/tools/" in name or "/docs/" in name]


@pytest.mark.parametrize("module", ["model", "data", "report", "analysis", "cli", "tests", "tools"])
def test_nothing_generic_can_be_imported(site: Path, module: str) -> None:
    done = in_site(site, f"import {module}")
    assert done.returncode != 0
    assert "ModuleNotFoundError" in done.stderr


def test_the_installed_package_solves(site: Path) -> None:
    command = str(site / "bin" / "sluicegate")
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = run(command, "solve", "tutorial", "--json", "-o", "out", cwd=site, env=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "optimal"
    reported = run(command, "report", "out", cwd=site, env=environment)
    assert reported.returncode == 0, reported.stderr
    assert "</html>" in (site / "out" / "report.html").read_text(encoding="utf-8")
    where = in_site(site, "import sluicegate; print(sluicegate.__file__)").stdout
    assert where.startswith(str(site))
