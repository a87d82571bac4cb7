"""The sample workspace: made where it is missing, through the same intake and rollup as anybody's log."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from dashboard import settings
from dashboard.errors import EvenhandError
from dashboard.workspace import Workspace

MODEL = "triage"
BESIDE = Path(__file__).resolve().parent.parent / "sample_data"


def build(workspace: Path | None) -> Iterator[str]:
    """Yields a sentence per step; a model `triage` that is there is at most counted anew, never overwritten.

    Where its contract or policy is not the one that this version brings, that is said.
    """
    folder = settings.workspace_path(workspace)
    paths = settings.model_paths(folder, MODEL)
    if paths.contract.is_file():
        yield f"The sample model is in {folder} already"
        if Workspace(folder).model(MODEL).rollup().days:
            yield "Counted what was new, or counted otherwise"
        yield from _otherwise(paths)
        return
    settings.make_folder(paths.root.parent)
    with tempfile.TemporaryDirectory(dir=paths.root.parent, prefix=".sample-") as scratch:
        yield "Drawing 60,000 encounters, training two models, letting them predict"
        sample = _generator().generate(Path(scratch))
        made = Path(scratch) / "models" / MODEL
        made.mkdir(parents=True)
        shutil.copyfile(sample.contract, made / "contract.toml")
        shutil.copyfile(sample.policy, made / "policy.toml")
        yield from _fill(Path(scratch), sample.predictions, sample.labels)
        try:
            made.rename(paths.root)  # whole or not at all: an interrupted build leaves no half model behind
        except OSError as error:
            raise settings.cannot_write(paths.root, error) from error
    yield f"The sample workspace is in {folder}"


def _otherwise(paths: settings.ModelPaths) -> Iterator[str]:
    """Yields what is not as this version's sample has it, and what to do."""
    shipped = Path(str(_generator().__file__)).parent
    there = (paths.contract, paths.policy)
    names = [
        file.name for file in there if not file.is_file() or file.read_bytes() != (shipped / file.name).read_bytes()
    ]
    if names:
        yield (
            f"Its {' and '.join(names)} {'are' if len(names) > 1 else 'is'} not what this version's sample has: an "
            "older version made it, or somebody changed it. Views that need what is new, such as Promise, may be empty"
        )
        yield f"To have this version's sample, remove {paths.root} and run evenhand demo again"


def _fill(workspace: Path, predictions: tuple[Path, ...], labels: tuple[Path, ...]) -> Iterator[str]:
    model = Workspace(workspace).model(MODEL)
    yield f"Taking in {len(predictions)} files of predictions"
    receipts = model.ingest([str(path) for path in predictions])
    accepted, rejected = (sum(getattr(receipt, what) for receipt in receipts) for what in ("accepted", "rejected"))
    yield f"  {accepted:,} rows accepted, {rejected:,} rejected"
    yield f"Taking in {len(labels)} files of labels that came later"
    model.ingest([str(path) for path in labels], labels=True)
    yield "Counting"
    model.rollup()


def _generator() -> ModuleType:
    """Returns the sample's generator: shipped inside an installed package, beside the package in a checkout."""
    if importlib.util.find_spec("dashboard._sample") is not None:
        return importlib.import_module("dashboard._sample.generate")
    entry = BESIDE / "__init__.py"
    if not entry.is_file():
        raise EvenhandError("The sample's generator is not installed", f"It was looked for in {BESIDE}", "Reinstall")
    spec = importlib.util.spec_from_file_location("sample_data", entry, submodule_search_locations=[str(BESIDE)])
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["sample_data"] = package
    spec.loader.exec_module(package)
    return importlib.import_module("sample_data.generate")
