"""The map: who may import whom, where each heavy library lives, and how long a file may be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "dashboard"

# From the bottom up: a module imports its own row's neighbours only where the row is one shelf, else rows below it.
LAYERS = [
    ("errors", "settings", "contract", "rules", "tally", "bins", "sql"),
    ("rates",),
    ("metrics",),
    ("policy", "review.proof", "review.merkle", "review.checkpoints", "review.receipts", "review.witness"),
    ("review.verifier", "review.events", "review.roles", "review.states"),
    ("store", "log", "spark", "review.ledger"),
    ("report", "ingest", "rollup", "cases", "review.queue", "review.signoff", "review.evidence", "review.auditing"),
    ("workspace",),
    ("charts",),
    ("demo", "doctor", "pack", "feedback"),
    ("ui",),
    ("cli",),
]
HOMES = {
    "duckdb": {"store"},
    "pyspark": {"spark"},
    "plotly": {"charts"},
    "streamlit": {"ui", "pages"},
    "sqlalchemy": {"review.ledger"},
    "psycopg": set(),
    "starlette": {"ui"},
    "typer": {"cli"},
}
LIGHT = ["dashboard", "dashboard.contract", "dashboard.settings", "dashboard.errors"]
HEAVY = ["pandas", "numpy", "scipy", "sklearn", "fairlearn", "duckdb", "streamlit", "plotly", "sqlalchemy", "pyarrow"]
DISTRIBUTIONS = {
    "fontpkg_noto_sans": "fontpkg-noto-sans",
    "fontTools": "fonttools",
    "sklearn": "scikit-learn",
    "fpdf": "fpdf2",
}
OPTIONAL = {"polars", "pyspark"}


def modules() -> dict[str, Path]:
    """Returns every module of the package by its dotted name below `dashboard`, and the pages as `pages.<name>`."""
    files = {path: path.relative_to(PACKAGE).with_suffix("") for path in sorted(PACKAGE.rglob("*.py"))}
    inside = {".".join(part for part in name.parts if part != "__init__"): path for path, name in files.items()}
    return {k: v for k, v in inside.items() if k} | {
        f"pages.{p.stem}": p for p in sorted((ROOT / "pages").glob("*.py"))
    }


def imports(path: Path) -> Iterator[str]:
    """Yields every module a file imports, wherever in it, those for type checking only left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    guarded = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in guarded:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module.startswith("dashboard"))


def shelf(module: str) -> str:
    """Returns the name on LAYERS that a module belongs to: itself, the noun it was split from, or the package above."""
    known = {name for row in LAYERS for name in row} | {"pages"}
    while module and module not in known:
        folder, _, last = module.rpartition(".")
        noun = last.rpartition("_")[0]
        module = f"{folder}.{noun}".lstrip(".") if noun else folder
    return module


def height(name: str) -> int:
    """Returns the row of a shelf; pages stand beside the command line, on top."""
    return len(LAYERS) - 1 if name == "pages" else next(i for i, row in enumerate(LAYERS) if name in row)


def test_every_module_has_its_place_on_the_layers() -> None:
    assert [module for module in modules() if not shelf(module) and module != "review"] == []


def test_imports_only_point_down() -> None:
    wrong = []
    for module, path in modules().items():
        here = shelf(module)
        for imported in imports(path):
            there = shelf(imported.removeprefix("dashboard.")) if imported.startswith("dashboard.") else ""
            if there and there != here and height(there) >= height(here) and not _neighbours(here, there):
                wrong.append(f"{module} imports {imported}")
    assert wrong == []


def _neighbours(here: str, there: str) -> bool:
    """Within a row the lower ones (errors under contract, the log under ingest) may be used by those beside them."""
    return height(here) == height(there) and here != "pages" and there != "pages"


def test_judging_people_and_measuring_numbers_never_meet() -> None:
    measuring = {"metrics", "report", "rates", "policy"}
    wrong = []
    for module, path in modules().items():
        found = {shelf(name.removeprefix("dashboard.")) for name in imports(path) if name.startswith("dashboard.")}
        if module.startswith("review") and found & measuring:
            wrong.append(module)
        if shelf(module) in measuring and any(name.startswith("review") for name in found):
            wrong.append(module)
    assert wrong == []


def test_pages_import_only_ui_and_charts() -> None:
    allowed = {"ui", "charts"}
    wrong = {
        module: name
        for module, path in modules().items()
        if module.startswith("pages.")
        for name in imports(path)
        if name.startswith("dashboard")
        and name != "dashboard"
        and shelf(name.removeprefix("dashboard.")) not in allowed
    }
    assert wrong == {}


@pytest.mark.parametrize("library", sorted(HOMES))
def test_each_heavy_library_has_one_home(library: str) -> None:
    users = {shelf(m) for m, path in modules().items() if any(i.split(".")[0] == library for i in imports(path))}
    assert users <= HOMES[library]


def test_the_map_has_a_line_for_every_module() -> None:
    text = ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))) or ""
    listed = set(re.findall(r"^ {2,}([a-z_][a-z0-9_./]*)", text, re.MULTILINE))
    written = {name.replace(".", "/") for name, path in modules().items() if path.name != "__init__.py"}
    written = {name for name in written if not name.startswith("pages/")}
    assert written - listed == set(), "without a line on the map in dashboard/__init__.py"
    assert {name for name in listed if name.replace("/", ".") not in modules()} == set(), (
        "on the map, but there is no such file"
    )


def test_files_fit_in_one_sitting_and_pages_on_a_screen() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    one_file = {"review.verifier": 340}  # an auditor is handed this one alone
    long = {n: k for n, k in lengths.items() if k > one_file.get(n, 120 if n.startswith("pages.") else 320)}
    assert long == {}


def test_what_the_package_imports_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=~ \[]", line)[0] for line in project["dependencies"]}
    used = {name.split(".")[0] for path in modules().values() for name in imports(path)}
    foreign = used - set(sys.stdlib_module_names) - {"dashboard", "__future__"} - OPTIONAL
    assert {DISTRIBUTIONS.get(name, name) for name in foreign} <= declared


def test_asking_for_readings_loads_what_they_need_and_no_more() -> None:
    slow = {"pandas", "sklearn", "scipy.stats", "scipy.optimize", "fairlearn", "streamlit", "plotly", "sqlalchemy"}
    code = (
        f"import sys, dashboard.cli, dashboard.report, dashboard.workspace; print(*sorted(set(sys.modules) & {slow!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert not done.stdout.split(), "imported before a reading is asked for"


def test_what_starts_the_command_line_is_light() -> None:
    code = f"import sys, {', '.join(LIGHT)}; print(*sorted(set(sys.modules) & {set(HEAVY)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.split() == []
