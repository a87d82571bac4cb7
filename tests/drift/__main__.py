"""Prints docs/drift.md, after some ten minutes of drawing."""

from tests.drift.page import page

if __name__ == "__main__":
    print(page(), end="")
