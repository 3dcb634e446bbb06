"""The supply network as a picture: everything in it once, nothing over anything else."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from pytest import approx
from sluicegate import Plan, load_case, with_reasons
from sluicegate.analysis.results import read_result
from sluicegate.report.charts.map_layout import BETWEEN, BOX_WIDTH, columns_of, spread
from sluicegate.report.charts.supply_map import OTHER, REVIEWED, THICK, Node, SupplyMap, supply_map

from sluicegate_testing.cli_cases import small


@pytest.fixture(scope="module")
def taiwan(result: Callable[[str], Path]) -> Plan:
    return read_result(result("taiwan-korea"), tables=True)[0]


def overlap(first: Node, second: Node) -> bool:
    apart = first.x + first.width <= second.x or second.x + second.width <= first.x
    return not (apart or first.y + first.height <= second.y or second.y + second.height <= first.y)


@pytest.mark.parametrize("name", ["tutorial", "japan-korea-2019", "taiwan-korea"])
def test_every_site_and_lane_has_its_place(name: str) -> None:
    case = load_case(name)
    found = supply_map(Plan(case=case, status="infeasible"))
    joined = {site for lane in case.lanes for site in (lane.origin, lane.destination)}
    assert {node.site for node in found.nodes} == joined
    assert {(link.origin, link.destination) for link in found.links} == {
        (lane.origin, lane.destination) for lane in case.lanes
    }
    assert len(found.lanes) == len(case.lanes)
    assert not any(overlap(first, second) for first, second in combinations(found.nodes, 2))
    for node in found.nodes:
        assert node.x >= 0 and node.y >= 0
        assert node.x + node.width <= found.width and node.y + node.height <= found.height


@pytest.mark.parametrize("name", ["tutorial", "japan-korea-2019", "taiwan-korea", "battery-europe"])
def test_labels_cover_nothing_and_sides_keep_apart(name: str) -> None:
    case = load_case(name)
    found = supply_map(Plan(case=case, status="infeasible", policies={row.regime: "open" for row in case.regimes}))
    boxes = [(node.x, node.y, node.width, node.height) for node in found.nodes]
    labels = [
        (link.text.left, link.text.top, link.text.width, link.text.height)
        for link in found.links
        if link.text is not None
    ]
    for place, (x, y, width, height) in enumerate(labels):
        assert x >= 0 and x + width <= found.width and y >= 0 and y + height <= found.height
        for other_x, other_y, other_width, other_height in [*boxes, *labels[:place]]:
            beside = x + width <= other_x or other_x + other_width <= x
            assert beside or y + height <= other_y or other_y + other_height <= y
    for before, after in pairwise(found.bands):
        assert before.bottom < after.top
    inside = {band.side: band for band in found.bands}
    for node in found.nodes:
        assert inside[node.side].top <= node.y and node.y + node.height <= inside[node.side].bottom


def test_arrows_run_from_box_to_box(taiwan: Plan) -> None:
    found = supply_map(taiwan)
    nodes = {node.site: node for node in found.nodes}
    for link in found.links:
        line, head = ([float(text) for text in re.findall(r"-?[\d.]+", path)] for path in (link.path, link.head))
        origin, destination = nodes[link.origin], nodes[link.destination]
        assert any(line[0] == approx(origin.x + side, abs=0.1) for side in (0.0, origin.width))
        assert origin.y < line[1] < origin.y + origin.height
        # The tip touches the box, the line ends at the foot of the head.
        assert any(head[0] == approx(destination.x + side, abs=0.1) for side in (0.0, destination.width))
        assert destination.y < head[1] < destination.y + destination.height
        assert line[-2] == approx(head[2], abs=0.1) and line[-1] == approx(head[1], abs=0.1)
        assert 3 < abs(head[0] - head[2]) < BETWEEN


@pytest.mark.parametrize("name", ["taiwan-korea", "battery-europe", "graphite-2023"])
def test_arrows_end_apart_and_what_is_said_at_one_place_is_said_once(name: str) -> None:
    case = load_case(name)
    found = supply_map(Plan(case=case, status="infeasible", policies={row.regime: "open" for row in case.regimes}))
    arriving: dict[float, list[tuple[float, float]]] = {}
    for link in found.links:
        (tip, _), (_, high), (_, low) = [
            tuple(map(float, point.split())) for point in re.split("[ML]", link.head.rstrip("Z"))[1:]
        ]
        arriving.setdefault(tip, []).append((min(high, low), max(high, low)))
    for heads in arriving.values():
        assert all(before[1] <= after[0] + 0.11 for before, after in pairwise(sorted(heads)))
    said = [
        (link.kind, link.words, site) for link in found.links if link.text for site in (link.origin, link.destination)
    ]
    assert len(set(said)) == len(said)


def test_columns_with_many_lanes_between_them_stand_further_apart(taiwan: Plan, plan: Plan) -> None:
    def steps(found: SupplyMap) -> list[float]:
        lefts = sorted({node.x for node in found.nodes})
        return [after - before for before, after in pairwise(lefts)]

    wide = steps(supply_map(taiwan))
    assert min(wide) >= BOX_WIDTH + BETWEEN and wide[0] == max(wide) > BOX_WIDTH + BETWEEN + 20
    assert set(steps(supply_map(plan))) == {BOX_WIDTH + BETWEEN}


def test_lanes_that_can_be_reviewed_run_forwards(taiwan: Plan) -> None:
    found = supply_map(taiwan)
    nodes = {node.site: node for node in found.nodes}
    for link in found.links:
        if link.kind in ("reviewed", "new"):
            assert nodes[link.origin].x < nodes[link.destination].x, (link.origin, link.destination)


def test_width_is_what_a_lane_decides(plan: Plan) -> None:
    found = supply_map(plan)
    links = {(link.origin, link.destination): link for link in found.links}
    # By hand: gas 10 a week at 2; chips 4 a week at 20. The reviewed lane is the wider, though chips are worth more.
    assert links["us-site", "them-site"].value == approx(20)
    assert links["them-site", "us-site"].value == approx(80)
    assert links["us-site", "them-site"].width == approx(REVIEWED)
    assert links["them-site", "us-site"].width == approx(OTHER)
    weighed = {link.kind: link.width for link in supply_map(with_reasons(plan)).links}
    assert max(weighed["reviewed"], weighed["new"]) == approx(THICK)


def test_what_is_bought_for_one_scenario_is_not_idle(taiwan: Plan) -> None:
    kinds = {row["lane"].lane: row["kind"] for row in supply_map(taiwan).lanes}
    assert taiwan.qualified and all(kinds.get(lane, "new") == "new" for lane in taiwan.qualified)


def test_controlled_lanes_are_marked(plan: Plan, taiwan: Plan) -> None:
    kinds = {(link.origin, link.destination): link.kind for link in supply_map(plan).links}
    assert kinds == {
        ("us-site", "them-site"): "reviewed",
        ("them-site", "us-site"): "theirs",
        ("world-site", "us-site"): "new",
    }
    left = supply_map(Plan(case=small(), status="infeasible", policies={"review": "open"}))
    assert {link.kind for link in left.links} == {"ours", "theirs", "idle"}
    rows = {row["lane"].lane: row["kind"] for row in supply_map(taiwan).lanes}
    for lane in taiwan.case.lanes:
        if lane.regime in taiwan.policies:
            assert rows[lane.lane] == ("ours" if taiwan.policies[lane.regime] == "open" else "reviewed")


def test_goods_move_to_the_right_unless_they_go_round() -> None:
    columns = columns_of(["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")])
    assert columns == {"a": 0, "b": 1, "c": 2, "d": 1}
    round_ = columns_of(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a")])
    assert round_ == {"a": 0, "b": 1, "c": 2}
    assert columns_of(["a", "b"], [("a", "b"), ("b", "a")]) == {"a": 0, "b": 1}


def test_boxes_are_spread_around_where_they_want_to_be() -> None:
    assert spread([0, 200], [20, 20]) == approx([0, 200])
    same = spread([50, 50, 50], [20, 20, 20])
    assert same[1] == approx(50)
    assert same[1] - same[0] == approx(36) and same[2] - same[1] == approx(36)
    assert spread([100, 0], [20, 20]) == approx([32, 68])


def test_long_names_fit_their_box() -> None:
    case = small()
    long = case.sites[0].model_copy(update={"name": "a very long name of a site that makes many things, " * 4})
    found = supply_map(Plan(case=_with_site(case, long), status="infeasible"))
    node = next(node for node in found.nodes if node.site == long.site)
    assert len(node.lines) == 2 and node.lines[1].endswith("…")
    assert long.name.strip() in node.label


def _with_site(case, site):  # type: ignore[no-untyped-def]
    import dataclasses

    return dataclasses.replace(case, sites=(site, *case.sites[1:]))
