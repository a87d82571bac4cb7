"""Pairs of units that a feature may be delivered in by mistake: which one a constant factor points to."""

from __future__ import annotations

from dataclasses import dataclass

NEAR = 0.05  # a factor this far from a pair's, relatively, is still taken for it: values drift a little meanwhile


@dataclass(frozen=True)
class Pair:
    """Two units: a value in `other` is `factor` times the value in `unit`. `words` are in the feature's name."""

    unit: str
    other: str
    factor: float
    words: tuple[str, ...] = ()


# Molar masses (g/mol) of the substance, a tenth of them where it is per decilitre: CRC Handbook of Chemistry.
# Of lengths and masses: the international yard and pound of 1959.
PAIRS = (
    Pair("mmol/L", "mg/dL", 9.008, ("lactate", "laktat")),
    Pair("mmol/L", "mg/dL", 18.016, ("glucose", "glukose", "sugar")),
    Pair("mmol/L", "mg/dL", 38.67, ("cholesterol", "hdl", "ldl")),
    Pair("mmol/L", "mg/dL", 88.57, ("triglyceride",)),
    Pair("mmol/L", "mg/dL", 2.801, ("bun", "urea_nitrogen")),
    Pair("mmol/L", "mg/dL", 6.006, ("urea",)),
    Pair("mmol/L", "mg/dL", 4.008, ("calcium",)),
    Pair("mmol/L", "mg/dL", 2.431, ("magnesium",)),
    Pair("mg/dL", "µmol/L", 88.42, ("creatinine", "kreatinin")),
    Pair("mg/dL", "µmol/L", 17.104, ("bilirubin",)),
    Pair("mg/dL", "µmol/L", 59.48, ("uric", "urate")),
    Pair("mg/dL", "mg/L", 10.0),
    Pair("g/dL", "g/L", 10.0),
    Pair("kg", "lb", 2.2046),
    Pair("kg", "g", 1000.0),
    Pair("g", "mg", 1000.0),
    Pair("mg", "µg", 1000.0),
    Pair("cm", "in", 1 / 2.54),
    Pair("m", "cm", 100.0),
    Pair("m", "ft", 1 / 0.3048),
    Pair("km", "mi", 1 / 1.609344),
    Pair("mmHg", "kPa", 0.133322),
    Pair("fraction", "%", 100.0),
    Pair("s", "ms", 1000.0),
    Pair("min", "s", 60.0),
    Pair("h", "min", 60.0),
    Pair("years", "months", 12.0),
)
SAME = {
    "percent": "%", "share": "fraction", "lbs": "lb", "inch": "in", "inches": "in", "sec": "s", "seconds": "s",
    "milliseconds": "ms", "years old": "years", "umol/l": "µmol/L", "μmol/l": "µmol/L", "ug": "µg", "mcg": "µg",
    "c": "°C", "celsius": "°C", "degc": "°C", "f": "°F", "fahrenheit": "°F", "degf": "°F", "kelvin": "K", "k": "K",
}  # fmt: skip
# (unit, other, scale, shift): a value in `other` is scale times the value in `unit`, and shift more.
DEGREES = (("°C", "°F", 1.8, 32.0), ("°C", "K", 1.0, 273.15), ("K", "°F", 1.8, -459.67))


def plain_unit(unit: str) -> str:
    """Returns a unit as the table spells it.

    >>> plain_unit("MMOL/l"), plain_unit("percent"), plain_unit("bogus")
    ('mmol/L', '%', 'bogus')
    """
    known = {name.casefold(): name for pair in PAIRS for name in (pair.unit, pair.other)}
    return known.get(unit.strip().casefold(), SAME.get(unit.strip().casefold(), unit.strip()))


def scales(feature: str, unit: str) -> tuple[tuple[str, str, float, float], ...]:
    """Returns (unit now, unit before, scale, shift) of every scale of degrees that a temperature may be in instead.

    >>> [now for now, *_ in scales("temperature", "°C")], scales("weight", "kg")
    (['°F', 'K'], ())
    """
    declared = plain_unit(unit)
    both = [(other, one, scale, shift) for one, other, scale, shift in DEGREES]
    both += [(one, other, 1 / scale, -shift / scale) for one, other, scale, shift in DEGREES]
    if not declared and "temp" in feature.casefold():
        return tuple(both)
    return tuple(found for found in both if found[1] == declared)


def probable(feature: str, unit: str, factor: float) -> tuple[str, str, float] | None:
    """Returns (the unit that values now seem to be in, the one they were in, their factor); None where no pair has it.

    A pair that names a substance needs it in the feature's name; one that names none, the contract's unit.

    >>> probable("lactate", "mmol/L", 9.1), probable("weight", "", 2.2)
    (('mg/dL', 'mmol/L', 9.008), None)
    """
    name, declared = feature.casefold(), plain_unit(unit)
    found: list[tuple[float, str, str, float]] = []
    for pair in PAIRS:
        if pair.words and not any(word in name for word in pair.words):
            continue
        for now, before, expected in ((pair.other, pair.unit, pair.factor), (pair.unit, pair.other, 1 / pair.factor)):
            off = abs(factor / expected - 1)
            if off <= NEAR and (declared == before or (not declared and pair.words)):
                found.append((off, now, before, expected))
    return min(found)[1:] if found else None
