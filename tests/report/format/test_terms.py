"""Terms that pages explain: the glossary's words, at their first mention."""

from __future__ import annotations

import re
from pathlib import Path

from sluicegate.report.format.terms import ONE_SIDED, TERMS, Explained

GLOSSARY = Path(__file__).parents[3] / "docs" / "glossary.md"


def test_meanings_are_those_of_the_glossary() -> None:
    rows = re.findall(r"^\| ([^|]+?) \| ((?:\\\||[^|])+?) \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    found = {name: meaning.replace("\\|", "|").replace("`", "") for name, meaning in rows}
    assert {name: found[name] for name in TERMS} == TERMS


def test_where_there_is_no_counterpart_nothing_is_said_of_one() -> None:
    for name in ONE_SIDED:
        assert not re.search("leverage|counterpart|package|retaliation", TERMS[name]), name


def test_only_the_first_mention_is_a_link() -> None:
    explained = Explained()
    text = explained("Leverage under the worst package & two packages: leverage.")
    assert re.findall(r"<a [^>]*>([^<]+)</a>", text) == ["Leverage", "worst package", "packages"]
    assert "&amp;" in text and 'href="#term-worst-package"' in text
    assert explained("leverage") == "leverage"
    assert set(explained.told) == {"leverage", "worst package", "package"}


def test_names_are_no_terms() -> None:
    assert "<a" not in Explained()("the “world market”, World market and non-leverage")
    assert "<a" in Explained()("Worlds differ")
    assert "<a" not in Explained(two_sided=False)("leverage and gap")
    assert Explained()("<b>").startswith("&lt;")
