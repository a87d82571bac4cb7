"""Where things are: the workspace, its models, evenhand.toml and the environment.

A workspace is one directory; a model is a directory in it whose name is lower case, digits and hyphens.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.errors import EvenhandError

MODEL_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class ModelPaths:
    """Every path of one model; nothing else in the package spells them."""

    root: Path

    @property
    def name(self) -> str:
        return self.root.name

    @property
    def contract(self) -> Path:
        return self.root / "contract.toml"

    @property
    def policy(self) -> Path:
        return self.root / "policy.toml"

    @property
    def policies(self) -> Path:
        """Which policies the model was judged by: a line each, only ever added to."""
        return self.root / "policies.jsonl"

    @property
    def contracts(self) -> Path:
        """Which contracts the model was counted by: a line each, only ever added to."""
        return self.root / "contracts.jsonl"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def batches(self) -> Path:
        return self.log / "batches"

    @property
    def predictions(self) -> Path:
        return self.log / "predictions"

    @property
    def labels(self) -> Path:
        return self.log / "labels"

    @property
    def waiting(self) -> Path:
        return self.log / "waiting"

    @property
    def rejected(self) -> Path:
        return self.log / "rejected"

    @property
    def rollup(self) -> Path:
        return self.root / "rollup"

    @property
    def staging(self) -> Path:
        """The folder of unfinished work; on the log's file system, so that renaming out of it is atomic."""
        return self.root / "staging"


@dataclass(frozen=True)
class Settings:
    """One workspace and what its evenhand.toml says. `tables` holds the file's sections as they are."""

    workspace: Path
    ledger: str
    memory_limit: str | None = None
    threads: int | None = None
    tables: Mapping[str, Any] = field(default_factory=dict)

    def model(self, name: str) -> ModelPaths:
        """Returns the paths of one model; the name is checked, the directory need not exist."""
        return model_paths(self.workspace, name)

    @property
    def limits(self) -> dict[str, Any]:
        """What an engine may use: memory_limit and threads."""
        return {"memory_limit": self.memory_limit, "threads": self.threads}

    @property
    def silent_hours(self) -> float | None:
        """How many hours without predictions are allowed, None where `[watch] silent_hours` does not say."""
        found = self.tables.get("watch", {}).get("silent_hours")
        if found is not None and (isinstance(found, bool) or not isinstance(found, int | float) or not found > 0):
            raise EvenhandError(
                f"{self.workspace / 'evenhand.toml'}, [watch] silent_hours: found {found!r}",
                "A number of hours above 0",
                "Write for example: silent_hours = 6",
            )
        return None if found is None else float(found)

    def models(self) -> list[str]:
        """Returns the names of the models that have a contract."""
        return models(self.workspace)


def workspace_path(given: str | Path | None = None) -> Path:
    """Returns the workspace: what was given, else EVENHAND_WORKSPACE, else ./workspace."""
    chosen = given or os.environ.get("EVENHAND_WORKSPACE") or "workspace"
    return Path(chosen).expanduser().absolute()


def read(workspace: str | Path | None = None) -> Settings:
    """Returns the settings of a workspace; evenhand.toml may be absent.

    Raises EvenhandError where evenhand.toml cannot be read or is not TOML.
    """
    folder = workspace_path(workspace)
    tables = _toml(folder / "evenhand.toml")
    engine = tables.get("engine", {})
    ledger = str(tables.get("ledger", {}).get("url") or f"sqlite:///{folder / 'ledger.sqlite'}")
    threads = engine.get("threads")
    return Settings(folder, ledger, engine.get("memory_limit"), None if threads is None else int(threads), tables)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise EvenhandError(f"Could not read {path}: {error.strerror}", todo="Check its permissions") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EvenhandError(f"{path} is not valid TOML: {error}", todo="Correct that line") from error


def model_name(name: str) -> str:
    """Returns the name if it can be a model's directory.

    >>> model_name("triage-2")
    'triage-2'
    """
    if not MODEL_NAME.fullmatch(name) or len(name) > 64:
        raise EvenhandError(
            f"'{name}' cannot be a model's name",
            "A name has lower-case letters, digits and single hyphens between them, at most 64",
            "Choose a name such as 'triage'",
        )
    return name


def model_paths(workspace: Path, name: str) -> ModelPaths:
    """Returns the paths of one model; raises EvenhandError for a name such as '../other'."""
    return ModelPaths(workspace / "models" / model_name(name))


def models(workspace: Path) -> list[str]:
    """Returns the names of the models in a workspace that have a contract, sorted."""
    folder = workspace / "models"
    if not folder.is_dir():
        return []
    return sorted(p.name for p in folder.iterdir() if MODEL_NAME.fullmatch(p.name) and (p / "contract.toml").is_file())


def make_folder(path: Path) -> Path:
    """Does create a folder and its parents; says in words why it cannot."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path


def cannot_write(path: Path, error: OSError) -> EvenhandError:
    """Returns the error for a path that could not be written."""
    return EvenhandError(
        f"Could not write {path}: {error.strerror or error}",
        "The workspace must be a directory that you may write to, with room left",
        "Check its permissions and free space, or choose another with --workspace",
    )
