"""What a page asks twice, it reads once: a memory that lasts as long as one reading."""

import functools
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

_memory: ContextVar[dict[Hashable, Any] | None] = ContextVar("reading", default=None)


@contextmanager
def one_reading() -> Iterator[None]:
    """Questions marked :func:`read_once` are asked once until the end of the block.

    Only for what never writes: a page that is shown, not a command. A reading inside a reading
    is part of it.
    """
    if _memory.get() is not None:
        yield
        return
    token = _memory.set({})
    try:
        yield
    finally:
        _memory.reset(token)


def read_once(question: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Remember the answers to a question during :func:`one_reading`; elsewhere, ask each time.

    Its arguments are hashable, and nobody changes its answer. An error is not remembered.
    """

    @functools.wraps(question)
    def asked(*args: Given.args, **words: Given.kwargs) -> Answer:
        memory = _memory.get()
        if memory is None:
            return question(*args, **words)
        key = (question, args, tuple(sorted(words.items())))
        if key not in memory:
            memory[key] = question(*args, **words)
        answer: Answer = memory[key]
        return answer

    return asked
