"""Prints docs/intervals.md."""

from tests.coverage.page import page

print(page(), end="")
