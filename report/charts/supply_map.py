"""The supply network as a picture: its sites and lanes, what the plan decides about them, what flows in every scenario."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...analysis.dependence.prices import Prices
from ...data.schema.names import policy_words
from ...model.network import NONE, OPEN, Network
from ..format.names import broken
from ..format.numbers import number, percent, plain
from .map_layout import BOX_WIDTH, LINE, PAD, Band, Label, placed

if TYPE_CHECKING:
    from ...data.schema.names import Names
    from ...data.schema.tables import Lane
    from ...model import Plan

THIN, THICK = 1.5, 8.0
"""Width of the line of a lane that decides least and most."""

REVIEWED, OTHER = 4.0, 3.0
"""Width of a lane under review, or new with the plan, of which nothing is known; greatest width of a lane that decides nothing."""

CHARACTERS, MOST_LINES = 22, 2
"""Characters of a line of a site's name, and how many lines it may take."""

MOST_FIGURES = 60_000
"""Weekly flows that a page holds; of a larger case it holds the mean of every scenario."""


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
    name
        Its whole name.
    x, y, width, height
        Its box, in points.
    least
        How high the box is at least, so that its arrows have room.
    """

    site: str
    party: str
    side: str
    lines: Sequence[str]
    label: str
    name: str = ""
    x: float = 0.0
    y: float = 0.0
    width: float = BOX_WIDTH
    least: float = 0.0

    @property
    def words_height(self) -> float:
        """Height of its words with the space around them."""
        return LINE * (len(self.lines) + 1) + 2 * PAD

    @property
    def height(self) -> float:
        """Height of its box."""
        return max(self.words_height, self.least)

    @property
    def words_top(self) -> float:
        """Where its words begin, below the top of the box: they stand in its middle."""
        return (self.height - self.words_height) / 2


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
    path, head
        The line and the head of its arrow, as SVG paths.
    width
        Its width, in points: of lanes under review and of new ones, what is lost without the decision.
    lanes, items
        Their ids, and what they carry.
    words
        What it carries, where it decides something; else empty.
    text
        Where these words stand; None where there is no room, or nothing to say.
    """

    origin: str
    destination: str
    kind: str
    value: float
    label: str
    path: str = ""
    head: str = ""
    width: float = THIN
    lanes: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    words: str = ""
    text: Label | None = None


@dataclass
class SupplyMap:
    """The picture.

    Attributes
    ----------
    nodes, links
        What it shows; links in the order in which they are drawn.
    bands
        The sides, from top to bottom.
    width, height
        Its size in points.
    lanes
        Every lane as a row of a table: what the picture shows, in words.
    reviews
        Whether lanes may be under review.
    """

    nodes: list[Node]
    links: list[Link]
    bands: Sequence[Band] = ()
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
    weights = _weights(plan)
    links = [_link(ends, members, weights, plan.case.names) for ends, members in together.items()]
    used = dict.fromkeys(site for ends in together for site in ends)
    nodes = [_node(plan, network, row.site) for row in plan.case.sites if row.site in used]
    _widen(links)
    bands = {CLASSES.get(side, side): name for side, name in SIDES.items()}
    size = placed(nodes, links, [(side, bands[side]) for side in bands if any(node.side == side for node in nodes)])
    links.sort(key=lambda link: (-KINDS.index(link.kind), -link.width))
    reviews = plan.case.pressed or bool(plan.case.regimes)
    return SupplyMap(nodes, links, size.bands, size.width, size.height, rows, reviews)


SIDES = {"ours": "Our side", "other": "Others", "counterpart": "The counterpart"}
"""Sides in the order in which the picture has them, from top to bottom, and what it calls them."""


def _weights(plan: Plan) -> dict[str, float]:
    """Return what is lost without each policy and purchase, by regime, lane and qualification; money."""
    if plan.leverage is None:
        return {}
    # Where there is no plan without it, it is worth as much as the plan's best alternative: at least that of any other.
    ends = {row["key"]: row["high"] for row in plan.reasons if row["high"] is not None and not row["no_plan"]}
    most = max(ends.values(), default=1.0)
    return ends | {row["key"]: most for row in plan.reasons if row["no_plan"]}


def _widen(links: Sequence[Link]) -> None:
    """Give every line its width: by what it decides, all others by what they carry, and no more than `OTHER`."""
    deciding = [link for link in links if link.width > 0]
    most = max((link.width for link in deciding), default=0.0)
    value = max((link.value for link in links), default=0.0) or 1.0
    for link in links:
        if link.width > 0:
            link.width = REVIEWED + (THICK - REVIEWED) * link.width / most
        elif link.kind in DECIDING:
            link.width = REVIEWED
        else:
            link.width = THIN + (OTHER - THIN) * link.value / value


CLASSES = {"counterpart": "opposite"}
"""Sides as the picture calls them, where that is another word."""

DECIDING = ("reviewed", "new")
"""Kinds of lanes about which the plan decides something."""

KINDS = ("reviewed", "new", "ours", "theirs", "plain", "idle")
"""Kinds of links; of several lanes between two sites the first kind counts."""


def _lane_rows(plan: Plan, network: Network) -> Iterator[dict[str, Any]]:
    prices = Prices(network)
    after, qualified = _mean_flows(plan), set(plan.qualified)
    names = plan.case.names
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
            used = mean > 1e-6 * min(lane.max_flow, network.usable.dispatched(lane))
            kind = "new" if used or qualified & {lane.lane, lane.qualification} else "idle"
        yield {
            "lane": lane,
            "item": plain(names.item(lane.item)),
            "regime": names.regime(lane.regime) if lane.regime else "",
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


def _link(ends: tuple[str, str], rows: Sequence[dict[str, Any]], weights: Mapping[str, float], names: Names) -> Link:
    kind = min((row["kind"] for row in rows), key=KINDS.index)
    told = [f"{names.site(ends[0])} to {names.site(ends[1])}"]
    for row in rows:
        lane: Lane = row["lane"]
        words = f"{row['item']}: {number(lane.base_flow)} {row['unit']} a week".replace("  ", " ")
        if lane.regime:
            words += f", {row['regime']}" + (f" ({policy_words(row['policy'])})" if row["policy"] else "")
        told.append(words)
    value = sum(row["value"] for row in rows)
    decided = [row for row in rows if row["kind"] in DECIDING]
    weight = sum(max((weights.get(key or "", 0.0) for key in _keys(row["lane"])), default=0.0) for row in decided)
    carried = dict.fromkeys(row["item"] for row in rows if row["kind"] == kind and kind != "plain" and kind != "idle")
    lanes = tuple(row["lane"].lane for row in rows)
    items = tuple(dict.fromkeys(row["item"] for row in rows))
    label, words = "; ".join(map(plain, told)), ", ".join(map(plain, carried))
    return Link(*ends, kind, value, label, width=weight, lanes=lanes, items=items, words=words)


def _keys(lane: Lane) -> tuple[str | None, ...]:
    """Return what a plan may have decided about a lane: its regime, itself, its qualification."""
    return lane.regime, lane.lane, lane.qualification


def _node(plan: Plan, network: Network, site: str) -> Node:
    row = next(row for row in plan.case.sites if row.site == site)
    names = plan.case.names
    called, name = plain(names.party(row.party)), plain(names.site(site))
    lines = broken(name, CHARACTERS)
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1].rstrip()[: CHARACTERS - 1]}…"]
    made = dict.fromkeys(process.output for process in plan.case.processes if process.site == site)
    makes = [plain(names.item(item)) for item in made]
    label = f"{name}, {called}" + (f"; makes {', '.join(makes)}" if makes else "")
    party = broken(called, CHARACTERS)
    shown = party[0] if len(party) == 1 else f"{party[0].rstrip()[: CHARACTERS - 1]}…"
    side = network.side[site]
    return Node(site, shown, CLASSES.get(side, side), [line.strip() for line in lines], label, name)


def change_words(row: dict[str, Any]) -> str:
    """Return how a lane's flow changes under the plan."""
    before, after = row["before"], row["after"]
    if after is None:
        return ""
    if before <= 0:
        return "" if row["kind"] != "new" else "new" if after > 0 else "ready"
    return percent(after / before, 0)


def lane_flows(plan: Plan) -> dict[str, Any]:
    """Return what every lane carries before, and in every scenario, by week where that is no more than a page can hold.

    Returns
    -------
    dict
        ``before``: units a week by lane; ``flows``: by scenario and lane, units of every week, or the mean alone.
    """
    if "flows" not in plan.tables:
        return {"before": {}, "flows": {}}
    frame, weeks = plan.tables["flows"], plan.case.settings.horizon.weeks
    theirs = frame[frame["side"] == "counterpart"]
    whole = len(theirs) * len(plan.scenarios) + len(frame) <= MOST_FIGURES
    flows: dict[str, dict[str, list[float]]] = {}
    for scenario in plan.scenarios:
        rows = frame[(frame["scenario"] == scenario) | (frame["side"] == "counterpart")]
        table = rows.pivot_table(index="lane", columns="week", values="dispatched", aggfunc="sum", fill_value=0.0)
        table = table.reindex(columns=range(weeks), fill_value=0.0)
        amounts = table if whole else table.mean(axis=1).to_frame()
        flows[scenario] = {
            str(lane): [_short(value) for value in row]
            for lane, row in zip(amounts.index, amounts.to_numpy().tolist(), strict=True)
        }
    before = {row.lane: _short(row.base_flow) for row in plan.case.lanes}
    return {"before": before, "flows": flows}


def _short(value: float) -> float:
    """Return a figure with the four digits that a picture can show."""
    return float(f"{value:.4g}")
