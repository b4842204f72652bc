"""A process that reads as `nlu.serving` does, save that some texts are too much for it."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

from nlu.serving import Failed, Read, Request, Search, SetCatalogue
from nlu.serving.__main__ import alone, next_of, send, serve

HANG, DIE, RAISE = "hang", "die", "raise"
# Holds the interpreter's lock for longer than the universe is old.
_ENDLESS = re.compile(r"(a+)+$")


class Stuck:
    """Answers with the number of the process, the words, and the products it knows."""

    def __init__(self) -> None:
        self.products: list[str] = []

    def __call__(self, request: Request) -> Any:
        match request:
            case SetCatalogue():
                self.products = [entry.product_id for entry in request.entries]
                return None
            case Read():
                (text,) = request.texts
            case Search():
                text = request.question
        if text == HANG:
            _ENDLESS.match("a" * 100 + "!")
        if text == DIE:
            os._exit(3)
        if text == RAISE:
            try:
                raise ValueError(f"a customer wrote {text}")
            except ValueError as error:
                return Failed.of(error)
        return os.getpid(), text, self.products


if __name__ == "__main__":
    answers = alone()
    next_of(sys.stdin.buffer)
    send(answers, None)
    serve(sys.stdin.buffer, answers, Stuck(), *map(float, sys.argv[1:]))
