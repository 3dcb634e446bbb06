"""A drafted case as a folder with a README, or a workbook."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...data import write_workbook
from ...data.output.case_tables import folder_contents
from ...data.storage.placing import place_folder
from ..format.numbers import counted

if TYPE_CHECKING:
    from ...analysis.trade.drafting.drafted import Drafted

README = """\
A case drafted from trade statistics
====================================

{title}
{source}

Flows and prices are from the statistics; each has a row in sources.csv with file, code and period. Everything else is a
placeholder: a default that stands in until somebody knows better, marked PLACEHOLDER in the notes of sources.csv, with its
reasoning. uncertainties.csv says how each figure may vary: flows and prices as they did over the months or years of the data,
placeholders within a plausible range. What you find out, write into its table, and take its row out of uncertainties.csv.

    sluicegate validate {folder}
    sluicegate solve {folder}

What to find out first: which placeholder moves leverage most,

    sluicegate sweep {folder} --design oat --vary uncertainties -o {folder}-doubts
    sluicegate sweep summary {folder}-doubts


Questions
---------

{questions}
"""


def case_name(output: str) -> str:
    """Return the name of the case that is written to a place."""
    path = Path(output)
    return path.stem if output.lower().endswith(".xlsx") else path.resolve().name


def write_draft(drafted: Drafted, output: str, *, force: bool = False) -> None:
    """Write a drafted case: a folder with README.txt, or a workbook.

    Parameters
    ----------
    drafted
        The draft.
    output
        A new folder, or a file that ends in ``.xlsx``; it appears complete or not at all.
    force
        Replace what is there.

    Raises
    ------
    FileExistsError
        Where something is there and `force` is not set.
    """
    if output.lower().endswith(".xlsx"):
        write_workbook(drafted.case, output, force=force)
        return
    contents = folder_contents(drafted.case) | {"README.txt": readme(drafted, output).encode()}
    place_folder(contents, output, force=force)


def readme(drafted: Drafted, output: str) -> str:
    """Return what a drafted case says about itself: what is a placeholder, and what to ask."""
    questions = "\n\n".join(
        f"{place}. {placeholder.title} ({counted(figures, 'figure')})\n"
        f"   default: {placeholder.reasoning}\n   ask: {placeholder.question}"
        for place, (placeholder, figures) in enumerate(drafted.placeholders, start=1)
    )
    source = next((row.source for row in drafted.case.sources if row.source), "")
    return README.format(
        title=drafted.case.settings.case.title,
        source=f"{source.partition(';')[0]}; {drafted.period.words}",
        folder=shlex.quote(output.rstrip("/")),
        questions=questions,
    )


def draft_document(drafted: Drafted, output: str) -> dict[str, Any]:
    """Return what a draft holds as plain mappings and lists."""
    case = drafted.case
    return {
        "case": output,
        "title": case.settings.case.title,
        "currency": case.settings.case.currency,
        "period": drafted.period.words,
        "digest": case.digest,
        "rows": {
            table: len(case.rows(table)) for table in ("parties", "sites", "items", "lanes", "demands", "sources")
        },
        "sourced": sum(1 for row in case.sources if row.confidence != "assumed"),
        "placeholders": [
            {
                "title": placeholder.title,
                "figures": figures,
                "default": placeholder.value,
                "reasoning": placeholder.reasoning,
                "question": placeholder.question,
            }
            for placeholder, figures in drafted.placeholders
        ],
        "notes": list(drafted.notes),
        "treatments": [
            {
                "rule": entry.rule.id,
                "action": entry.rule.action,
                "rows": entry.rows,
                "value": entry.value,
                "detail": entry.detail,
            }
            for entry in drafted.treatments
        ],
    }
