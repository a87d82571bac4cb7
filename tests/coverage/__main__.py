"""Prints docs/intervals.md, after about twenty minutes of drawing."""

from tests.coverage.page import page

if __name__ == "__main__":
    print(page(), end="")
