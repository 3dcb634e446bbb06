"""Countries as trade statistics write them: ISO codes, names, and the codes that are Comtrade's and BACI's own."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ..schema.errors import near

WORLD = "W00"
"""All countries together."""

UNSPECIFIED = "_X"
"""A partner that the statistics do not name."""

EU = tuple(
    "AUT BEL BGR HRV CYP CZE DNK EST FIN FRA DEU GRC HUN IRL ITA LVA LTU LUX MLT NLD POL PRT ROU SVK SVN ESP SWE".split()  # noqa: SIM905
)
"""Member states of the European Union since February 2020."""

NAMES = {
    WORLD: "World",
    UNSPECIFIED: "unspecified areas",
    "TWN": "Taiwan",
    "KOR": "South Korea",
    "PRK": "North Korea",
    "SUN": "USSR",
    "YUG": "Yugoslavia",
    "SCG": "Serbia and Montenegro",
    "CSK": "Czechoslovakia",
    "DDR": "German Democratic Republic",
    "ANT": "Netherlands Antilles",
    "BLX": "Belgium-Luxembourg",
    "USA": "United States",
    "RUS": "Russia",
    "GBR": "United Kingdom",
    "HKG": "Hong Kong",
    "EUU": "European Union",
    "COD": "DR Congo",
}
"""Names that are shorter than the ISO ones, and those the ISO list does not have."""

NOT_A_COUNTRY = re.compile(r"[a-z]\d{1,2}|x\d|_x")
"""Codes that Comtrade uses where ISO has none: regions "not elsewhere specified"."""


@dataclass(frozen=True)
class Area:
    """What a code or a name stands for.

    Attributes
    ----------
    id
        ISO 3166-1 alpha-3 of a country; `WORLD`, `UNSPECIFIED`, or the name of a group.
    kind
        ``country``, ``world``, ``unspecified`` or ``group``.
    """

    id: str
    kind: str

    @property
    def name(self) -> str:
        """Name for people."""
        return area_name(self.id)


def plain_key(text: str) -> str:
    """Return a code or name as it is looked up: lower case, without accents, blanks collapsed, leading zeros dropped."""
    folded = unicodedata.normalize("NFKD", text.replace("\ufffd", "")).casefold()
    folded = "".join(letter for letter in folded if not unicodedata.combining(letter))
    folded = " ".join(folded.replace("&", "and").replace("’", "'").split()).removesuffix(" (the)")
    return (folded.lstrip("0") or "0") if folded.isdigit() else folded


@cache
def _known() -> dict[str, Area]:
    """Return every code and name with what it stands for."""
    import pycountry

    found: dict[str, Area] = {}
    short: dict[str, list[Area]] = defaultdict(list)
    for country in pycountry.countries:
        area = Area(country.alpha_3, "country")
        texts = [country.alpha_3, country.alpha_2, country.numeric, country.name]
        texts += [getattr(country, name) for name in ("common_name", "official_name") if hasattr(country, name)]
        # `Korea, Republic of` and `Republic of Korea` are one.
        texts += [" ".join(reversed(country.name.split(", ")))]
        for text in texts:
            found[plain_key(text)] = area
        short[plain_key(country.name.partition(",")[0].partition("(")[0])].append(area)
    # A short name that several countries share means none of them.
    found = {key: areas[0] for key, areas in short.items() if len(areas) == 1} | found
    with (files(__package__) / "areas.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[plain_key(row["key"])] = Area(row["area"], row["kind"])
    return found


@cache
def find_area(text: str) -> Area | None:
    """Return what a code or name stands for; None where nobody knows.

    Parameters
    ----------
    text
        ISO alpha-2 or alpha-3, M49 or Comtrade's own number, or a name in English.
    """
    key = plain_key(text)
    known = _known()
    if key in known:
        return known[key]
    if NOT_A_COUNTRY.fullmatch(key) or re.search(r"\bn\.?e\.?s\b\.?|not elsewhere", key):
        return Area(UNSPECIFIED, "unspecified")
    parts = re.split(r" and |, | / |/|\+", key)
    if len(parts) > 1 and all(part in known and known[part].kind == "country" for part in parts):
        return Area(" and ".join(known[part].id for part in parts), "group")
    return None


def nearest_area(text: str) -> str | None:
    """Return the known code or name that is nearest to a text, or None."""
    return near(text, [key for key in _known() if not key.isdigit()], cutoff=0.75)


@cache
def area_name(area: str) -> str:
    """Return the name of an area for people."""
    import pycountry

    if area in NAMES:
        return NAMES[area]
    country = pycountry.countries.get(alpha_3=area)
    if country is None:
        return area
    return getattr(country, "common_name", country.name).partition(",")[0].partition(" (")[0]
