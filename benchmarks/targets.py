"""The limits that the findings are held to: those of the specification, each with its place, and our own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.findings import Findings
from benchmarks.repeatability_limits import LEAST_COVERAGE, MOST_COVERAGE, MOST_FALSE_ALARMS
from benchmarks.studied import REPEATED
from tracker.phantom import RIGS

Value = Callable[[Findings, Findings], float | None]


@dataclass(frozen=True, slots=True)
class Target:
    """A number that is to stay within limits.

    Attributes
    ----------
    what : str
        The quantity, in words with its unit.
    of : callable
        ``(accuracy, repeatability) -> number or None`` if it was not measured.
    least, most : float or None
        The limits.
    source : str
        Section of MEASUREMENT.md, or the subject of another specification; empty for a limit of our own.
    rig : str
        Where it holds for one set-up only.
    beyond : str
        What it means to lie above the upper limit, where that is not plain.
    """

    what: str
    of: Value
    least: float | None = None
    most: float | None = None
    source: str = ""
    rig: str = ""
    beyond: str = ""

    def missed(self, value: float) -> bool:
        """Whether a value is outside the limits."""
        return self.by(value) > 0

    def by(self, value: float) -> float:
        """How far outside the limits a value is; 0 inside."""
        under = 0.0 if self.least is None else self.least - value
        return max(under, 0.0 if self.most is None else value - self.most, 0.0)


def _looked_up(found: Any, *path: str) -> Any:
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _accuracy(*path: str) -> Value:
    return lambda accuracy, _: _looked_up(accuracy, *path)


def _repeatability(*path: str) -> Value:
    return lambda _, repeatability: _looked_up(repeatability, *path)


def _relief(level: str, key: str = "r2") -> Value:
    return _accuracy("relief", "plane", "relief", level, key)


def _share(*path: str) -> Value:
    """A proportion of the repeatability findings in per cent."""

    def percent(_: Findings, repeatability: Findings) -> float | None:
        share = _looked_up(repeatability, *path, "share")
        return None if share is None else 100 * share

    return percent


def _accepted(start: str, pairs: str) -> Value:
    """Share of right or wrong pairs of photos that are accepted, in per cent."""

    def percent(accuracy: Findings, _: Findings) -> float | None:
        share = _looked_up(accuracy, "wrong_pairs", start, f"accepted_{pairs}", "share")
        return None if share is None else 100 * share

    return percent


def _registration(key: str, *levels: str) -> Value:
    """A score of the alignment against dense truth, of a level or of all pairs; shares in per cent."""
    path = ("registration", *(("levels", *levels) if levels else ("ours",)), key)

    def value(accuracy: Findings, _: Findings) -> float | None:
        found = _looked_up(accuracy, *path)
        return found if found is None or key in ("median", "p90") else 100 * found

    return value


def _counted(name: str, key: str, rig: str) -> Value:
    """A share that is stored as a count and its total, in per cent."""

    def percent(_: Findings, repeatability: Findings) -> float | None:
        pair = _looked_up(repeatability, "metrics", name, key, rig)
        return 100 * pair[0] / pair[1] if pair and pair[1] else None

    return percent


def larger_mdc95(repeatability: Findings, name: str, rig: str) -> float | None:
    """The smallest detectable change, by the larger of its two sides."""
    row = _looked_up(repeatability, "spread", name, rig) or {}
    sides = [row.get(key) for key in ("mdc95", "mdc95_increase")]
    known = [side for side in (*sides, _looked_up(repeatability, "metrics", name, "mdc95", rig)) if side is not None]
    return max(known) if known else None


def _mdc(name: str, rig: str) -> Value:
    return lambda _, repeatability: larger_mdc95(repeatability, name, rig)


def _floor_drift(accuracy: Findings, _: Findings) -> float | None:
    """The largest move of the floor from that under the weakest pigment, with its sign, %."""
    floors = [row["found"] for row in (_looked_up(accuracy, "relief", "floor") or {}).values()]
    moves = [100 * (floor / floors[0] - 1) for floor in floors[1:]]
    return max(moves, key=abs) if moves else None


def _law(accuracy: Findings, _: Findings) -> float | None:
    lamps = [lamp for lamp in _looked_up(accuracy, "relief", "light") or () if lamp["law"] > 0]
    return 100 * max(abs(lamp["found"] / lamp["law"] - 1) for lamp in lamps) if lamps else None


def _frontal(accuracy: Findings, _: Findings) -> float | None:
    lamps = [lamp for lamp in _looked_up(accuracy, "relief", "light") or () if lamp["slant"] == 0.0]
    return 100 * (lamps[0]["value"] / lamps[0]["floor"] - 1) if lamps else None


def _relief_tone(key: str) -> Value:
    """The worst of the tones, in which relief is swept."""

    def worst(accuracy: Findings, _: Findings) -> float | None:
        found = [tone["relief"][key] for tone in _looked_up(accuracy, "relief_tones", "by_tone") or ()]
        return min(found) if found else None

    return worst


def _worst_tone(key: str) -> Value:
    def worst(accuracy: Findings, _: Findings) -> float | None:
        moved = [tone[key] for tone in _looked_up(accuracy, "contrasts", "by_tone") or () if tone[key] is not None]
        return max(moved, key=abs) if moved else None

    return worst


def _line_tones(key: str) -> Value:
    """Worst over best of a figure of line contrast by tone."""

    def ratio(accuracy: Findings, _: Findings) -> float | None:
        rows = [row[key] for row in _looked_up(accuracy, "lines", "by_tone") or () if row[key]]
        return max(rows) / min(rows) if rows else None

    return ratio


def _pores_seen(accuracy: Findings, _: Findings) -> float | None:
    """Share of the pores that is counted, of the tone with the most over that with the least."""
    seen = [row["seen"] for row in _looked_up(accuracy, "pores", "by_tone") or () if row["seen"]]
    return max(seen) / min(seen) if seen else None


def _line_null(key: str, rig: str) -> Value:
    """Spread or a share of unchanged lines that were taken anew, in per cent."""

    def percent(accuracy: Findings, _: Findings) -> float | None:
        found = _looked_up(accuracy, "lines", "null", rig, "line_contrast", key)
        value = found.get("share") if isinstance(found, dict) else found
        return None if value is None else 100 * value

    return percent


def _far_lamps(accuracy: Findings, _: Findings) -> float | None:
    """Share of photos refused where the lamp was turned by more than 30° or put beside the camera, in per cent."""
    rows = _looked_up(accuracy, "lines", "light") or ()
    far = [row for row in rows if row["turn"] == "frontal" or abs(float(row["turn"])) > 30]
    photos = sum(row["photos"] for row in far)
    return 100 * sum(row["refused"] for row in far) / photos if photos else None


def _refused(factor: str, level: float) -> Value:
    def share(accuracy: Findings, _: Findings) -> float | None:
        rows = _looked_up(accuracy, "factorial", "relief", "by_factor", factor) or ()
        row = next((row for row in rows if row["level"] == level), None)
        return 100 * row["refused"] / row["pairs"] if row and row["pairs"] else None

    return share


def _worst_over_best(name: str) -> Value:
    """RMS error of pairs with dual light on the worst tone over that on the best."""

    def ratio(accuracy: Findings, _: Findings) -> float | None:
        tones = _looked_up(accuracy, "dual", "by_tone") or ()
        errors = [tone[name]["rms"] for tone in tones if tone[name]["rms"]]
        return max(errors) / min(errors) if errors else None

    return ratio


_LEVELS = ("5", "15", "30")
SPECIFIED: tuple[Target, ...] = (
    *(
        Target(f"R² of relief with the true height Sq at {level} % pigment mottling", _relief(level, "r2_height"),
               least=0.95, source="§7.6 A1, §9")
        for level in _LEVELS
    ),
    Target("least rank correlation of relief with depth within a skin", _relief("all", "spearman_least"), least=1.0,
           source="§7.6 A1"),
    Target("move of the floor of relief with pigment, %", _floor_drift, least=-10.0, most=10.0, source="§7.6 A1"),
    Target("relief in frontal light over its floor, %", _frontal, least=-10.0, most=10.0, source="§7.6 A1, §7.4"),
    Target("deviation from the law of the lamp, largest, %", _law, most=3.0, source="§7.4"),
    Target("R² of relief with the true shading over six tones, pigments and sheens",
           _accuracy("relief_tones", "relief", "r2"), least=0.95, source="§9"),
    Target("R² of relief with the true shading, worst tone", _relief_tone("r2"), least=0.95, source="§9"),
    Target("RMS error of relief of the worst tone over that of the best", _accuracy("relief_tones", "worst_over_best"),
           most=1.5, source="§9"),
    *(Target("slope of the change of relief with the gauge",
             _accuracy("relief_gauge", rig.name, "ungated", "slope", "slope"), least=0.97, most=1.03,
             source="§9", rig=rig.name)
      for rig in RIGS),
    *(Target(f"R² of {what} of pairs with dual light", _accuracy("dual", "metrics", name, "r2"), least=least,
             source="§9")
      for what, name, least in (("the strength", "dual_relief", 0.985), ("the depth index", "dual_depth", 0.99))),
    *(Target(f"slope of {what} of pairs with dual light", _accuracy("dual", "metrics", name, "slope"), 0.97, 1.03, "§9")
      for what, name in (("the strength", "dual_relief"), ("the depth index", "dual_depth"))),
    Target("F1 of dimples of 1 mm or more", _accuracy("dual", "dimples", "f1_deep"), least=0.9, source="§7.6 A3"),
    Target("bias of the count of dimples, %", _accuracy("dual", "dimples", "count_bias"), -10.0, 10.0, "§7.6 A3"),
    Target("R² of the depth of dimples", _accuracy("dual", "metrics", "dimple_depth", "r2"), least=0.9,
           source="§7.6 A3"),
    *(Target(f"error of {what} of pairs with dual light, worst tone over best", _worst_over_best(name), most=1.5,
             source="§9")
      for what, name in (("the strength", "dual_relief"), ("the depth index", "dual_depth"))),
    Target("R² of ΔMI", _accuracy("metrics", "delta_mi", "r2"), least=0.97, source="§7.6 B4"),
    Target("R² of the change of spot contrast", _accuracy("spots", "contrast_change", "r2"), least=0.97,
           source="§7.6 B4"),
    Target("mean change of the contrast of unchanged spots, marked floor",
           _accuracy("spots", "null", "spot_contrast", "marked floor", "mean"), least=-0.2, most=0.2, source="§7.6 B4"),
    Target("s_w of spot contrast, marked floor", _accuracy("spots", "null", "spot_contrast", "marked floor", "s_w"),
           most=0.5, source="§9"),
    Target("bias of the area of spots, as a share", _accuracy("spots", "area", "bias"), least=-0.08, most=0.08,
           source="§9"),
    Target("standard deviation of the area of spots, as a share", _accuracy("spots", "area", "sd"), most=0.05,
           source="§9"),
    Target("R² of melanin mottling with the true mottling", _accuracy("spots", "metrics", "melanin_mottling", "r2"),
           least=0.95, source="§7.6 B5"),
    Target("R² of the change of line contrast with the depth left", _accuracy("lines", "change", "line_contrast",
           "line", "r2"), least=0.9, source="§7.6 D2"),
    Target("R² of the length of lines above 0.09 mm", _accuracy("lines", "metrics", "line_length", "r2"), least=0.95,
           source="§7.6 D1"),
    Target("photos of flat skin with a line", _accuracy("lines", "length", "bare", "with_lines"), most=0.0,
           source="§7.6 D1"),
    Target("s_w of line contrast, lamp untouched, %", _line_null("s_w", "lamp untouched"), most=4.0, source="§9"),
    Target("s_w of line contrast, fixed rig, %", _line_null("s_w", RIGS[0].name), most=4.0, source="§9"),
    Target("line contrast refused under a lamp turned by more than 30° or frontal, %", _far_lamps, least=95.0,
           source="§7.6 D2"),
    Target("error of the change of line contrast, worst over best tone", _line_tones("rmse"), most=1.5,
           source="metrics"),
    Target("share of pores that is counted, best over worst tone", _pores_seen, most=1.5, source="metrics"),
    *(Target(f"bias of the area of bruises, {when}, as a share", _accuracy("spots", "bruise", key, "bias"), least=-0.1,
             most=0.1, source="§7.6 C2")
      for key, when in (("fresh", "first day"), ("fading", "later"))),
    Target("ΔEI′ moved per ΔMI by melanin alone, worst tone", _worst_tone("ei_per_mi"), least=-0.2, most=0.2,
           source="§7.6 B3c"),
    Target("s_w of ΔMI over lamps, cameras, exposure and balance", _accuracy("contrasts", "set_ups", "delta_mi", "s_w"),
           most=0.6, source="§7.6 B3c"),
    Target("mean ΔE00 on skin with a chart", _accuracy("colour", "after"), most=2.0, source="§7.6 B1, §9"),
    Target("ΔE00 of left-out patches, mean of medians", _accuracy("colour", "left_out"), most=3.0, source="§9"),
    Target("ΔE00 of left-out patches, 95th percentile", _accuracy("colour", "left_out_p95"), most=6.0, source="§9"),
    *(Target(f"{words} error of the scale, %, {scene}: {name}", _accuracy("scales", scene, name, key), most=most,
             source="§4.5")
      for scene, name in (("rendered", "four markers"), ("boards", "card"))
      for words, key, most in (("median", "median", 1.0), ("p95 of the", "p95", 2.0))),
    *(Target(f"{pairs} pairs of photos accepted, start {words}, %", _accepted(start, pairs), least, most,
             source="alignment")
      for pairs, least, most in (("wrong", None, 0.0), ("right", 97.0, None))
      for start, words in (("automatic", "automatic"), ("by_hand", "by hand"))),
    Target("error at landmarks of real visits, median pair, px of 512", _accuracy("visits", "landmarks", "median"),
           most=1.0, source="alignment"),
    Target("error at landmarks of real visits, 90th percentile, px of 512", _accuracy("visits", "landmarks", "p90"),
           most=3.0, source="alignment"),
    Target("strict success of alignment against dense truth, % of pairs", _registration("strict"), least=98.0,
           source="alignment"),
    Target("visible skin aligned within 1 px of 1000, %", _registration("f1"), least=80.0, source="alignment"),
    Target("median alignment error against dense truth, px of 1000", _registration("median"), most=0.5,
           source="alignment"),
    *(Target(f"coverage of the claimed 95 % of alignment, {level} pairs, %", _registration("covered", level), 93.0,
             97.0, "alignment", beyond="too cautious")
      for level in ("easy", "medium", "hard")),
    Target("median error of the azimuth of the lamp, °", _accuracy("lights", "azimuth", "all", "median"), most=5.0,
           source="§5"),
    Target("p90 of the error of the azimuth of the lamp, °", _accuracy("lights", "azimuth", "all", "p90"), most=12.0,
           source="§5"),
    Target("bias of ITA in daylight and LED light, worst case, °", _accuracy("colour", "ita_bias_worst"), most=2.5,
           source="§7.6 B1"),
    Target("bias of ITA in photos with a chart, °", _accuracy("metrics", "ita", "bias"), least=-2.5, most=2.5,
           source="§7.6 B1"),
    Target("RMS error of hair coverage, pp", _accuracy("metrics", "hair_coverage", "rmse"), most=2.0, source="§7.6 E1"),
    Target("RMS error of part width, mm", _accuracy("metrics", "part_width", "rmse"), most=0.5, source="§7.6 E2"),
    *(Target(f"s_w of hair coverage, pp, {rig.name}", _accuracy("hair", "null", "hair_coverage", rig.name, "s_w"),
             most=1.5, source="§9", rig=rig.name)
      for rig in RIGS),
    *(Target(f"RMS error of width at {level} %, mm", _accuracy("metrics", f"width_{level}", "rmse"), most=3.0,
             source="§7.6 F1")
      for level in (25, 50, 75)),
    Target("RMS error of silhouette area, %", _accuracy("contour", "area_error_percent"), most=1.0, source="§7.6 F1"),
    *(Target(f"s_w of width at 50 %, mm, {rig.name}", _accuracy("contour", "null", "width_50", rig.name, "s_w"),
             most=3.0, source="§9", rig=rig.name)
      for rig in RIGS),
    *(Target(f"error of {name} in the worst tone over that in the best", _accuracy(part, "worst_over_best", name),
             most=1.5, source="§9")
      for part, names in (("hair", ("hair_coverage", "part_width")), ("contour", ("width_50", "silhouette_area")))
      for name in names),
    *(
        Target(f"MDC95 of {symbol}, the larger side", _mdc(name, rig), most=most, source="§9", rig=rig)
        for name, symbol, most in (("relief", "relief, %", 25.0), ("delta_mi", "ΔMI", 2.2), ("ita", "ITA, °", 5.5))
        for rig in ("fixed rig", "marked floor")
    ),
    *(
        Target(f"false alarms of {metric.symbol}, % of pairs", _counted(metric.name, "false_alarms", rig.name),
               most=100 * MOST_FALSE_ALARMS, source="§7.6, §9", rig=rig.name)
        for metric in REPEATED
        for rig in RIGS
    ),
    *(
        Target(f"coverage of the 95 % intervals of {metric.symbol}, %", _counted(metric.name, "coverage", rig.name),
               least=100 * LEAST_COVERAGE, most=100 * MOST_COVERAGE, source="§7.4, §7.6, §9", rig=rig.name,
               beyond="too cautious")
        for metric in REPEATED
        for rig in RIGS
    ),
    *(
        Target(f"{what}, {metric.symbol}, %", _share("gate", metric.name, "summary", key), least, most, source="§5")
        for metric in REPEATED
        for what, key, least, most in (
            ("harmful mismatches that the gate stops", "harmful_stopped", 97.0, None),
            ("matched pairs that the gate stops", "matched_stopped", None, 7.0),
        )
    ),
)  # fmt: skip
OWN: tuple[Target, ...] = (
    *(Target(f"R² of relief with the true shading at {level} % pigment mottling", _relief(level), least=0.95)
      for level in _LEVELS),
    Target("R² of relief with the true shading over all levels of pigment", _relief("all"), least=0.95),
    *(Target(f"slope of relief at {level} % pigment mottling", _relief(level, "slope"), least=0.9, most=1.1)
      for level in _LEVELS),
    *(Target(f"{key} of the change of relief through the whole pipeline",
             _accuracy("factorial", "relief", "change", at), least, most)
      for key, at, least, most in (("slope", "slope", 0.9, 1.1), ("R²", "r2", 0.9, None),
                                   ("RMS error, points,", "rmse", None, 10.0))),
    *(Target(f"{what} read after alignment", _accuracy("absorption", kind, "maps", "ours", "mean"), least, most)
      for what, kind, least, most in (
          ("spots that shrink by 20 %: change of their area, %,", "spots", -22.0, -18.0),
          ("dimples flatter by 30 %: change of their contrast, %,", "dimples", -33.0, -27.0),
          ("a limb slimmer by 5 mm: change of its width, mm,", "silhouette", -6.0, -4.0))),
    Target("R² of waviness on a thigh", _accuracy("relief_tones", "waviness", "thigh", "value", "r2"), least=0.9),
    Target("change of relief of tanned skin, median, %", _accuracy("relief", "tan", "relief", "median"),
           least=-5.0, most=5.0),
    *(Target(f"pairs with relief refused at a melanosome fraction of {level:g}, %", _refused("tone", level), most=10.0)
      for level in (0.25, 0.35)),
    *(Target(f"harmless photos that the gate refuses for {metric.symbol}, %",
             _share("alarms", metric.name, rig, "harmless_refused"), most=15.0, rig=rig)
      for metric in REPEATED
      for rig in ("fixed rig", "marked floor")),
    Target("ΔMI moved per ΔEI′ by blood alone, worst tone", _worst_tone("mi_per_ei"), least=-0.2, most=0.2),
    *(Target(f"{key} of {symbol} in photos with a chart", _accuracy("metrics", name, at), least, most)
      for name, symbol, rmse in (("ita", "ITA", 3.0), ("a_star", "a*", 1.5), ("b_star", "b*", 1.5))
      for key, at, least, most in (("slope", "slope", 0.9, 1.1), ("R²", "r2", 0.9, None),
                                   ("RMS error", "rmse", None, rmse))),
)  # fmt: skip
