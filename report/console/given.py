"""What is given on the command line, read: pairs of names and values, years, lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .errors import Refusal, shown

if TYPE_CHECKING:
    from ...data import Case
    from ...model import Plan

T = TypeVar("T")


def pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Split ``KEY=VALUE`` texts at the last equal sign: keys may hold equal signs, and the values here do not."""
    return _paired(option, ((text, *text.rpartition("=")[::2]) for text in texts))


def chosen_policies(option: str, texts: Sequence[str], menu: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Split ``REGIME=POLICY`` texts where the case has such a regime with such a policy: both may hold equal signs.

    Parameters
    ----------
    option
        The option.
    texts
        Its values.
    menu
        Policies of every regime.
    """
    return _paired(option, (_policy(option, text, menu) for text in texts))


def _policy(option: str, text: str, menu: Mapping[str, Sequence[str]]) -> tuple[str, str, str]:
    ends = [place for place, character in enumerate(text) if character == "="]
    splits = [(text[:end], text[end + 1 :]) for end in ends]
    read = [(regime, policy) for regime, policy in splits if policy in menu.get(regime, ())]
    if len(read) > 1:
        readings = " or ".join(f"regime {regime} with policy {policy}" for regime, policy in read)
        raise Refusal(shown(f"{option} {text} can be read as {readings}; rename one of them"))
    # What the case does not have is refused by the name that is most likely meant: the longest regime there is.
    known = [split for split in splits if split[0] in menu]
    regime, policy = (read or known[-1:] or splits[-1:] or [("", "")])[0]
    return text, regime, policy


def _paired(option: str, found: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Return keys with their values; texts without an equal sign, and keys given twice, are refused."""
    pairs: dict[str, str] = {}
    for text, key, value in found:
        if "=" not in text or not key:
            raise Refusal(shown(f"{option} {text}: write KEY=VALUE, with an equal sign"))
        if key in pairs:
            raise Refusal(shown(f"{option} {key} is given twice; give it once"))
        pairs[key] = value
    return pairs


def units(key: str, amount: str) -> float:
    """Read how much of ``SITE/ITEM`` is stockpiled."""
    try:
        return float(amount)
    except ValueError:
        raise Refusal(shown(f"--stockpile {key}={amount}: {amount!r} is not a number of units")) from None


def span_of_years(text: str | None) -> tuple[int, int] | None:
    """Read a year, or the first and last of several."""
    if text is None:
        return None
    first, dash, last = text.partition("-")
    if not (
        first.isdigit() and len(first) == 4 and (not dash or (last.isdigit() and len(last) == 4 and last >= first))
    ):
        raise Refusal(shown(f"--year {text}: write a year such as 2023, or a first and a last one such as 2021-2023"))
    return int(first), int(last or first)


def start_weeks(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
    """Read weeks with commas between them, each once."""
    parts = [part.strip() for part in value.replace(";", ",").split(",")]
    if not all(part.isdecimal() for part in parts):
        raise click.BadParameter(
            f"{value!r} is not a list of weeks; write weeks with commas between them, such as 4,16,28"
        )
    return tuple(dict.fromkeys(map(int, parts)))


def split(text: str, separator: str = ",") -> list[str]:
    """Return what stands between separators."""
    return [part.strip() for part in text.split(separator) if part.strip()]


def processes(threads: int | None) -> int:
    """Return how many processes work: as many as given, by default one for each processor."""
    from ...model.follower.enumerate import processors

    return threads or processors()


def in_worlds(given: Mapping[str, Any], **checks: int | None) -> dict[str, Any]:
    """Return what is asked for of a plan for many worlds; nothing where none is, and what belongs to it is refused then.

    Parameters
    ----------
    given
        Options by name.
    checks
        More of them, of a plan for many worlds too, that are not returned; None where not given.
    """
    names = ("criterion", "continuity_share", "seed", "vary", "cluster")
    asked = {name: given[name] for name in names if given.get(name) not in (None, ())}
    checked = [name for name, number in checks.items() if number is not None]
    if given["worlds"] is None:
        if asked or checked:
            raise Refusal(
                f"{_options([*asked, *checked])}: of a plan for many worlds; add --worlds 64 or --worlds table"
            )
        return {}
    if given["worlds"] == "table":
        drawn = [name for name in ("seed", "vary") if name in asked] + [name for name in checked if checks[name]]
        if drawn:
            raise Refusal(
                f"{_options(drawn)}: of worlds that are drawn, not of a table; write --worlds 64, or leave this out"
            )
    if given.get("method", "auto") not in ("auto", "columns"):
        raise Refusal(f"--method {given['method']}: a plan for many worlds enumerates combinations; leave it out")
    return {"worlds": given["worlds"], **asked}


def _options(names: Iterable[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)


def drawn_worlds(case: Case, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `in_worlds` returned with the worlds themselves; nothing where none are asked for.

    Raises
    ------
    DesignError
        With all that is wrong with worlds, criterion and share of continuity.
    """
    if not asked:
        return {}
    from ...analysis.figures.factors import DesignError
    from ...analysis.worlds import Criterion, asked_worlds, check_share
    from ...data import Fault

    faults: list[Any] = []

    def told(option: str, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except DesignError as error:
            faults.extend(error.faults)
        except ValueError as error:
            faults.append(Fault(option, str(error)))
        return None

    worlds = told("--worlds", lambda: asked_worlds(case, asked["worlds"], asked.get("seed", 0), asked.get("vary", ())))
    told("--criterion", lambda: Criterion.parse(asked.get("criterion", "mean")))
    told("--continuity-share", lambda: check_share(asked.get("continuity_share")))
    if faults:
        raise DesignError(faults)
    return {**asked, "worlds": worlds}


def solver_of(asked: Mapping[str, Any]) -> Callable[..., Plan]:
    """Return what solves a case; what many worlds take is imported only where they are asked for."""
    if asked:
        from ...analysis.worlds import solve as over_worlds

        return over_worlds
    from ...model import solve

    return solve


def settled(case: Case, given: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return options in the order of `names`; what is not given of a solve is as the case, or the computer, has it."""
    solver = case.settings.solver
    usual = {"time_limit": solver.time_limit, "rel_gap": solver.rel_gap, "threads": processes(given.get("threads"))}
    return {name: usual.get(name) if given[name] is None else given[name] for name in names}
