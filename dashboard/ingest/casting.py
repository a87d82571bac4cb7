"""Casting, once: SQL expressions that turn a delivered column into what the log keeps, or NULL.

Traps: DuckDB drops `-05:00` when text is cast to TIMESTAMP, so text goes through TIMESTAMPTZ with the session's
zone set to the contract's; `'1.6'` cast to an integer becomes 2, so classes are compared as text; NaN > 1.
"""

from __future__ import annotations

from dashboard.contract import Contract
from dashboard.ingest.sources import family
from dashboard.sql import identifier, literal

SPACES = "' \t\r\n\u00a0'"
FLOATS = ("FLOAT", "DOUBLE")
UNITS = ((1, 1_000_000), (1_000, 1_000), (1_000_000, 1), (1_000_000_000, 0.001))
"""Seconds, milli-, micro- and nanoseconds since 1970: what to divide by for seconds, to multiply by for micros."""
CENTURY = (946_684_800, 4_102_444_800)
OPPOSITES = {
    "1": "0",
    "true": "false",
    "yes": "no",
    "y": "n",
    "t": "f",
    "positive": "negative",
    "pos": "neg",
    "0": "1",
    "false": "true",
    "no": "yes",
    "n": "y",
    "f": "t",
    "negative": "positive",
    "neg": "pos",
}


def text(column: str, kind: str) -> str:
    """Returns trimmed NFC text, NULL where empty; a whole number in a float column loses its `.0`."""
    value = identifier(column)
    if kind in FLOATS:
        whole = f"{value} = trunc({value}) AND abs({value}) < 1e15"
        return (
            f"CASE WHEN {whole} THEN CAST(CAST({value} AS BIGINT) AS VARCHAR) "
            f"WHEN NOT isnan({value}) THEN CAST({value} AS VARCHAR) END"
        )
    if family(kind) in ("number", "truth") and kind != "VARCHAR":
        return f"CAST({value} AS VARCHAR)"
    value = value if kind == "VARCHAR" else f"CAST({value} AS VARCHAR)"
    clean = f"{value} BETWEEN '!' AND '~' AND right({value}, 1) BETWEEN '!' AND '~'"
    # trimming a set of characters is slow: what starts and ends with a visible ASCII character has nothing to trim
    return f"nullif(CASE WHEN {clean} THEN nfc_normalize({value}) ELSE trim(nfc_normalize({value}), {SPACES}) END, '')"


def raw_text(column: str, kind: str) -> str:
    """Returns the delivered value as text, NULL where nothing was delivered: an empty field or a float's NaN."""
    value = identifier(column)
    if kind in FLOATS:
        return f"CASE WHEN NOT isnan({value}) THEN CAST({value} AS VARCHAR) END"
    return f"nullif(trim(CAST({value} AS VARCHAR), {SPACES}), '')"


def number(column: str, kind: str) -> str:
    """Returns a DOUBLE, which may be NaN or infinite; NULL where the value is not a number."""
    value = identifier(column)
    if kind == "BOOLEAN":
        return f"CAST(CAST({value} AS TINYINT) AS DOUBLE)"
    if family(kind) == "number":
        return f"CAST({value} AS DOUBLE)"
    return f"TRY_CAST({value} AS DOUBLE)"


def finite(column: str, kind: str) -> str:
    """Returns a finite DOUBLE or NULL."""
    value = number(column, kind)
    return f"CASE WHEN isfinite({value}) THEN {value} END" if kind in (*FLOATS, "VARCHAR") else value


def instant(column: str, kind: str, contract: Contract) -> str:
    """Returns a TIMESTAMP in UTC or NULL; what carries no zone is in the contract's."""
    value = identifier(column)
    if "WITH TIME ZONE" in kind or kind.startswith("TIMESTAMPTZ"):
        value = f"CAST({value} AS TIMESTAMPTZ)"  # pandas writes nanoseconds, which few functions take
        return f"CASE WHEN isfinite({value}) THEN make_timestamp(epoch_us({value})) END"
    if family(kind) == "time":
        return _in_zone(f"CAST({value} AS TIMESTAMP)", contract)
    if family(kind) == "number":
        return _since_1970(f"CAST({value} AS DOUBLE)")
    if contract.time_format:
        parsed = f"try_strptime(trim({value}), {literal(contract.time_format)})"
        if "%z" in contract.time_format.lower():
            return f"make_timestamp(epoch_us({parsed}))"
        return _in_zone(parsed, contract)
    zoned = f"TRY_CAST({value} AS TIMESTAMPTZ)"
    return (
        f"CASE WHEN isfinite({zoned}) THEN make_timestamp(epoch_us({zoned})) "
        f"ELSE {_since_1970(f'TRY_CAST({value} AS DOUBLE)')} END"
    )


def _in_zone(value: str, contract: Contract) -> str:
    if contract.timezone == "UTC":
        return f"CASE WHEN isfinite({value}) THEN {value} END"
    zoned = f"timezone({literal(contract.timezone)}, {value})"
    return f"CASE WHEN isfinite({value}) THEN make_timestamp(epoch_us({zoned})) END"


def _since_1970(value: str) -> str:
    """Returns the instant of a number since 1970, its unit by its size: only the years 2000 to 2100 are believed."""
    low, high = CENTURY
    cases = " ".join(
        f"WHEN {value} BETWEEN {low * per} AND {high * per} "
        f"THEN make_timestamp(CAST(round({value} * {micros}) AS BIGINT))"
        for per, micros in UNITS
    )
    return f"CASE {cases} END"


def binary(column: str, kind: str, contract: Contract) -> str:
    """Returns 1 for the positive value, 0 for the negative one (without one: for any other), else NULL."""
    value = f"lower({text(column, kind)})"
    positives, negatives = classes(contract)
    otherwise = _among(value, negatives) if negatives else f"{value} IS NOT NULL"
    return f"CAST(CASE WHEN {_among(value, positives)} THEN 1 WHEN {otherwise} THEN 0 END AS TINYINT)"


def classes(contract: Contract) -> tuple[list[str], list[str]]:
    """Returns the spellings, in lower case, of the positive and the negative value; no negatives: all others.

    Without `negative` in the contract the usual opposite counts: 1 and 0, true and false, yes and no.
    """
    negative = contract.negative if contract.negative is not None else OPPOSITES.get(contract.positive.strip().lower())
    positives = _spellings(contract.positive)
    negatives = [] if negative is None else [s for s in _spellings(negative) if s not in positives]
    return [s for s in positives if negative is None or s not in _spellings(negative)] or positives, negatives


def _spellings(value: str) -> list[str]:
    """Returns how exports write one value: 1 may arrive as `1.0` or `true`."""
    value = value.strip().lower()
    found = [value]
    found += {"1": ["true"], "0": ["false"], "true": ["1", "1.0", "t"], "false": ["0", "0.0", "f"]}.get(value, [])
    if value.lstrip("-").isdigit():
        found += [f"{value}.0", f"{value}.00"]
    elif value.endswith(".0"):
        found.append(value.removesuffix(".0"))
    return found


def _among(value: str, known: list[str]) -> str:
    return f"{value} IN ({', '.join(map(literal, known))})"


def named_class(column: str, kind: str, contract: Contract) -> str:
    """Returns the class as text, NULL where the contract lists the classes and this is none of them."""
    value = text(column, kind)
    return f"CASE WHEN {_among(value, list(contract.classes))} THEN {value} END" if contract.classes else value
