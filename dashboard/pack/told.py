"""What the report says, section by section: the same for the page and for print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.charts.palette import STATES
from dashboard.charts.words import day, group_name, interval, missing, number, title, unit_of, window
from dashboard.review.events_releases import Condition, SignedOff
from dashboard.review.ledger import Recorded
from dashboard.review.signoff import DECIDED

Rows = Sequence[Mapping[str, Any]]
ORDER = ("outside", "cannot be computed", "inconclusive", "within")


@dataclass(frozen=True)
class Section:
    """A heading, sentences under it, and a table: rows with the same columns."""

    heading: str
    sentences: tuple[str, ...] = ()
    rows: Rows = ()


def headline(signed: Sequence[tuple[Recorded, SignedOff]], release: Mapping[str, Any]) -> str:
    """Returns who decided what, and where the release stood when this was made, in a sentence."""
    newest = signed[-1][1]
    names = ", ".join(dict.fromkeys(recorded.event.actor for recorded, _ in signed))
    what = f"{newest.model} {newest.version or '(all versions)'}"
    return f"{what}, {window(newest.since, newest.until, year=True)}: {release['status']}. Signed by {names}."


def sections(signed: Sequence[tuple[Recorded, SignedOff]], release: Mapping[str, Any], readings: Rows) -> list[Section]:
    """Returns the report's sections: the signatures, what was found, conditions, what was missing, the numbers."""
    newest = signed[-1][1]
    found = sorted(newest.findings, key=lambda one: ORDER.index(one["state"]) if one["state"] in ORDER else 9)
    counted = [f"{sum(one['state'] == state for one in found)} {STATES[state].word}" for state in ORDER]
    said = ", ".join(counted) + "." if found else "Nothing was judged: no policy, or none of its windows."
    return [
        *(Section(f"Signature {k}", (), signature(*pair)) for k, pair in enumerate(signed, start=1)),
        Section("What was found", (said,), _findings(found)),
        Section("Conditions", () if _conditions(signed, release) else ("None.",), _conditions(signed, release)),
        Section("What could not be shown", *_missing(newest)),
        Section("What it stands on", (), _stands_on(newest)),
        Section("The numbers", (f"{len(readings):,} readings, also in tables/readings.csv.",), _numbers(readings)),
    ]


def signature(recorded: Recorded, done: SignedOff) -> list[dict[str, str]]:
    """Returns one signature as it is shown wherever the record is (21 CFR 11.50): who, when, what it means."""
    method, since = done.authentication.get("method"), done.authentication.get("at")
    sure = str(method or "typed, identity not verified") + (f", at {since}" if since else "")
    rows = {
        "Signed by": f"{recorded.event.actor} ({recorded.event.role})",
        "At": f"{recorded.at:%Y-%m-%d %H:%M:%S} UTC (signer's zone: {done.zone})",
        "Meaning": done.meaning or "not stated",
        "Decision": DECIDED[done.decision],
        "Statement": done.statement,
        "Why": done.rationale or "no further reason",
        "Identity": sure,
        "Ends": str(done.expires) if done.expires else "no day set",
        "Record": f"act {recorded.sequence}, {recorded.digest}",
    }
    return [{"What": name, "Signed": value} for name, value in rows.items()]


def _findings(found: Rows) -> list[dict[str, str]]:
    """Returns findings as rows, with the column of answers only where there is one."""
    rows = []
    for one in found:
        look = STATES.get(one["state"])
        told = {"State": look.word if look else str(one["state"]), "Finding": str(one.get("sentence") or one["rule"])}
        rows.append(told | {"Answer": str(one.get("answer") or "")})
    if any(row["Answer"] for row in rows):
        return rows
    return [{name: row[name] for name in ("State", "Finding")} for row in rows]


def _conditions(signed: Sequence[tuple[Recorded, SignedOff]], release: Mapping[str, Any]) -> list[dict[str, str]]:
    met = {one["number"]: one["fulfilled"] for one in release["conditions"]}
    return [
        {
            "No": (number_ := f"{recorded.sequence}.{place}"),
            "Condition": one.text,
            "Who": one.owner,
            "Until": day(one.due, year=True) if one.due else "",
            "Met": day(met[number_]["at"][:10], year=True) if met.get(number_) else "not yet",
        }
        for recorded, done in signed
        for place, one in enumerate(done.conditions, start=1)
        if isinstance(one, Condition)
    ]


def _missing(done: SignedOff) -> tuple[tuple[str, ...], Rows]:
    flags = f"Open flags at the signature: {', '.join(f'act {n}' for n in done.open_flags) or 'none'}."
    waived = [{"Missing": name, "Accepted because": done.waivers.get(name) or "not waived"} for name in done.missing]
    return ((flags,) if waived else (flags, "Nothing was missing.")), waived


def _stands_on(done: SignedOff) -> list[dict[str, str]]:
    rows = {
        "Policy": f"version {done.policy_version}, {done.policy_digest or 'no digest'}",
        "Contract": done.contract_digest or "no digest",
        "Model file": done.model_digest or "no digest stated in the contract",
        "Counted": f"rollup {done.rollup_number}, {done.rollup_identity}",
        "Readings": done.readings_digest,
    }
    return [{"What": name, "SHA-256": value} for name, value in rows.items()]


def _numbers(readings: Rows) -> list[dict[str, str]]:
    told = []
    for row in readings:
        unit = unit_of(str(row["metric"]))
        about = " ".join(str(row[name]) for name in ("attribute", "feature") if row.get(name))
        group = group_name(row["group"]) if row.get("group") is not None else ""
        value = None if missing(row["value"]) else float(row["value"])
        told.append(
            {
                "Metric": title(str(row["metric"])),
                "Of": f"{about} {group}".strip() or "everybody",
                "Days": window(row["since"], row["until"]),
                "Value": "cannot be computed" if value is None else number(value, unit),
                "95 % interval": ""
                if value is None or row["low"] == row["high"]
                else interval(row["low"], row["high"], unit),
                "n": f"{row['n']:,}" if row["n"] is not None else "",
            }
        )
    return told
