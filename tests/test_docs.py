"""Every command and output that the documentation shows is that of the program, and every command is documented."""

from __future__ import annotations

import contextlib
import difflib
import doctest
import fcntl
import functools
import inspect
import os
import pickle
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
import sluicegate
from click.testing import CliRunner
from sluicegate import model
from sluicegate.analysis.status_quo import with_status_quo_warnings
from sluicegate.cli import cli
from sluicegate.data import TABLES, Case
from sluicegate.data.input import sizes
from sluicegate.data.schema.declarations import columns
from sluicegate.data.schema.settings import Settings
from sluicegate.report.console.progress import Interruptible

from sluicegate_testing.pages import PAGES, ROOT, Shown, agrees, blocks, inline_code, shown

WITH_CONSOLE = [name for name, page in PAGES.items() if any(block.language == "console" for block in blocks(page))]
WITH_SLOW = [name for name in WITH_CONSOLE if any(block.slow for block in blocks(PAGES[name]))]
WITH_PYTHON = [name for name, page in PAGES.items() if any(block.language == "pycon" for block in blocks(page))]
ANSWERED = (0, 3, 4)
"""Exit codes of a command that gave an answer: done, proven that there is no plan, a gap left."""
SHELL_SIGNS = re.compile(r"[|&;<>`$\n*?~]")


# What pages show is what happens ------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds only the docs, a terminal of 80 columns, the command on the path."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for name in ("SLUICEGATE_DEBUG", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def solved_once(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Solve a case once under the same options for all pages and processes of the run."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    original = model.solve

    @functools.wraps(original)
    def solve(case: Case, *, log: str | None = None, monitor: Any = None, **options: Any) -> Any:
        written = "-".join(f"{key}={value}" for key, value in sorted(options.items()))
        kept = shared / f"solved-{case.name}-{case.digest[:12]}-{written}.pickle"
        with _locked(kept.with_suffix(".lock")):
            if not kept.exists():
                watching = Interruptible(threading.Event())
                plan = original(case, monitor=watching, **options)
                kept.write_bytes(pickle.dumps(with_status_quo_warnings(plan, watching.problem)))
        return pickle.loads(kept.read_bytes())

    monkeypatch.setattr(model, "solve", solve)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def output_of(command: str) -> str:
    """Run a command as a reader would, and return its standard output."""
    words = shlex.split(command) if not SHELL_SIGNS.search(command) else []
    if words[:1] == ["sluicegate"]:
        # In this process: libraries are loaded once, and solves are shared.
        result = CliRunner().invoke(cli, words[1:], prog_name="sluicegate")
        assert result.exit_code in ANSWERED, f"{command} ended with {result.exit_code}:\n{result.output}"
        return result.stdout
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode in ANSWERED, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("name", WITH_CONSOLE)
@pytest.mark.usefixtures("solved_once")
def test_commands_print_what_the_page_shows(name: str) -> None:
    compare_page(name, slow=False)


@pytest.mark.soak
@pytest.mark.parametrize("name", WITH_SLOW)
@pytest.mark.usefixtures("solved_once")
def test_slow_commands_print_what_the_page_shows(name: str) -> None:
    compare_page(name, slow=True)


def compare_page(name: str, slow: bool) -> None:
    """Run the console blocks of a page in one folder; slow ones only where they are asked for."""
    wrong = []
    for block in blocks(PAGES[name]):
        for entry in shown(block) if block.language == "console" and slow >= block.slow else ():
            output = output_of(entry.command)
            if not agrees(entry.output, output):
                wrong.append(_difference(name, entry, output))
    assert not wrong, "\n\n".join(wrong)


def _difference(name: str, entry: Shown, output: str) -> str:
    lines = difflib.unified_diff(
        entry.output.splitlines(), [line.rstrip() for line in output.strip("\n").splitlines()], "page", "program", n=2
    )
    return "\n".join([f"{name}, line {entry.line}: {entry.command}", *(line.rstrip("\n") for line in lines)])


@pytest.mark.parametrize("name", WITH_PYTHON)
@pytest.mark.usefixtures("solved_once")
def test_python_prints_what_the_page_shows(name: str) -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    said: list[str] = []
    names: dict[str, Any] = {}
    for block in blocks(PAGES[name]):
        if block.language == "pycon":
            test = doctest.DocTestParser().get_doctest(block.text, names, name, name, block.line)
            runner.run(test, out=said.append, clear_globs=False)
            names = test.globs
    assert not runner.summarize(verbose=False).failed, "".join(said)


def test_a_block_is_compared_line_by_line() -> None:
    assert agrees("a\n...\nd", "a\nb  \nc\nd\n")
    assert agrees("...\nd", "d\n")
    assert not agrees("a\nd", "a\nb\nd\n")
    assert not agrees("a", "a\nb\n")
    assert not agrees("a.c", "abc\n")


# Commands that are only named ---------------------------------------------------------------------------------------


def commands_in(text: str) -> Iterator[list[str]]:
    """Return the words after ``sluicegate`` of every command in a block, pipes and prompts taken away."""
    for line in text.replace("\\\n", " ").splitlines():
        line = line.strip().removeprefix("$ ")
        # A Tab in a line shows what completion does to half a command.
        if not line.startswith("sluicegate ") or "<Tab>" in line:
            continue
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in lexer:
            if set(word) <= set("|&;<>()"):
                # The 2 of 2>&1 belongs to the shell.
                words = words[:-1] if word[0] in "<>" and words[-1].isdigit() else words
                break
            words.append(word)
        yield words[1:]


def complaint(words: list[str]) -> str | None:
    """Return what the command line has against these words; None where it would run them."""
    try:
        _parse(cli, "sluicegate", words, None)
    except click.exceptions.Exit:
        return None
    except click.UsageError as error:
        return error.format_message()
    return None


def _parse(command: click.Command, name: str, words: list[str], parent: click.Context | None) -> None:
    with command.make_context(name, list(words), parent=parent) as context:
        rest = [*context._protected_args, *context.args]
        if isinstance(command, click.Group) and rest:
            found, inner, left = command.resolve_command(context, rest)
            assert inner is not None
            _parse(inner, found or "", left, context)


@pytest.mark.parametrize("name", PAGES)
def test_commands_that_are_only_named_can_be_given(name: str) -> None:
    wrong = []
    for block in blocks(PAGES[name]):
        if block.language in ("", "sh", "text", "bash", "console"):
            wrong += [(words, said) for words in commands_in(block.text) if (said := complaint(words))]
    for code in inline_code(PAGES[name]):
        # In a sentence a command may stand without all that it needs.
        words = [word for word in shlex.split(code) if word != "..."] if code.startswith("sluicegate ") else []
        said = complaint(words[1:]) if words else None
        if said and not said.startswith(("Missing argument", "Invalid value")):
            wrong.append((words, said))
    assert not wrong, wrong


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sluicegate solv tutorial", "No such command"),
        ("sluicegate solve tutorial --budget 3", "No such option"),
        ("sluicegate solve tutorial --threads none", "Invalid value"),
        ("sluicegate cases copy tutorial", "Missing argument"),
    ],
)
def test_a_command_that_cannot_be_given_is_noticed(line: str, said: str) -> None:
    (words,) = commands_in(f"{line} | jq .leverage  # comment")
    assert said in (complaint(words) or "")


# Everything is documented -------------------------------------------------------------------------------------------


def all_commands(
    group: click.Group = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Return every command with the words that call it."""
    for name, command in group.commands.items():
        if command.hidden:
            continue
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from all_commands(command, (*path, name))


COMMANDS = {" ".join(path): command for path, command in all_commands()}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples_that_can_be_given(name: str) -> None:
    documented = COMMANDS[name].help or ""
    assert re.search(r"^\s*Examples?:$", documented, re.MULTILINE), "no example in the help"
    example_lines = [line for line in documented.splitlines() if line.strip().startswith("sluicegate ")]
    assert example_lines
    for line in example_lines:
        # What an example does stands behind it, after two spaces or more.
        (words,) = commands_in(re.split(r" {2,}", line.strip())[0])
        assert complaint(words) is None, line
    for parameter in COMMANDS[name].params:
        assert not isinstance(parameter, click.Option) or parameter.help, f"{parameter.name} has no help"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_guides(name: str) -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES.values() if page.name != "commands.md")
    assert re.search(rf"\bsluicegate {name}\b", text)


def test_the_case_format_lists_every_table_and_section() -> None:
    page = (ROOT / "docs/case-format.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^<!-- case-table (\w+) -->$", page, re.MULTILINE)) == set(TABLES)
    assert set(re.findall(r"^<!-- case-section (\w+) -->$", page, re.MULTILINE)) == set(columns(Settings))


def test_the_case_format_states_the_limits_of_size() -> None:
    page = (ROOT / "docs/case-format.md").read_text(encoding="utf-8")
    stated = re.findall(r"^\| .+ \| ([\d,]+(?: MB)?) \|$", page[page.index("## Limits of size") :], re.MULTILINE)
    assert stated == [
        *map(sizes.megabytes, (sizes.LARGEST_FILE, sizes.LARGEST_PART, sizes.LARGEST_SETTINGS)),
        *map("{:,}".format, (sizes.MOST_CELLS, sizes.MOST_COLUMNS, sizes.MOST_TEXTS)),
        *map("{:,}".format, (sizes.LONGEST_TEXT, sizes.MOST_MERGED, sizes.MOST_PARTS)),
        f"{sizes.MOST_DOTS + 1}",
    ]


def formulas_on_the_page() -> dict[str, set[str]]:
    """Return the functions of which the page on the model shows the docstring, by module."""
    page = (ROOT / "docs/model.md").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for module, names in re.findall(r"^<!-- formulas ([\w.]+): ([\w ]+) -->$", page, re.MULTILINE):
        found.setdefault(module, set()).update(names.split())
    return found


@pytest.mark.parametrize("module", [f"sluicegate.model.formulation.{name}" for name in ("follower", "leader")])
def test_every_rule_of_the_model_is_on_its_page(module: str) -> None:
    source = inspect.getsource(import_module(module))
    rules = set(re.findall(r"(?:rule|bounds)=(\w+)\b", source)) | {rule.__name__ for rule in _families(module)}
    rules = {name for name in rules if inspect.isfunction(getattr(sys.modules[module], name, None))}
    assert rules
    # A rule that stands in a room beside is shown from there.
    homes = {(getattr(sys.modules[module], name).__module__, name) for name in rules}
    assert homes <= {(home, name) for home, names in formulas_on_the_page().items() for name in names}


def _families(module: str) -> list[Callable[..., Any]]:
    return list(getattr(sys.modules[module], "COSTS", ()))


def test_every_public_name_is_documented() -> None:
    for name in sluicegate.__all__:
        if not name.startswith("__"):
            assert inspect.getdoc(getattr(sluicegate, name)), name
