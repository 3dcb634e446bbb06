"""JSON documents."""

from __future__ import annotations

import json
import math

import numpy as np
from sluicegate import Plan
from sluicegate.data import CaseError, load_case
from sluicegate.report.format.documents import check_document, to_bytes, to_json


def test_every_reader_accepts_it() -> None:
    document = {"a": math.inf, "b": [math.nan, np.float64(0.5), np.int64(3), True, None], ("c"): (1.0,)}
    assert json.loads(to_json(document)) == {"a": None, "b": [None, 0.5, 3, True, None], "c": [1.0]}


def test_names_of_every_script_survive() -> None:
    names = ["半导体", "שלום", "🙂", "[red]x[/red]", 'a"b\\c', "\udcff"]
    assert json.loads(to_bytes(names)) == names
    assert json.loads(to_json(names, ascii_only=True)) == names
    assert to_json(names, ascii_only=True).isascii()
    assert "半导体" in to_json(names)


def test_a_plan_comes_back_as_it_was(plan: Plan) -> None:
    assert json.loads(to_bytes(plan.to_dict())) == plan.to_dict()


def test_a_check_names_every_fault(plan: Plan) -> None:
    try:
        load_case("tutorial", ["lanes.nix.max_flow=1", "limits.budget=x"])
    except CaseError as error:
        document = check_document("tutorial", None, error.faults)
    assert (document["case"], document["valid"], document["warnings"]) == ("tutorial", False, [])
    assert [sorted(fault) for fault in document["faults"]] == 2 * [["column", "file", "message", "row", "value"]]

    document = check_document("x", plan.case, (), ["an odd figure"])
    assert (document["case"], document["valid"], document["faults"]) == ("small", True, [])
    assert document["warnings"] == [
        {"file": None, "row": None, "column": None, "value": None, "message": "an odd figure"}
    ]
    assert document["rows"]["lanes"] == 3
    assert document["digest"] == plan.case.digest
    json.loads(to_json(document))
