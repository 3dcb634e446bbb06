"""What a case says to other tools: a data package that Frictionless accepts, a schema that editors complete by."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from sluicegate.cli import cli
from sluicegate.data import load_case, shipped_cases, write_folder
from sluicegate.data.output.case_tables import folder_contents
from sluicegate.data.package import data_package, settings_schema

CASES = [case.name for case in shipped_cases()]


def checked(folder: Path) -> dict[str, Any]:
    """What Frictionless says about a data package; its own process, as it warns about other libraries."""
    command = [sys.executable, "-W", "ignore", "-m", "frictionless", "validate", "datapackage.json", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("package") / "case"
    result = CliRunner().invoke(cli, ["cases", "copy", "taiwan-korea", str(made), "--datapackage"])
    assert result.exit_code == 0, result.output
    return made


def test_frictionless_accepts_the_package_of_a_shipped_case(folder: Path) -> None:
    report = checked(folder)
    assert report["valid"], report
    assert {task["name"] for task in report["tasks"]} == {path.stem for path in folder.glob("*.csv")}
    # The package is no table of the case.
    assert not load_case(folder).warnings


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("lanes.csv", ",hsinchu,", ",nowhere,", "foreign-key"),
        ("parties.csv", "focal", "local", "constraint-error"),
        ("demands.csv", "quantity", "amount", "incorrect-label"),
    ],
)
def test_frictionless_finds_what_is_wrong_by_the_package(
    file: str, old: str, new: str, told: str, folder: Path, tmp_path: Path
) -> None:
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        if path.name == file:
            if old not in text:
                pytest.fail(f"{old!r} is not in {file}")
            text = text.replace(old, new)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    report = checked(tmp_path)
    errors = [error["type"] for task in report["tasks"] for error in task["errors"]]
    assert told in errors, report


@pytest.mark.parametrize("name", CASES)
def test_a_package_follows_the_declarations(name: str) -> None:
    document = json.loads(data_package(name, folder_contents(load_case(name))))
    by_name = {resource["name"]: resource for resource in document["resources"]}
    lanes = {field["name"]: field for field in by_name["lanes"]["schema"]["fields"]}
    assert lanes["unit_cost"] == {
        "name": "unit_cost",
        "type": "number",
        "description": "Price paid by the destination. Unit: money per unit.",
        "constraints": {"required": True, "minimum": 0},
    }
    # A column that a case leaves to its default is not in its files.
    assert ("lead_weeks" in lanes) == (name != "tutorial")
    assert lanes.get("lead_weeks", {"type": "integer"})["type"] == "integer"
    assert by_name["lanes"]["schema"]["primaryKey"] == ["lane"]
    assert {"fields": ["item"], "reference": {"resource": "items", "fields": ["item"]}} in by_name["lanes"]["schema"][
        "foreignKeys"
    ]
    assert by_name["parties"]["schema"]["fields"][1]["constraints"]["enum"] == ["focal", "counterpart", "ally", "other"]


def test_bounds_may_be_without_end() -> None:
    contents = {"stocks.csv": b"site,item,capacity\nhome,chip,inf\n"}
    (resource,) = json.loads(data_package("x", contents))["resources"]
    assert resource["schema"]["missingValues"] == ["", "inf"]


def test_a_package_goes_with_the_case_that_replaces_it(tmp_path: Path) -> None:
    write_folder(load_case("tutorial"), tmp_path / "case", describe=True)
    assert (tmp_path / "case" / "datapackage.json").exists()
    write_folder(load_case("taiwan-korea"), tmp_path / "case", force=True)
    assert not (tmp_path / "case" / "datapackage.json").exists()


def test_a_workbook_has_no_package(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["cases", "copy", "tutorial", str(tmp_path / "x.xlsx"), "--datapackage"])
    assert result.exit_code == 2 and "--datapackage describes the CSV tables of a folder" in result.stderr


def as_json(value: Any) -> Any:
    """A TOML document as a schema sees it: dates are texts."""
    if isinstance(value, dict):
        return {key: as_json(entry) for key, entry in value.items()}
    return value.isoformat() if isinstance(value, datetime.date) else value


def schema() -> dict[str, Any]:
    result = CliRunner().invoke(cli, ["cases", "schema"])
    assert result.exit_code == 0
    return dict(json.loads(result.stdout))


@pytest.mark.parametrize("name", CASES)
def test_the_settings_of_every_shipped_case_are_valid_by_the_schema(name: str) -> None:
    assert schema() == settings_schema()
    jsonschema.Draft202012Validator.check_schema(schema())
    contents = folder_contents(load_case(name))["case.toml"].decode()
    jsonschema.validate(as_json(tomllib.loads(contents)), schema(), jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "text",
    [
        "[horizon]\nweeks = 0\n",
        "[horizon]\nweek = 5\n",
        "[case]\ntitle = 'x'\n",
        "[horizon]\nweeks = 5\n[limits]\nbudget = -1\n",
        "[horizon]\nweeks = 5\n[objective]\nscenario = 'best'\n",
    ],
    ids=["no weeks", "misspelt", "no horizon", "negative", "another word"],
)
def test_the_schema_refuses_what_the_program_refuses(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(as_json(tomllib.loads(text)), schema(), jsonschema.Draft202012Validator)
