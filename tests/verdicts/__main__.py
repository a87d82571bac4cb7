"""Prints docs/verdicts.md, after a minute or two of drawing."""

from tests.verdicts.page import page

if __name__ == "__main__":
    print(page(), end="")
