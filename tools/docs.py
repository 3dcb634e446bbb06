"""What the documentation takes from the program: `python -m tools.docs` rewrites the marked parts of docs/*.md.

A marked part begins with ``<!-- KIND ARGUMENTS -->`` and ends with ``<!-- end -->``; kinds are the keys of `KINDS`. Formulas have
one home, the docstring of the function that states them; columns and settings have theirs in the declarations of the case, options
in the commands.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import sluicegate
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sluicegate.cli import cli
from sluicegate.data import TABLES
from sluicegate.data.schema.declarations import columns, extra, numeric, options, section_model
from sluicegate.data.trade import RULES

DOCS = Path(__file__).parent.parent / "docs"
PART = re.compile(r"<!-- (?P<kind>[\w-]+)(?P<arguments>[^\n]*?) -->\n.*?<!-- end -->", re.DOTALL)
LITERAL = re.compile(r"``(.+?)``|`(.+?)`")
SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
PROGRAM = "sluicegate"


# Markdown ------------------------------------------------------------------------------------------------------------


def prose(words: str) -> str:
    """Return the words of a docstring as Markdown: code stays code, no other sign means anything."""
    parts, end = [], 0
    joined = " ".join(words.split())
    for match in LITERAL.finditer(joined):
        parts += [_plain(joined[end : match.start()]), code(match[1] or match[2])]
        end = match.end()
    return "".join([*parts, _plain(joined[end:])])


def _plain(words: str) -> str:
    return re.sub(r"<(?=[A-Za-z/!])", r"\\<", words.replace("\\|", "|").replace("*", "\\*").replace("|", "\\|"))


def code(words: str) -> str:
    """Return words as code, fit for a cell of a table."""
    fence = "``" if "`" in words else "`"
    return f"{fence}{words.replace('|', chr(92) + '|')}{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def fenced(language: str, lines: Iterable[str]) -> str:
    """Return a block of code."""
    return "\n".join([f"```{language}", *lines, "```"])


# Formulas ------------------------------------------------------------------------------------------------------------


def formulas(arguments: Sequence[str]) -> str:
    """Return functions of a module with their docstrings; the first argument is the module, the others are functions."""
    module = import_module(arguments[0].rstrip(":"))
    return table(("code", "what it says"), ([code(name), _statement(module, name)] for name in arguments[1:]))


def _statement(module: Any, name: str) -> str:
    documented = inspect.getdoc(getattr(module, name))
    if documented is None:
        raise ValueError(f"{module.__name__}.{name} has no docstring")
    return "<br>".join(prose(paragraph) for paragraph in documented.split("\n\n"))


# The case format -----------------------------------------------------------------------------------------------------


def case_table(arguments: Sequence[str]) -> str:
    """Return the columns of a table of the case."""
    return _declared(TABLES[arguments[0]])


def case_section(arguments: Sequence[str]) -> str:
    """Return the keys of a section of ``case.toml``."""
    return _declared(section_model(arguments[0]))


def _declared(model: type[BaseModel]) -> str:
    rows = ([code(name), _holds(info), _unit(info), _default(info)] for name, info in columns(model).items())
    sentence = prose(inspect.cleandoc(model.__doc__ or ""))
    return f"{sentence}\n\n{table(('column', 'what it holds', 'unit', 'default'), rows)}"


def _holds(info: FieldInfo) -> str:
    words = str(info.description)
    if extra(info, "refers"):
        words += f" An id of `{extra(info, 'refers')}`."
    if options(info):
        words += f" One of {', '.join(f'`{option}`' for option in options(info))}."
    return prose(words)


def _unit(info: FieldInfo) -> str:
    return str(extra(info, "unit") or ("" if numeric(info) else "text"))


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    if info.default in (None, ""):
        return "empty"
    return "inf" if info.default == math.inf else f"{info.default:g}" if numeric(info) else str(info.default)


# Trade statistics ----------------------------------------------------------------------------------------------------


def trade_rules(arguments: Sequence[str]) -> str:
    """Return what is dropped and mended before trade statistics are added up."""
    rows = ([prose(rule.title), prose(rule.action), prose(rule.sentence)] for rule in RULES.values())
    return table(("what", "done", "rule"), rows)


# Commands ------------------------------------------------------------------------------------------------------------


def commands(arguments: Sequence[str]) -> str:
    """Return the help of all commands."""
    return "\n\n".join(_commands(cli, click.Context(cli, info_name=PROGRAM)))


def _commands(command: click.Command, context: click.Context) -> Iterator[str]:
    # A hidden command `run` is the one that its group's name stands for.
    default = command.commands.get("run") if isinstance(command, click.Group) else None
    shown = default if default is not None and default.hidden else command
    yield f"## {context.command_path}"
    yield fenced("text", [f"Usage: {context.command_path} {' '.join(shown.collect_usage_pieces(context))}"])
    yield from _help(shown.help or "")
    records = [option.get_help_record(context) for option in shown.params if isinstance(option, click.Option)]
    if any(records):
        yield table(("option", "what it does"), ([code(record[0]), prose(record[1])] for record in records if record))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _commands(inner, type(context)(inner, parent=context, info_name=name))


def _help(said: str) -> Iterator[str]:
    """Yield a command's help paragraph by paragraph; what is set as it stands becomes a block of code."""
    for paragraph in inspect.cleandoc(said).split("\n\n"):
        kept, _, rest = paragraph.partition("\n")
        if kept.strip() != "\b":
            yield prose(paragraph)
            continue
        title, *lines = rest.splitlines()
        yield prose(title)
        shell = any(line.strip().startswith(f"{PROGRAM} ") for line in lines)
        yield fenced("sh" if shell else "text", (_example(line.strip()) if shell else line for line in lines))


def _example(line: str) -> str:
    """Return an example with what it does as a comment."""
    given, *remark = re.split(r" {2,}", line, maxsplit=1)
    return f"{given:<50}  # {remark[0]}" if remark else given


# Python --------------------------------------------------------------------------------------------------------------


def functions(arguments: Sequence[str]) -> str:
    """Return the reference of the package's functions."""
    return "\n\n".join(
        part
        for name, found in _public()
        if inspect.isfunction(found)
        for part in (f"### {name}", fenced("python", [_signature(name, found)]), *_documented(found))
    )


def classes(arguments: Sequence[str]) -> str:
    """Return the reference of the package's classes and their members."""
    parts: list[str] = []
    for name, found in _public():
        if inspect.isclass(found):
            parts += [f"### {name}", *_documented(found)]
            parts += [part for member, value in vars(found).items() for part in _member(name, member, value)]
    return "\n\n".join(parts)


def _public() -> Iterator[tuple[str, Any]]:
    return ((name, getattr(sluicegate, name)) for name in sluicegate.__all__)


def _member(owner: str, name: str, found: Any) -> Iterator[str]:
    function = found.__func__ if isinstance(found, classmethod | staticmethod) else found
    # What is worked out once and kept names its function.
    function = getattr(function, "func", function)
    if name.startswith("_") or not (inspect.isfunction(function) or isinstance(function, property)):
        return
    if not inspect.getdoc(function):
        return
    plain = isinstance(found, property) or not inspect.isfunction(found)
    called = f"{owner}.{name}" if plain and not isinstance(found, classmethod | staticmethod) else None
    yield f"#### {owner}.{name}"
    if called is None:
        yield fenced("python", [_signature(f"{owner}.{name}", function)])
    yield from _documented(function)


def _signature(name: str, function: Any) -> str:
    signature = inspect.signature(function)
    kept = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
        if parameter.name not in ("self", "cls")
    ]
    return f"{name}{signature.replace(parameters=kept, return_annotation=inspect.Signature.empty)}"


def _documented(found: Any) -> Iterator[str]:
    """Yield a docstring in NumPy's style: its paragraphs, then each section as a table."""
    head, *sections = SECTION.split(inspect.getdoc(found) or "")
    yield from (prose(paragraph) for paragraph in head.strip().split("\n\n") if paragraph.strip())
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        yield f"**{title}**"
        if title == "Notes":
            yield from (prose(paragraph) for paragraph in body.strip().split("\n\n"))
            continue
        yield table(("name", "what it is"), ([code(name), prose(said)] for name, said in _entries(body)))


def _entries(body: str) -> Iterator[tuple[str, str]]:
    """Yield (name and type, description) of a section of a docstring."""
    name, said = "", []
    for line in body.strip("\n").splitlines():
        if line and not line[0].isspace():
            if name.endswith(","):
                name = f"{name} {line.strip()}"
                continue
            if name:
                yield name, " ".join(said)
            name, said = line.strip(), []
        else:
            said.append(line.strip())
    if name:
        yield name, " ".join(said)


# The pages -----------------------------------------------------------------------------------------------------------

KINDS: dict[str, Callable[[Sequence[str]], str]] = {
    "formulas": formulas,
    "case-table": case_table,
    "case-section": case_section,
    "trade-rules": trade_rules,
    "commands": commands,
    "functions": functions,
    "classes": classes,
}
"""What writes each kind of part."""


def rendered(page: str) -> str:
    """Return a page with its marked parts as they should be."""

    def part(match: re.Match[str]) -> str:
        write = KINDS.get(match["kind"])
        if write is None:
            return match[0]
        return f"<!-- {match['kind']}{match['arguments']} -->\n\n{write(match['arguments'].split())}\n\n<!-- end -->"

    return PART.sub(part, page)


def pages() -> list[Path]:
    """Return the pages with marked parts."""
    return [
        path for path in sorted(DOCS.glob("*.md")) if any(f"<!-- {kind}" in path.read_text("utf-8") for kind in KINDS)
    ]


def main() -> None:
    """Rewrite the pages."""
    for path in pages():
        path.write_text(rendered(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
