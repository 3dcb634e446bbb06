"""The glossary: its terms are in use, its names exist, the page and the help lead to it, retired words are gone."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from sluicegate import evaluate, load_case
from sluicegate.cli import cli
from sluicegate.data import TABLES
from sluicegate.data.schema.declarations import columns
from sluicegate.data.schema.settings import Settings

from sluicegate_testing.pages import PAGES, ROOT

GLOSSARY = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (?!term|---)([^|]+) \| (.+) \| (.*?) ?\|$", GLOSSARY, re.MULTILINE)
TERMS = [term for term, _, _ in ROWS]
REST = {name: page.read_text(encoding="utf-8") for name, page in PAGES.items() if name != "docs/glossary.md"}

RETIRED = (
    "unkindest",
    "least kind",
    "kindness",
    "doubtful figures?",
    "figures in doubt",
    "hangs on",
    "told at once",
    "set anew",
)
"""Words for what is called otherwise now."""

ELSEWHERE = ("model.md", "conventions.md", "evidence", "CHANGELOG")
"""Pages that state the mathematics or the record in their own words."""


def test_no_term_is_explained_twice() -> None:
    assert len(TERMS) > 50
    assert sorted(set(TERMS)) == sorted(TERMS)


@pytest.mark.parametrize("term", TERMS)
def test_every_term_is_in_use(term: str) -> None:
    # Verbs and plurals count as the word.
    word = {"qualifying a lane": "qualify", "worth of a decision": "worth"}.get(term, term)
    pattern = re.compile(re.sub(r"y$", "(y|ies)", word).replace(" ", r"\s+"), re.IGNORECASE)
    assert any(pattern.search(page) for page in REST.values())


def test_every_name_in_files_exists() -> None:
    plan = evaluate(load_case("tutorial"), {"acid": "review"})
    document = plan.to_dict()
    known = set(document) | {key for entry in document["scenarios"].values() for key in entry} | set(plan.tables)
    known |= {f"[{section}]" for section in columns(Settings)} | set(TABLES)
    known |= {name for table in TABLES.values() for name in columns(table)}
    known |= {name for frame in plan.tables.values() for name in frame.columns}
    roles = {"focal", "ally", "counterpart", "other"}
    options = {option for command in cli.commands.values() for one in command.params for option in one.opts}
    for _, _, where in ROWS:
        for name in re.findall(r"`([^`]+)`", where):
            assert name in known | roles | options | {"plan.json", "case.toml", "program"}, name


def test_the_index_and_the_help_lead_to_it() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    assert re.search(r"^glossary$", index, re.MULTILINE)
    assert "docs/glossary.md" in REST["README.md"]
    assert "docs/glossary.md" in CliRunner().invoke(cli, ["--help"]).output


@pytest.mark.parametrize("word", RETIRED)
def test_retired_words_are_gone(word: str) -> None:
    texts = {name: text for name, text in REST.items() if not any(other in name for other in ELSEWHERE)}
    # What commands print is theirs to word; their help is on a page of its own.
    prose = {name: re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL) for name, text in texts.items()}
    assert [name for name, text in prose.items() if re.search(rf"\b{word}\b", text, re.IGNORECASE)] == []
