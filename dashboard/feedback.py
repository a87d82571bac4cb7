"""What people settled, for training or for evaluation: one row for each case, never both in one file.

A subject is sent for ever to one of the two by a keyed hash, so that nobody's cases teach what they later test. The key
and the share are drawn once per workspace and kept beside the ledger.
"""

from __future__ import annotations

import hmac
import io
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

from dashboard import cases, contract
from dashboard.errors import EvenhandError
from dashboard.pack.plain import csv_of
from dashboard.review import roles, states_cases
from dashboard.review.events import new_id
from dashboard.review.events_exports import Exported
from dashboard.review.ledger import Ledger, of
from dashboard.review.roles import Person
from dashboard.settings import Settings

Use = Literal["train", "evaluate"]
USES: tuple[Use, ...] = get_args(Use)
EVALUATE = 0.2
ABOUT = ("id", "version", "day", "label", "weight", "source", "sources", "raters", "share", "guideline", "reason")
Row = dict[str, Any]


@dataclass(frozen=True)
class Lock:
    """What sends each subject to training or to evaluation, for ever: a key, and the share that is for evaluation."""

    key: bytes
    evaluate: float

    def use(self, subject: str) -> Use:
        """Returns what a subject's cases are for.

        >>> Lock(b"k", 1.0).use("p-1"), Lock(b"k", 0.0).use("p-1")
        ('evaluate', 'train')
        """
        drawn = int.from_bytes(hmac.new(self.key, subject.encode(), sha256).digest()[:8], "big") / 2**64
        return "evaluate" if drawn < self.evaluate else "train"


@dataclass(frozen=True)
class Feedback:
    """A file's rows, how many settled cases are for the other use, and how many the log no longer holds."""

    use: Use
    rows: Sequence[Row]
    other: int
    gone: int


def lock(settings: Settings) -> Lock:
    """Returns the workspace's lock, drawn at the first call; the share is `[feedback] evaluate`, else 20 %.

    Raises EvenhandError where the share is not between 0 and 1, or another one than when the lock was drawn: moving it
    would send subjects that trained a model to its evaluation.
    """
    share, path = settings.tables.get("feedback", {}).get("evaluate", EVALUATE), settings.workspace / "feedback.key"
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
        raise EvenhandError(f"evaluate in evenhand.toml, section [feedback], is {share!r}", "A share between 0 and 1")
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump({"key": secrets.token_hex(32), "evaluate": float(share)}, file)
    except FileExistsError:
        pass
    except OSError as error:
        raise EvenhandError(f"{path} cannot be written: {error.strerror}", "A workspace to write to") from error
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        found = Lock(bytes.fromhex(kept["key"]), float(kept["evaluate"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvenhandError(f"{path} cannot be read: {error}", todo="Bring it back from a backup") from error
    if found.evaluate != share:
        raise EvenhandError(
            f"The share for evaluation is {share:g}, and {found.evaluate:g} when the first case was sent",
            "It stays what it was: a subject that trained a model must not evaluate it",
            f"Write: evaluate = {found.evaluate:g}",
        )
    return found


def feedback(settings: Settings, model: str, use: Use) -> Feedback:
    """Returns the settled cases that are for one use: label, weight 1/pi (None of a chosen case), inputs as logged."""
    paths, ledger, sent = settings.model(model), of(settings), lock(settings)
    held = contract.read(paths.contract)
    concluded = _concluded(ledger, model)
    rows, other, gone = list[Row](), 0, 0
    for state in ledger.states("case", model, status=["settled"]):
        _, day, version, id_ = json.loads(state["key"])
        case = cases.case(paths, held, date.fromisoformat(day), version, id_)
        if case is None:
            gone += 1
        elif sent.use(str(case.get("subject") or id_)) != use:
            other += 1
        else:
            about = {"id": id_, "version": version, "day": day} | _told(state, concluded.get(state["key"], {}))
            rows.append(about | {f"input.{name}": value for name, value in case["inputs"].items()})
    return Feedback(use, sorted(rows, key=lambda row: (row["day"], row["version"], row["id"])), other, gone)


def _concluded(ledger: Ledger, model: str) -> dict[str, Mapping[str, Any]]:
    """Returns what the last conclusion on each case said of its guideline and reason."""
    found = ledger.events(model, "concluded")
    return {states_cases.case_key(model, one.event.subject): one.event.body for one in found}


def _told(state: Mapping[str, Any], concluded: Mapping[str, Any]) -> Row:
    label = states_cases.settled(dict(state))
    answers = [str(one["final"]) for one in state["answers"] if one["final"] is not None]
    drawn = [draw for draw in state["draws"] if draw["pi"]]
    sources = {source for draw in state["draws"] for source in draw["sources"] or ()}
    sources |= {"flag"} if state["flags"] else set()
    reasons = [concluded.get("reason"), *(flag["reason"] for flag in reversed(state["flags"]))]
    return {
        "label": label,
        "weight": 1 / drawn[0]["pi"] if drawn else None,
        "source": "several" if len(sources) > 1 else next(iter(sources), "flag"),
        "sources": " ".join(sorted(sources)),
        "raters": len(answers),
        "share": answers.count(str(label)) / len(answers) if answers else None,
        "guideline": concluded.get("guideline"),
        "reason": next((reason for reason in reasons if reason), None),
    }


def export(settings: Settings, model: str, use: str, out: Path, by: Person) -> Feedback:
    """Does write the settled cases for one use as .parquet or .csv, a manifest beside them, and records the act.

    Raises EvenhandError for another use than train or evaluate, where the file is there and for the other use, and
    where the person may not export.
    """
    chosen = next((known for known in USES if known == use), None)
    if chosen is None or out.suffix not in (".parquet", ".csv"):
        raise EvenhandError(
            f"Asked for '{use}' as '{out.name}'", "For train or evaluate, a file that ends in .parquet or .csv"
        )
    manifest = out.with_name(f"{out.name}.manifest.json")
    _check_not_the_other(manifest, chosen)
    found = feedback(settings, model, chosen)
    if not found.rows:
        raise EvenhandError(f"No settled case of {model} is for {use}", todo="Review cases first: the page Queue")
    content = _parquet(found.rows) if out.suffix == ".parquet" else csv_of(_even(found.rows))
    digest, counts = sha256(content).hexdigest(), {"for": chosen, "rows": len(found.rows), "gone": found.gone}
    role = next((name for name in roles.PRECEDENCE if name in by.roles), "person")
    made = Exported(event_id=new_id(), name=by.name, role=role, model=model, version=None,
                    what="feedback", digest=digest, counts=counts)  # fmt: skip
    recorded = of(settings).append(made, by if by.verified else None)
    about = {"model": model, "file": out.name, "sha256": digest, "act": recorded.sequence, **counts}
    try:
        out.write_bytes(content)
        manifest.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise EvenhandError(f"{out} cannot be written: {error.strerror}", "A file in a folder that is there") from error
    return found


def _check_not_the_other(manifest: Path, use: Use) -> None:
    try:
        before = json.loads(manifest.read_text(encoding="utf-8"))["for"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if before != use:
        raise EvenhandError(
            f"{manifest.name} says that the file is for {before}", "Training and evaluation never share a file",
            "Choose another --out",
        )  # fmt: skip


def _even(rows: Sequence[Row]) -> list[Row]:
    names = dict.fromkeys([*ABOUT, *(name for row in rows for name in row)])
    return [{name: row.get(name) for name in names} for row in rows]


def _parquet(rows: Sequence[Row]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(_even(rows)), out)
    return out.getvalue()
