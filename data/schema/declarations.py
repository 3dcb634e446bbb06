"""What the declarations say about columns and settings."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .settings import Settings
from .tables import Row
from .values import EndWeeks, StartWeeks


@cache
def columns(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the columns of a table, or the keys of a section, by the names a case writes."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


@cache
def needed(model: type[BaseModel]) -> list[str]:
    """Return the columns that have no default."""
    return [name for name, info in columns(model).items() if info.is_required()]


@cache
def references(model: type[Row]) -> dict[str, str]:
    """Return the columns that hold an id of another table, and that table."""
    found = {name: extra(info, "refers") for name, info in columns(model).items()}
    return {name: table for name, table in found.items() if table}


def extra(info: FieldInfo, name: str) -> Any:
    """Return what a column declares beyond its type: unit, refers or same_as."""
    declared = info.json_schema_extra
    return declared.get(name) if isinstance(declared, dict) else None


def options(info: FieldInfo) -> list[str]:
    """Return the words a column accepts; empty where any value of its type will do."""
    parts = get_args(info.annotation)
    found = [option for part in parts for option in (get_args(part) or (part,))]
    return [option for option in found if isinstance(option, str) and option]


def numeric(info: FieldInfo) -> type[float] | type[int] | None:
    """Return float or int where a column holds figures or weeks, None where it holds something else.

    A column that also takes a list of weeks holds weeks.
    """
    bare = {base for base in _bare_types(info.annotation) if base not in (type(None), StartWeeks, EndWeeks)}
    for kind in (int, float):
        if bare == {kind}:
            return kind
    return None


def _bare_types(annotation: Any) -> list[Any]:
    """Return the types of a union without what annotates them."""
    if hasattr(annotation, "__metadata__"):
        return _bare_types(annotation.__origin__)
    if get_origin(annotation) is None:
        return [annotation]
    return [bare for part in get_args(annotation) for bare in _bare_types(part)]


@cache
def figures(model: type[Row]) -> list[str]:
    """Return the columns of a table that hold figures; weeks do not count."""
    return [name for name, info in columns(model).items() if numeric(info) is float]


def section_model(section: str) -> type[BaseModel]:
    """Return the declaration of a section of the settings."""
    model = Settings.model_fields[section].annotation
    assert isinstance(model, type)
    return model


def setting_keys(section: str) -> dict[str, FieldInfo]:
    """Return the keys of a section of the settings."""
    return columns(section_model(section))


@cache
def setting_paths() -> dict[str, tuple[str, str]]:
    """Return section and key of every setting by ``section.key``."""
    return {f"{section}.{key}": (section, key) for section in columns(Settings) for key in setting_keys(section)}
