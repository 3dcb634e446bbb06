"""Where sites and lanes of the supply network are drawn: bands by side, columns by stage, arrows from box to box.

Sites in columns, goods moving to the right (Sugiyama's method): columns by longest path, what matters most forwards, links
over several columns led through places of their own, each column ordered by the mean of its neighbours within each side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .supply_map import Link, Node

BOX_WIDTH, LINE, PAD = 152.0, 13.0, 7.0
"""Width of a site's box, height of its lines, space around them."""

APART, BETWEEN, EDGE = 16.0, 92.0, 8.0
"""Space between boxes of a column, between columns, and around the picture."""

FEW_LINES, LINE_ROOM, MOST_ROOM = 12, 5.0, 100.0
"""Lines between two columns that need no more space, what each further one adds, and all together at most."""

TIGHT = 1.0
"""Space between the heads of two arrows that end at the same side of a box."""

HEAD, GAP = 26.0, 14.0
"""Height of a band's name above its boxes, and of what is left free between bands."""

SWEEPS = 12
"""Rounds of ordering the columns; more change nothing that the eye sees."""

SIZE, LETTER = 11.0, 6.2
"""Size of the labels' letters, and the width of one."""

ALONG = (0.5, 0.42, 0.58, 0.35, 0.65, 0.28, 0.72, 0.2, 0.8, 0.12, 0.88)
"""Where along a line its label may stand, the best first."""

EVERYWHERE = tuple(place / 24 for place in range(25))
"""Where a line is looked at to see whether a label covers it."""

PRIORITY = ("reviewed", "new", "ours", "theirs", "plain", "idle")
"""Kinds of links that run forwards before others do, where all together would go round."""

Slot = tuple[str, int]
"""A place in a column: a site with number -1, or the link's number where it passes."""

Point = tuple[float, float]

Box = tuple[float, float, float, float]
"""Left, top, width and height."""


@dataclass(frozen=True)
class Band:
    """A side's part of the picture: its name, and from where to where it goes, in points."""

    side: str
    name: str
    top: float
    bottom: float


@dataclass(frozen=True)
class Label:
    """Where words stand: the middle of their base line, and the box that they take, in points."""

    x: float
    y: float
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Size:
    """The size of the picture, and its bands from top to bottom."""

    bands: tuple[Band, ...]
    width: float
    height: float


def placed(nodes: Sequence[Node], links: Sequence[Link], sides: Sequence[tuple[str, str]]) -> Size:
    """Place boxes, lines, arrows and labels.

    Parameters
    ----------
    nodes, links
        What is placed: ``x``, ``y`` of nodes, ``path``, ``head`` and ``text`` of links are set.
    sides
        Sides from top to bottom with their names.
    """
    order = sorted(range(len(links)), key=lambda place: (PRIORITY.index(links[place].kind), -links[place].width, place))
    columns = columns_of([node.site for node in nodes], [(links[at].origin, links[at].destination) for at in order])
    band_of = {side: place for place, (side, _) in enumerate(sides)}
    own = {node.site: band_of[node.side] for node in nodes}
    slots: dict[int, list[Slot]] = defaultdict(list)
    bands: dict[Slot, int] = {}
    for node in nodes:
        slots[columns[node.site]].append((node.site, -1))
        bands[node.site, -1] = own[node.site]
    chains: list[list[Slot]] = []
    for place, link in enumerate(links):
        ends = sorted((link.origin, link.destination), key=columns.__getitem__)
        between = range(columns[ends[0]] + 1, columns[ends[1]])
        passed: list[Slot] = [(str(column), place) for column in between]
        for column, slot in zip(between, passed, strict=True):
            slots[column].append(slot)
            bands[slot] = own[ends[0]] if 2 * (column - columns[ends[0]]) <= len(between) else own[ends[1]]
        chains.append([(ends[0], -1), *passed, (ends[1], -1)])
    for node in nodes:
        node.least = _port_room(node.site, columns, links)
    heights = {(node.site, -1): node.height for node in nodes}
    _order(slots, chains, bands)
    centres, told, top = {}, [], EDGE
    for band, (side, name) in enumerate(sides):
        inside = {column: [slot for slot in found if bands[slot] == band] for column, found in slots.items()}
        own_chains = [[slot for slot in chain if bands[slot] == band] for chain in chains]
        found = _centres(inside, own_chains, heights)
        low = min((centre - heights.get(slot, 0.0) / 2 for slot, centre in found.items()), default=0.0)
        high = max((centre + heights.get(slot, 0.0) / 2 for slot, centre in found.items()), default=0.0)
        for slot, centre in found.items():
            centres[slot] = centre - low + top + HEAD
        bottom = top + HEAD + high - low + GAP / 2
        told.append(Band(side, name, top, bottom))
        top = bottom + GAP
    lefts = _lefts(columns.values(), [[_column(slot, columns) for slot in chain] for chain in chains])
    for node in nodes:
        node.x = lefts[columns[node.site]]
        node.y = centres[node.site, -1] - node.height / 2
    width = 2 * EDGE + max((node.x + node.width for node in nodes), default=0.0)
    _draw(nodes, links, chains, centres, lefts)
    _label(nodes, links, told)
    return Size(tuple(told), width, top - GAP + EDGE)


def columns_of(sites: Sequence[str], ends: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return the column of every site.

    Links run to the right in the order in which they are given; one that would close a circle with those before it runs back.
    """
    forward: dict[str, list[str]] = defaultdict(list)
    for origin, destination in ends:
        if origin != destination and not _reaches(forward, destination, origin):
            forward[origin].append(destination)
    columns: dict[str, int] = {}
    arriving = dict.fromkeys(sites, 0)
    for following in forward.values():
        for other in following:
            arriving[other] += 1
    sources = [site for site in sites if not arriving[site]]
    ready = list(sources)
    for site in ready:
        columns.setdefault(site, 0)
        for other in forward[site]:
            columns[other] = max(columns.get(other, 0), columns[site] + 1)
            arriving[other] -= 1
            if not arriving[other]:
                ready.append(other)
    # A site nothing comes to stands just before those it supplies.
    for site in sources:
        if forward[site]:
            columns[site] = min(columns[other] for other in forward[site]) - 1
    return columns


def _reaches(forward: dict[str, list[str]], start: str, end: str) -> bool:
    seen, stack = {start}, [start]
    while stack:
        site = stack.pop()
        if site == end:
            return True
        for other in forward[site]:
            if other not in seen:
                seen.add(other)
                stack.append(other)
    return False


def _neighbours(chains: Iterable[Sequence[Slot]]) -> tuple[dict[Slot, list[Slot]], dict[Slot, list[Slot]]]:
    """Return what lies to the left and to the right of every slot."""
    left: dict[Slot, list[Slot]] = defaultdict(list)
    right: dict[Slot, list[Slot]] = defaultdict(list)
    for chain in chains:
        for first, second in pairwise(chain):
            left[second].append(first)
            right[first].append(second)
    return left, right


def _order(slots: dict[int, list[Slot]], chains: Sequence[Sequence[Slot]], bands: dict[Slot, int]) -> None:
    """Order every column by band, then by the mean position of its neighbours, forwards and backwards in turn."""
    left, right = _neighbours(chains)
    for sweep in range(SWEEPS):
        beside = left if sweep % 2 == 0 else right
        for column in sorted(slots, reverse=sweep % 2 == 1):
            position = {
                slot: (place + 0.5) / len(column_slots)
                for column_slots in slots.values()
                for place, slot in enumerate(column_slots)
            }
            slots[column].sort(
                key=lambda slot: (bands[slot], _mean([position[other] for other in beside[slot]], position[slot]))
            )


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
        for number in sorted(slots, reverse=sweep % 2 == 1):
            column = slots[number]
            wanted = [
                _mean([centres[other] for other in (*left[slot], *right[slot])], centres[slot]) for slot in column
            ]
            for slot, centre in zip(column, spread(wanted, [heights.get(slot, 0.0) for slot in column]), strict=True):
                centres[slot] = centre
    return centres


def spread(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
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


def _column(slot: Slot, columns: Mapping[str, int]) -> int:
    return columns[slot[0]] if slot[1] < 0 else int(slot[0])


def _lefts(columns: Iterable[int], chains: Iterable[Sequence[int]]) -> list[float]:
    """Return where every column begins: further apart where many lines go from one to the next."""
    lines = [0] * max(columns, default=0)
    for chain in chains:
        for before, after in pairwise(chain):
            if before != after:
                lines[min(before, after)] += 1
    found = [EDGE]
    for count in lines:
        room = min(MOST_ROOM, LINE_ROOM * max(0, count - FEW_LINES))
        found.append(found[-1] + BOX_WIDTH + BETWEEN + room)
    return found


# Lines and arrows ----------------------------------------------------------------------------------------------------


def _draw(
    nodes: Sequence[Node],
    links: Sequence[Link],
    chains: Sequence[Sequence[Slot]],
    centres: dict[Slot, float],
    lefts: Sequence[float],
) -> None:
    """Draw every line from a port of one box to a port of another, level where it passes a column, with its arrow."""
    boxes = {node.site: node for node in nodes}
    ports = _ports(boxes, links)
    turn = _turns(links, ports)
    for place, (link, chain) in enumerate(zip(links, chains, strict=True)):
        (start, out), (end, into) = ports[place, "start"], ports[place, "end"]
        middle = [(lefts[int(slot[0])], centres[slot]) for slot in chain if slot[1] >= 0]
        long, half = 5.0 + link.width, _half_head(link)
        # The line ends where the head begins.
        tip, foot = end, (end[0] + into * long, end[1])
        points = [start]
        for x, y in middle if out > 0 else list(reversed(middle)):
            points += [(x, y), (x + BOX_WIDTH, y)] if out > 0 else [(x + BOX_WIDTH, y), (x, y)]
        points.append(foot)
        turns = [turn[place] if at == 0 else 0.5 for at in range(len(points) - 1)]
        curves = (_curve(*ends, out, into, at) for ends, at in zip(pairwise(points), turns, strict=True))
        link.path = f"M{start[0]:.1f} {start[1]:.1f}" + "".join(curves)
        link.head = f"M{tip[0]:.1f} {tip[1]:.1f}L{foot[0]:.1f} {foot[1] - half:.1f}L{foot[0]:.1f} {foot[1] + half:.1f}Z"


def _turns(links: Sequence[Link], ports: dict[tuple[int, str], tuple[Point, int]]) -> dict[int, float]:
    """Return at which share of the way to the next column every line turns up or down.

    Of lines that go down from one column the highest turns last, of those that go up the lowest, so that they do not cross.
    """
    together: dict[tuple[float, int, bool], list[tuple[float, int]]] = defaultdict(list)
    for place in range(len(links)):
        ((x, y), side), ((_, end), _) = ports[place, "start"], ports[place, "end"]
        together[x, side, end > y].append((y, place))
    found = {}
    for (_, _, down), members in together.items():
        for rank, (_, place) in enumerate(sorted(members, reverse=down)):
            found[place] = 0.25 + 0.5 * (rank + 0.5) / len(members)
    return found


def _curve(start: Point, end: Point, out: int, into: int, turn: float) -> str:
    bend = start[0] + out * BETWEEN / 2
    if out * (end[0] - start[0]) > 0 and into == -out:
        half = start[0] + turn * (end[0] - start[0])
        return f"C{half:.1f} {start[1]:.1f} {half:.1f} {end[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
    return f"C{bend:.1f} {start[1]:.1f} {bend:.1f} {end[1]:.1f} {end[0]:.1f} {end[1]:.1f}"


def _half_head(link: Link) -> float:
    """Return half of how broad the head of a link's arrow is."""
    return 2.5 + 0.75 * link.width


def _port(link: Link, end: str) -> float:
    """Return the room that an end of a link takes at the side of a box."""
    return TIGHT + (2 * _half_head(link) if end == "end" else link.width + 2 * TIGHT)


def _sides(link: Link, lefts: Mapping[str, float]) -> Iterator[tuple[str, int, str]]:
    """Yield the boxes where a link ends, the side of each (1: right), and which end that is."""
    same = lefts[link.origin] == lefts[link.destination]
    yield link.origin, 1 if same or lefts[link.origin] < lefts[link.destination] else -1, "start"
    yield link.destination, 1 if same or lefts[link.origin] > lefts[link.destination] else -1, "end"


def _port_room(site: str, columns: Mapping[str, int], links: Sequence[Link]) -> float:
    """Return how high a box has to be so that no two arrows at one side of it overlap."""
    taken: dict[int, float] = defaultdict(float)
    for link in links:
        for end_site, side, end in _sides(link, columns):
            if end_site == site:
                taken[side] += _port(link, end)
    return max(taken.values(), default=0.0) + 2 * TIGHT


def _ports(boxes: dict[str, Node], links: Sequence[Link]) -> dict[tuple[int, str], tuple[Point, int]]:
    """Return where every line leaves and arrives, apart from others at the same side of a box, and to which side that is."""
    lefts = {site: box.x for site, box in boxes.items()}
    sides: dict[tuple[str, int], list[tuple[float, int, str]]] = defaultdict(list)
    for place, link in enumerate(links):
        far = {"start": link.destination, "end": link.origin}
        for site, side, end in _sides(link, lefts):
            sides[site, side].append((boxes[far[end]].y, place, end))
    found = {}
    for (site, side), members in sides.items():
        box = boxes[site]
        x = box.x + (box.width if side > 0 else 0.0)
        rooms = [_port(links[place], end) for _, place, end in sorted(members)]
        # What is left of the side goes between them.
        space = (box.height - sum(rooms)) / (len(rooms) + 1)
        y = box.y
        for room, (_, place, end) in zip(rooms, sorted(members), strict=True):
            found[place, end] = ((x, y + space + room / 2), side)
            y += space + room
    return found


# Labels --------------------------------------------------------------------------------------------------------------


def _label(nodes: Sequence[Node], links: Sequence[Link], bands: Sequence[Band]) -> None:
    """Put the words of links where they cover no box, no name of a band, no other words, and as few other lines as can be.

    Of links that say the same at one end and are of one kind, the first is labelled.
    """
    taken = [(node.x - 2, node.y - 2, node.width + 4, node.height + 4) for node in nodes]
    taken += [(EDGE, band.top, LETTER * len(band.name) + 12, HEAD - 4) for band in bands]
    lines = [list(_points(link.path, EVERYWHERE)) for link in links]
    said: set[tuple[str, str, str]] = set()
    for place in sorted(range(len(links)), key=lambda at: (PRIORITY.index(links[at].kind), -links[at].width, at)):
        link = links[place]
        ends = {(link.kind, link.words, site) for site in (link.origin, link.destination)}
        if not link.words or ends & said:
            continue
        width, height = LETTER * len(link.words) + 4, SIZE + 3
        best: tuple[int, Point, Box] | None = None
        for x, y in _points(link.path, ALONG):
            box = (x - width / 2, y - height - link.width / 2, width, height)
            if box[0] < 0 or any(_meet(box, other) for other in taken):
                continue
            crossed = sum(any(_inside(point, box) for point in line) for at, line in enumerate(lines) if at != place)
            if best is None or crossed < best[0]:
                best = crossed, (x, y), box
        if best is not None:
            _, (x, y), box = best
            link.text = Label(x, y - link.width / 2 - 4, *box)
            taken.append(box)
            said |= ends


def _inside(point: Point, box: Box) -> bool:
    return 0 <= point[0] - box[0] <= box[2] and 0 <= point[1] - box[1] <= box[3]


def _points(path: str, shares: Sequence[float]) -> Iterator[Point]:
    """Yield points of a line: of every curve at these shares of it, the middle curve first."""
    start, *curves = path[1:].split("C")
    at = tuple(map(float, start.split()))
    pieces = []
    for curve in curves:
        figures = tuple(map(float, curve.split()))
        pieces.append((at, figures[0:2], figures[2:4], figures[4:6]))
        at = figures[4:6]
    middle = len(pieces) // 2
    for piece in sorted(range(len(pieces)), key=lambda place: abs(place - middle)):
        corners = pieces[piece]
        for share in shares:
            rest = 1 - share
            parts = (rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3)
            x, y = (sum(part * corner[axis] for part, corner in zip(parts, corners, strict=True)) for axis in (0, 1))
            yield x, y


def _meet(first: Box, second: Box) -> bool:
    apart = first[0] + first[2] <= second[0] or second[0] + second[2] <= first[0]
    return not (apart or first[1] + first[3] <= second[1] or second[1] + second[3] <= first[1])
