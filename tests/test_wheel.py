"""The wheel, installed away from the checkout: its pages are in it and its server serves every one."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from dashboard.ui import menu
from tests.browser.probe import serving, visiting

ROOT = Path(__file__).resolve().parent.parent
LIST = """from dashboard.ui import menu
print(*(page for names in menu.pages().values() for page in names))
print(menu.PAGES)"""


def _run(*command: str, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=clean)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT), cwd=out)
    (built,) = out.glob("*.whl")
    return built


def _environment(folder: Path, wheel: Path, alone: bool) -> Path:
    """Returns the Python of a fresh environment with the wheel in it.

    `alone` installs its dependencies too; else they are borrowed from the tests' own environment by one line of a path
    file, which does not bring the checkout along.
    """
    venv.create(folder, with_pip=alone)
    python = folder / "bin" / "python"
    if alone:
        _run(str(python), "-m", "pip", "install", "--quiet", str(wheel), cwd=folder)
    else:
        site = Path(_run(str(python), "-c", "import site; print(site.getsitepackages()[0])", cwd=folder).strip())
        (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
        pip = (sys.executable, "-m", "pip", "--python", str(python))
        _run(*pip, "install", "--quiet", "--no-deps", str(wheel), cwd=folder)
    return python


@pytest.mark.browser
@pytest.mark.parametrize("alone", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["borrowed", "alone"])
def test_an_installed_wheel_serves_every_page(
    alone: bool, wheel: Path, sample: Path, tmp_path: Path, browser: object
) -> None:
    python = _environment(tmp_path / "fresh", wheel, alone)
    pages, folder = _run(str(python), "-c", LIST, cwd=tmp_path).splitlines()
    assert pages.split() == [path.stem for path in _in_menu_order()]
    assert (tmp_path / "fresh") in Path(folder).parents
    assert "evenhand" in _run(str(tmp_path / "fresh" / "bin" / "evenhand"), "--help", cwd=tmp_path).lower()
    with serving(sample, str(python), cwd=tmp_path) as url:
        for page in pages.split():
            with visiting(browser, f"{url}/{menu.address(page)}") as visit:
                assert visit.page.locator("h1.eh-sentence").inner_text().strip()
                assert visit.page.get_by_text("could not be shown").count() == 0


def _in_menu_order() -> list[Path]:
    return [menu.file(name) for names in menu.MENU.values() for name in names]
