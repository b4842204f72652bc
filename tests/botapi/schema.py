"""Compares what the fake says with the types that aiogram ships, made from the Bot API's own pages."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import aiogram.methods
import orjson
from aiogram.types import Update
from pydantic import TypeAdapter, ValidationError


@cache
def _answer_types() -> dict[str, TypeAdapter[Any]]:
    types = {}
    for _, method in inspect.getmembers(aiogram.methods, inspect.isclass):
        if returning := getattr(method, "__returning__", None):
            name = getattr(method, "__api_method__", "")
            if isinstance(name, str):
                types[name.lower()] = TypeAdapter(returning)
    return types


def check_answer(method: str, result: Any) -> list[str]:
    """What is wrong with the result of a method; empty when it fits."""
    adapter = _answer_types().get(method)
    if adapter is None:
        return [f"{method}: unknown to aiogram"]
    return _check(method, adapter, orjson.dumps(result))


def check_update(update: Any) -> list[str]:
    """What is wrong with an update."""
    return _check("update", _update(), orjson.dumps(update))


@cache
def _update() -> TypeAdapter[Any]:
    return TypeAdapter(Update)


def _check(what: str, adapter: TypeAdapter[Any], content: bytes) -> list[str]:
    try:
        adapter.validate_json(content)
    except ValidationError as error:
        return [f"{what}: {problem['loc']} {problem['msg']}" for problem in error.errors()]
    return []
