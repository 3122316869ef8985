"""Published numbers that ours are put beside, and the targets that were set before anything was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from benchmarks.findings import Findings

ANCHORS: Mapping[str, str] = MappingProxyType(
    {
        "relief": "GLCM, same photos re-drawn: ICC ≥ 0.90 in 35 parameters, “moderate” with CSS [1]; laser scan Svm "
        "with experts r = 0.86 [2]; VISIA, positioned face: spots and wrinkles about 6 % [3]",
        "delta_mi": "automatic against clinical mMASI, of the change r = 0.62 [4]",
        "delta_ei": "a* with a clinical score, Spearman 0.37 [5]",
        "delta_a": "Δa* with a clinical score, Spearman 0.30 [5]",
        "ita": "phone against DSLR with a chart, ICC 0.78 to 0.93 [6]; two weeks of sun 3.6 to 3.9 ΔE [7]",
        "lightness": "camera with chart, median ΔE*ab 6.40, repeated 3.43 [8]",
        "a_star": "contact spectrophotometer, smallest detectable 0.2 to 0.5 [7]",
        "b_star": "contact spectrophotometer, smallest detectable 0.2 to 0.5 [7]",
    }
)

SOURCES = """\
1. *Reliability of texture analysis using co-occurrence matrices (GLCM) on photographs of cellulite*, 27 women. The
   second reading re-drew the region on the same photos: it is not a second photograph.
2. Smalls et al., *J. Cosmet. Sci.* 56 (2005) 105: laser scans of 10 thighs against expert grades.
3. Precision of the VISIA system, PubMed 38024101: spots and wrinkles, positioned head.
4. Tay et al., *Br. J. Dermatol.* 172 (2015) 1535: 29 patients.
5. Logger et al., *Skin Res. Technol.* 26 (2020) 804.
6. arXiv 2512.21988: 965 people.
7. *Vision Res.* 192 (2022) 107976: 103 students.
8. Van Poucke et al., *BMC Med. Imaging* 10 (2010) 7: wounds.

Only abstracts of these were read. None of them re-photographed cellulite: no published repeatability of a photographic
measure of it was found."""


@dataclass(frozen=True, slots=True)
class Target:
    """A number that must not fall short.

    Attributes
    ----------
    what : str
        The quantity, in words with its unit.
    least, most : float or None
        The limits.
    of : callable
        ``(accuracy, repeatability) -> number or None`` if it was not measured.
    """

    what: str
    of: Callable[[Findings, Findings], float | None]
    least: float | None = None
    most: float | None = None

    def missed(self, value: float) -> bool:
        """Whether a value is outside the limits."""
        return (self.least is not None and value < self.least) or (self.most is not None and value > self.most)


def _relief(level: str, key: str = "r2") -> Callable[[Findings, Findings], float | None]:
    return lambda accuracy, _: accuracy["relief"]["plane"]["relief"].get(level, {}).get(key)


def _floor_drift(accuracy: Findings, _: Findings) -> float | None:
    floors = [row["found"] for row in accuracy["relief"]["floor"].values()]
    return 100 * (max(floors) / min(floors) - 1) if floors else None


def _law(accuracy: Findings, _: Findings) -> float | None:
    return 100 * max(abs(lamp["found"] / lamp["law"] - 1) for lamp in accuracy["relief"]["light"] if lamp["law"] > 0)


def _frontal(accuracy: Findings, _: Findings) -> float | None:
    lamp = next(lamp for lamp in accuracy["relief"]["light"] if lamp["slant"] == 0.0)
    return 100 * (lamp["value"] / lamp["floor"] - 1)


def _cross_talk(accuracy: Findings, _: Findings) -> float | None:
    return max(abs(tone["ei_per_mi"]) for tone in accuracy["contrasts"]["by_tone"])


def _of_colour(key: str) -> Callable[[Findings, Findings], float | None]:
    return lambda accuracy, _: accuracy["colour"].get(key)


def _of_metric(name: str, key: str) -> Callable[[Findings, Findings], float | None]:
    return lambda accuracy, _: accuracy["metrics"].get(name, {}).get(key)


def _mdc(name: str, rig: str) -> Callable[[Findings, Findings], float | None]:
    return lambda _, repeatability: repeatability.get("metrics", {}).get(name, {}).get("mdc95", {}).get(rig)


def _refused(factor: str, level: float) -> Callable[[Findings, Findings], float | None]:
    def share(accuracy: Findings, _: Findings) -> float | None:
        rows = accuracy["factorial"]["relief"]["by_factor"][factor]
        row = next((row for row in rows if row["level"] == level), None)
        return 100 * row["refused"] / row["pairs"] if row and row["pairs"] else None

    return share


TARGETS: tuple[Target, ...] = (
    Target("R² of relief at 5 % pigment mottling", _relief("5"), least=0.95),
    Target("R² of relief at 15 % pigment mottling", _relief("15"), least=0.95),
    Target("R² of relief at 30 % pigment mottling", _relief("30"), least=0.95),
    Target("R² of relief over all levels of pigment together", _relief("all"), least=0.95),
    Target("least rank correlation of relief with depth within a skin", _relief("all", "spearman_least"), least=1.0),
    Target("slope of relief at 5 % pigment mottling", _relief("5", "slope"), least=0.9, most=1.1),
    Target("slope of relief at 15 % pigment mottling", _relief("15", "slope"), least=0.9, most=1.1),
    Target("slope of relief at 30 % pigment mottling", _relief("30", "slope"), least=0.9, most=1.1),
    Target("drift of the floor of relief with pigment, %", _floor_drift, most=10.0),
    Target("deviation from the law of the lamp, largest, %", _law, most=3.0),
    Target("relief in frontal light above its floor, %", _frontal, most=10.0),
    Target("pairs with relief refused at a melanosome fraction of 0.25, %", _refused("tone", 0.25), most=10.0),
    Target("pairs with relief refused at a melanosome fraction of 0.35, %", _refused("tone", 0.35), most=10.0),
    Target("R² of ΔMI", _of_metric("delta_mi", "r2"), least=0.97),
    Target("ΔEI′ moved per ΔMI by melanin alone, worst tone", _cross_talk, most=0.2),
    Target("mean ΔE00 on skin with a chart", _of_colour("after"), most=2.0),
    Target("ΔE00 of left-out patches, mean of medians", _of_colour("left_out"), most=3.0),
    Target("bias of ITA in daylight and LED light, worst case, °", _of_colour("ita_bias_worst"), most=2.5),
    Target("bias of ITA in photos with a chart, °", _of_metric("ita", "bias"), least=-2.5, most=2.5),
    Target("MDC95 of relief on a fixed rig, %", _mdc("relief", "fixed rig"), most=25.0),
    Target("MDC95 of relief on a marked floor, %", _mdc("relief", "marked floor"), most=25.0),
    Target("MDC95 of ΔMI on a marked floor", _mdc("delta_mi", "marked floor"), most=2.2),
    Target("MDC95 of ITA on a marked floor, °", _mdc("ita", "marked floor"), most=5.5),
)
