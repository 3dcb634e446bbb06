"""Rebuild the page on the evidence, or the samples it rests on."""

from __future__ import annotations

import click


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Rebuild the pages on the evidence and their charts from the shipped cases, the records and the stored samples."""
    if context.invoked_subcommand is None:
        from .page import build

        for path in build():
            click.echo(path)


@main.command()
def samples() -> None:
    """Run the Latin hypercube and Saltelli's design anew on both variants; about a quarter of an hour."""
    from .sampling import recompute

    recompute()


@main.command()
def forecast() -> None:
    """Draw the worlds of the graphite forecast anew and write it; about three minutes."""
    from .episodes.forecast import recompute, write

    recompute()
    click.echo(write())


@main.command()
@click.argument("outcome", type=click.Path(exists=True, dir_okay=False))
def score(outcome: str) -> None:
    """Score the graphite forecast against customs: a CSV of month,destination,tonnes."""
    import pandas as pd

    from .episodes.forecast import scored

    click.echo(scored(pd.read_csv(outcome)).round(2).to_string())


@main.command()
def episodes() -> None:
    """Draw the worlds of the episodes after 2019 anew; about five minutes."""
    from .episodes.backtest import recompute

    recompute()


@main.command()
@click.argument("case", default="taiwan-korea")
def assumptions(case: str) -> None:
    """Move every assumption of a Taiwan-Korea case to both ends of its range anew; about a quarter of an hour each."""
    from .assumptions import recompute

    recompute(case)


main()
