"""The supply network as a picture: where sites and the lanes between them are drawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ...analysis.dependence.prices import Prices
from ...model.network import NONE, OPEN, Network
from ..format.names import broken
from ..format.numbers import number, percent, plain

if TYPE_CHECKING:
    from ...data.schema.tables import Lane
    from ...model import Plan

BOX_WIDTH, LINE, PAD = 172.0, 13.0, 7.0
"""Width of a site's box, height of its lines, space around them."""

APART, BETWEEN = 16.0, 104.0
"""Space between boxes of a column, and between columns."""

THIN, THICK = 1.2, 16.0
"""Width of the lane that is worth least and most."""

CHARACTERS, MOST_LINES = 24, 2
"""Characters of a line of a site's name, and how many lines it may take."""

SWEEPS = 12
"""Rounds of ordering the columns; more change nothing that the eye sees."""


@dataclass
class Node:
    """A site.

    Attributes
    ----------
    site, party
        Ids.
    side
        ``ours``, ``counterpart`` or ``other``.
    lines
        Its name, broken.
    label
        What a pointer that rests on it is told.
    x, y, width, height
        Its box, in points.
    """

    site: str
    party: str
    side: str
    lines: Sequence[str]
    label: str
    x: float = 0.0
    y: float = 0.0
    width: float = BOX_WIDTH

    @property
    def height(self) -> float:
        """Height of its box."""
        return LINE * (len(self.lines) + 1) + 2 * PAD


@dataclass
class Link:
    """The lanes from one site to another.

    Attributes
    ----------
    origin, destination
        Ids of the sites.
    kind
        ``reviewed`` (a policy of ours is in force), ``ours`` (we could review it), ``theirs`` (the counterpart could), ``new``
        (idle before, used by the plan), ``idle`` or ``plain``.
    value
        Money a week before week 0; of new lanes, in the plan.
    label
        What a pointer that rests on it is told.
    path
        The line, as an SVG path.
    width
        Its width, in points.
    """

    origin: str
    destination: str
    kind: str
    value: float
    label: str
    path: str = ""
    width: float = THIN


@dataclass
class SupplyMap:
    """The picture.

    Attributes
    ----------
    nodes, links
        What it shows; links in the order in which they are drawn.
    width, height
        Its size in points.
    lanes
        Every lane as a row of a table: what the picture shows, in words.
    reviews
        Whether lanes may be under review.
    """

    nodes: list[Node]
    links: list[Link]
    width: float = 0.0
    height: float = 0.0
    lanes: list[dict[str, Any]] = field(default_factory=list)
    reviews: bool = True


def supply_map(plan: Plan) -> SupplyMap:
    """Return the supply network of a plan's case, with what the plan does to it.

    Parameters
    ----------
    plan
        A plan; without tables, lanes that it newly uses are not known as such.
    """
    network = Network(plan.case)
    rows = list(_lane_rows(plan, network))
    together: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        together[row["lane"].origin, row["lane"].destination].append(row)
    links = [_link(ends, members) for ends, members in together.items()]
    used = dict.fromkeys(site for ends in together for site in ends)
    nodes = [_node(plan, network, row.site) for row in plan.case.sites if row.site in used]
    found = SupplyMap(nodes, links, lanes=rows, reviews=plan.case.pressed or bool(plan.case.regimes))
    _place(found)
    return found


CLASSES = {"counterpart": "opposite"}
"""Sides as the picture calls them, where that is another word."""

KINDS = ("reviewed", "ours", "theirs", "new", "plain", "idle")
"""Kinds of links; of several lanes between two sites the first kind counts."""


def _lane_rows(plan: Plan, network: Network) -> Iterator[dict[str, Any]]:
    prices = Prices(network)
    after = _mean_flows(plan)
    names = {row.item: plain(row.name or row.item) for row in plan.case.items}
    units = {row.item: plain(row.unit) for row in plan.case.items}
    for lane in network.lanes.values():
        mean = after.get(lane.lane, 0.0)
        policy = plan.policies.get(lane.regime or "", None)
        if lane.regime is not None and policy is None:
            kind = "theirs"
        elif lane.regime is not None:
            kind = "ours" if policy == OPEN else "reviewed"
        elif lane.base_flow > 0:
            kind = "plain"
        else:
            kind = "new" if mean > 1e-6 * min(lane.max_flow, network.usable.dispatched(lane)) else "idle"
        yield {
            "lane": lane,
            "item": names[lane.item],
            "unit": units[lane.item],
            "kind": kind,
            "policy": policy,
            "value": prices.value(lane) if lane.base_flow > 0 else prices.price(lane.item) * mean,
            "before": lane.base_flow,
            "after": after.get(lane.lane),
        }


def _mean_flows(plan: Plan) -> dict[str, float]:
    """Return mean dispatches a week without retaliation, by lane."""
    if "flows" not in plan.tables:
        return {}
    flows = plan.tables["flows"]
    flows = flows[(flows["side"] == "counterpart") | (flows["scenario"] == NONE)]
    weeks = plan.case.settings.horizon.weeks
    return (flows.groupby("lane")["dispatched"].sum() / weeks).to_dict()


def _link(ends: tuple[str, str], rows: Sequence[dict[str, Any]]) -> Link:
    kind = min((row["kind"] for row in rows), key=KINDS.index)
    told = [f"{ends[0]} to {ends[1]}"]
    for row in rows:
        lane: Lane = row["lane"]
        words = f"{row['item']}: {number(lane.base_flow)} {row['unit']} a week".replace("  ", " ")
        if lane.regime:
            words += f", {lane.regime}" + (f" ({row['policy']})" if row["policy"] else "")
        told.append(words)
    value = sum(row["value"] for row in rows)
    return Link(*ends, kind, value, "; ".join(map(plain, told)))


def _node(plan: Plan, network: Network, site: str) -> Node:
    row = next(row for row in plan.case.sites if row.site == site)
    parties = {row.party: plain(row.name or row.party) for row in plan.case.parties}
    name = plain(row.name or site)
    lines = broken(name, CHARACTERS)
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1].rstrip()[: CHARACTERS - 1]}…"]
    makes = [plain(process.output) for process in plan.case.processes if process.site == site]
    label = f"{name} ({site}), {parties[row.party]}" + (f"; makes {', '.join(makes)}" if makes else "")
    party = broken(parties[row.party], CHARACTERS)
    shown = party[0] if len(party) == 1 else f"{party[0].rstrip()[: CHARACTERS - 1]}…"
    return Node(
        site, shown, CLASSES.get(network.side[site], network.side[site]), [line.strip() for line in lines], label
    )


# Layout --------------------------------------------------------------------------------------------------------------
#
# Sites in columns, goods moving to the right (Sugiyama's method): columns by longest path, links over several columns
# led through places of their own, each column ordered by the mean of its neighbours.

Slot = tuple[str, int]
"""A place in a column: a site with number -1, or the link's number where it passes."""


def _place(found: SupplyMap) -> None:
    ends = [(link.origin, link.destination) for link in found.links]
    columns = _columns([node.site for node in found.nodes], ends)
    nodes = {node.site: node for node in found.nodes}
    slots: dict[int, list[Slot]] = defaultdict(list)
    sides = ("ours", "other", "opposite")
    for node in sorted(found.nodes, key=lambda node: sides.index(node.side)):
        slots[columns[node.site]].append((node.site, -1))
    chains: list[list[Slot]] = []
    for place, (origin, destination) in enumerate(ends):
        first, last = sorted((columns[origin], columns[destination]))
        passed: list[Slot] = [(str(column), place) for column in range(first + 1, last)]
        for column, slot in zip(range(first + 1, last), passed, strict=True):
            slots[column].append(slot)
        start, end = (origin, destination) if columns[origin] <= columns[destination] else (destination, origin)
        chains.append([(start, -1), *passed, (end, -1)])
    _order(slots, chains)
    heights = {(node.site, -1): node.height for node in found.nodes}
    centres = _centres(slots, chains, heights)
    lowest = min(centres[slot] - heights.get(slot, 0.0) / 2 for slot in centres) if centres else 0.0
    for node in found.nodes:
        node.x = 8 + columns[node.site] * (BOX_WIDTH + BETWEEN)
        node.y = centres[node.site, -1] - node.height / 2 - lowest + 8
    found.width = 16 + max((node.x + node.width for node in found.nodes), default=0.0) - 8
    found.height = 16 + max((centres[slot] + heights.get(slot, 0.0) / 2 for slot in centres), default=0.0) - lowest
    most = max((link.value for link in found.links), default=0.0) or 1.0
    for link, chain in zip(found.links, chains, strict=True):
        link.width = THIN + (THICK - THIN) * link.value / most
        middle = [
            (8 + int(slot[0]) * (BOX_WIDTH + BETWEEN), centres[slot] - lowest + 8) for slot in chain if slot[1] >= 0
        ]
        link.path = _path(nodes[link.origin], nodes[link.destination], middle)
    found.links.sort(key=lambda link: (-KINDS.index(link.kind), -link.width))


def _columns(sites: Sequence[str], ends: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return the column of every site; links that close a cycle run backwards."""
    following: dict[str, list[str]] = defaultdict(list)
    for origin, destination in ends:
        following[origin].append(destination)
    arrived = {destination for _, destination in ends}
    forward: dict[str, list[str]] = defaultdict(list)
    state: dict[str, bool] = {}
    finished: list[str] = []

    def walk(start: str) -> None:
        stack = [(start, iter(following[start]))]
        state[start] = True
        while stack:
            site, ahead = stack[-1]
            for other in ahead:
                if state.get(other):
                    continue
                forward[site].append(other)
                if other not in state:
                    state[other] = True
                    stack.append((other, iter(following[other])))
                    break
            else:
                state[site] = False
                finished.append(site)
                stack.pop()

    for site in [*(site for site in sites if site not in arrived), *sites]:
        if site not in state:
            walk(site)
    columns = dict.fromkeys(sites, 0)
    for site in reversed(finished):
        for other in forward[site]:
            columns[other] = max(columns[other], columns[site] + 1)
    # A site nothing comes to stands just before those it supplies.
    for site in sites:
        if site not in arrived and forward[site]:
            columns[site] = min(columns[other] for other in forward[site]) - 1
    return columns


def _neighbours(chains: Iterable[Sequence[Slot]]) -> tuple[dict[Slot, list[Slot]], dict[Slot, list[Slot]]]:
    """Return what lies to the left and to the right of every slot."""
    left: dict[Slot, list[Slot]] = defaultdict(list)
    right: dict[Slot, list[Slot]] = defaultdict(list)
    for chain in chains:
        for first, second in pairwise(chain):
            left[second].append(first)
            right[first].append(second)
    return left, right


def _order(slots: dict[int, list[Slot]], chains: Sequence[Sequence[Slot]]) -> None:
    """Order every column by the mean position of its neighbours, forwards and backwards in turn."""
    left, right = _neighbours(chains)
    for sweep in range(SWEEPS):
        beside = left if sweep % 2 == 0 else right
        for column in sorted(slots, reverse=sweep % 2 == 1):
            position = {
                slot: (place + 0.5) / len(column_slots)
                for column_slots in slots.values()
                for place, slot in enumerate(column_slots)
            }
            slots[column].sort(key=lambda slot: _mean([position[other] for other in beside[slot]], position[slot]))


def _centres(
    slots: dict[int, list[Slot]], chains: Sequence[Sequence[Slot]], heights: dict[Slot, float]
) -> dict[Slot, float]:
    """Return the height at which every slot stands: near its neighbours, apart from those of its column."""
    left, right = _neighbours(chains)
    centres: dict[Slot, float] = {}
    for column in slots.values():
        total = 0.0
        for slot in column:
            centres[slot] = total + heights.get(slot, 0.0) / 2
            total += heights.get(slot, 0.0) + APART
        for slot in column:
            centres[slot] -= total / 2
    for sweep in range(SWEEPS):
        for number_ in sorted(slots, reverse=sweep % 2 == 1):
            column = slots[number_]
            wanted = [
                _mean([centres[other] for other in (*left[slot], *right[slot])], centres[slot]) for slot in column
            ]
            for slot, centre in zip(column, _spread(wanted, [heights.get(slot, 0.0) for slot in column]), strict=True):
                centres[slot] = centre
    return centres


def _spread(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Return places as near as can be to the wanted ones that keep their order and do not overlap."""
    groups: list[tuple[float, int]] = []
    offsets, total = [], 0.0
    for height in heights:
        offsets.append(total + height / 2)
        total += height + APART
    # Each group moves as one; groups that would overlap become one (pool adjacent violators).
    for target, offset in zip(wanted, offsets, strict=True):
        mean, count = target - offset, 1
        while groups and groups[-1][0] > mean:
            other, members = groups.pop()
            mean, count = (other * members + mean * count) / (members + count), members + count
        groups.append((mean, count))
    starts = [mean for mean, count in groups for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _path(origin: Node, destination: Node, middle: Sequence[tuple[float, float]]) -> str:
    """Return a line from one box to another, level where it passes a column."""
    forward = origin.x <= destination.x
    start = (origin.x + (origin.width if forward else 0.0), origin.y + origin.height / 2)
    end = (destination.x + (0.0 if forward else destination.width), destination.y + destination.height / 2)
    if origin.x == destination.x:
        start = (origin.x + origin.width, start[1])
        end = (destination.x + destination.width, end[1])
        bend = start[0] + BETWEEN / 2
        return f"M{start[0]:.1f} {start[1]:.1f}C{bend:.1f} {start[1]:.1f} {bend:.1f} {end[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
    points = [start]
    for x, y in middle if forward else list(reversed(middle)):
        points += [(x, y), (x + BOX_WIDTH, y)] if forward else [(x + BOX_WIDTH, y), (x, y)]
    points.append(end)
    path = f"M{start[0]:.1f} {start[1]:.1f}"
    for (x, y), (to_x, to_y) in pairwise(points):
        half = (x + to_x) / 2
        path += f"C{half:.1f} {y:.1f} {half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
    return path


def change_words(row: dict[str, Any]) -> str:
    """Return how a lane's flow changes under the plan."""
    before, after = row["before"], row["after"]
    if after is None:
        return ""
    if before <= 0:
        return "new" if row["kind"] == "new" else ""
    return percent(after / before, 0)
