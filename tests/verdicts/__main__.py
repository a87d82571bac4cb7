"""Prints docs/verdicts.md, after about a minute of drawing."""

from tests.verdicts.page import page

if __name__ == "__main__":
    print(page(), end="")
