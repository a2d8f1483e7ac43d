"""Errors that were foreseen: what a person is told when a command refuses."""

from typing import Any

from django.utils.functional import Promise as LazyText


class DomainError(Exception):
    """A refusal with a sentence for people, which says what to do next.

    Subclasses stand beside the command that raises them and give ``message``, a translatable
    sentence whose ``%(name)s`` places are filled with the keyword arguments.
    """

    message: str | LazyText = ""

    def __init__(self, **details: Any) -> None:
        super().__init__()
        self.details = details

    def __str__(self) -> str:
        text = str(self.message)
        return text % self.details if self.details else text
