"""Evenhand: model health and fairness review, with a human signature at the end.

The map, in flow order: a line for every file. `tests/test_layers.py` keeps it complete and says who may import whom.

    errors                what went wrong, in sentences: found, expected, what to do
    settings              the workspace's paths, evenhand.toml, the environment -> Settings
    contract              contract.toml -> Contract: what the columns mean
    review/proof          canonical bytes, digests, signatures
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashboard.workspace import Workspace as Workspace

__all__ = ["Workspace"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Returns `Workspace` when it is first asked for, so that importing the package costs nothing."""
    if name == "Workspace":
        from dashboard.workspace import Workspace

        return Workspace
    raise AttributeError(f"module 'dashboard' has no attribute {name!r}")
