"""Reads dataclasses back from what `dataclasses.asdict` made of them."""

from collections.abc import Mapping
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from .spending.numbers import LARGEST_INTEGER, Bounds


def read[T](kind: type[T], value: Any) -> T:
    """Return a dataclass from a mapping with a value for each of its fields.

    Fields may be numbers annotated with `Bounds`, a StrEnum, a list or a dataclass of
    such, or None where their type says so. Fields that the dataclass does not have
    are ignored, at every level. Raises ValueError for anything else.
    """
    types = get_type_hints(kind, include_extras=True)
    if not isinstance(value, Mapping) or types.keys() - value.keys():
        raise ValueError(f"not all fields of {kind.__name__}")
    return kind(**{name: _value(type_, value[name]) for name, type_ in types.items()})


def _value(kind: Any, value: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return None if value is None else _value(arguments[0], value)
    if origin is Annotated:
        return _number(arguments[0], arguments[1], value)
    if origin is list:
        if type(value) is not list:
            raise ValueError("not a list")
        return [_value(arguments[0], each) for each in value]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _member(kind, value)
    return read(kind, value)


def _number(kind: type, bounds: Bounds, value: Any) -> float:
    # Not isinstance, for which a bool is a number. NaN is not between anything.
    allowed = {int} if kind is int else {int, float}
    if type(value) not in allowed or not bounds.low <= value <= bounds.high:
        raise ValueError("not an expected number")
    number: float = value
    return number if abs(number) <= LARGEST_INTEGER else float(number)


def _member(kind: type[StrEnum], value: Any) -> StrEnum:
    if value not in list(kind):
        raise ValueError(f"not a {kind.__name__}")
    return kind(value)
