"""Commands on trade statistics: goods ranked, a case drafted."""

# Libraries that take long to import are imported where they are used, so that --help answers at once.
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..report.console.errors import Refusal, shown
from ..report.console.given import split
from ..report.console.options import (
    draft_options,
    json_option,
    loudness_options,
    ranking_options,
    trade_options,
)
from ..report.console.output import Talk, put_found, put_json, put_shown
from ..report.console.places import check_ending, check_file, placing
from ..report.console.results import draw, now
from ..report.console.trade import Trade

if TYPE_CHECKING:
    pass


@click.command()
@trade_options
@ranking_options
@json_option
@loudness_options
def scan(
    trade: Trade,
    digits: str | None,
    sigma: str | None,
    top: int,
    page: str | None,
    chart: str | None,
    as_json: bool,
    talk: Talk,
    **ranking: Any,
) -> None:
    """Rank goods by who depends on whom, from trade statistics in DATA.

    DATA are files, folders or .zip archives as downloaded from UN Comtrade (API or bulk) or CEPII BACI, or plain tables
    with the columns month or year, origin, destination, item, quantity, unit, value. What was dropped or mended is listed.

    \b
    Examples:
      sluicegate scan BACI_Y2023.csv --focal TWN --counterpart KOR --allies USA,JPN
      sluicegate scan downloads --focal TWN --counterpart KOR --digits 4 --page list.html
      sluicegate scan korea-imports --focal KOR --diversify
    """
    from ..analysis.trade.ranking.scan import scan as rank
    from ..analysis.trade.ranking.sigma import find_sigmas
    from ..report.text.scan import show_scan

    if trade.counterpart is None and not ranking["diversify"]:
        raise Refusal("scan needs --counterpart, or --diversify for the buyer's view")
    began = now()
    for option, path, endings in (("--page", page, (".html",)), ("--chart", chart, (".svg", ".png", ".html"))):
        if path is not None:
            check_ending(option, path, endings)
            check_file(option, path)
    ranking |= {
        "years": trade.span,
        "digits": None if digits is None else int(digits),
        "sigmas": find_sigmas(sigma),
    }
    parties = trade.parties
    found = trade.use(lambda statistics: rank(statistics, parties, **ranking), talk)
    if page is not None:
        from ..report.charts.drawing import Here
        from ..report.page.page import write_page
        from ..report.page.scan import scan_page

        with placing(page, "file"):
            write_page(scan_page(found, began, Here()), page)
        talk.say(shown(f"Written to {page}"))
    if chart is not None:
        from ..report.charts.scan import scan_figures

        draw(chart, scan_figures(found), talk, "There is nothing to draw.")
    put_found(found, lambda found, console: show_scan(found, console, top), as_json)


@click.command()
@trade_options
@draft_options
@json_option
@loudness_options
def draft(trade: Trade, items: str, output: str, force: bool, as_json: bool, talk: Talk, **drafting: Any) -> None:
    """Make a case of trade statistics in DATA: flows and prices with their source, placeholders for the rest.

    The case can be solved at once. What no statistic says (stocks, penalties, margins, policies, capacities) is filled in by
    a default, marked as a placeholder in its sources with the reasoning and the question to ask; README.txt lists them.

    \b
    Examples:
      sluicegate draft BACI_Y2023.csv --focal TWN --counterpart KOR --items 854232 -o mine
      sluicegate draft downloads --focal CHN --counterpart EU --items 8505 --monthly -o mine
    """
    from ..analysis.trade.drafting.draft import draft_case
    from ..report.files.draft import case_name, draft_document, write_draft
    from ..report.text.draft import show_draft

    if trade.counterpart is None:
        raise Refusal("draft needs --counterpart, the side that buys what is controlled")
    chosen = split(items, ";" if ";" in items else ",")
    if not chosen:
        raise Refusal("--items names nothing; give HS codes such as 854232,854231")
    parties, drafting["years"] = trade.parties, trade.span
    name = case_name(output)
    found = trade.use(lambda statistics: draft_case(name, statistics, parties, chosen, **drafting), talk)
    with placing(output, "place"):
        write_draft(found, output, force=force)
    if as_json:
        put_json(draft_document(found, output))
    else:
        put_shown(lambda console: show_draft(found, output, console))
