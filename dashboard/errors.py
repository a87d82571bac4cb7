"""The one error people see: what was found, what was expected, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class EvenhandError(Exception):
    """Something a person can put right.

    >>> print(EvenhandError("The file is empty.", "A header and rows were expected", "Export it again"))
    The file is empty. A header and rows were expected. Export it again.
    """

    def __init__(self, found: str, expected: str = "", todo: str = "") -> None:
        self.found, self.expected, self.todo = found, expected, todo
        super().__init__(" ".join(_sentence(part) for part in (found, expected, todo) if part.strip()))


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."


def nearest(name: str, known: Iterable[str]) -> str:
    """Returns the advice «Did you mean 'x'?» for a name not among the known, or lists the known.

    >>> nearest("lable", ["label", "score"])
    "Did you mean 'label'?"
    """
    names = list(known)
    folded = {other.casefold(): other for other in names}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    if close:
        return f"Did you mean '{folded[close[0]]}'?"
    return f"Known: {', '.join(names[:30])}{' ...' if len(names) > 30 else ''}." if names else ""
