"""The repeatability benchmark: its statistics against known cases, and a small run against real bounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from benchmarks.estimates import (
    MDC95_PER_SD,
    agreement,
    interval_by_subject,
    intraclass_correlation,
    proportion,
    within_subject_sd,
)
from benchmarks.findings import Findings, stored
from benchmarks.gate_trials import MISMATCHES, ON_THE_CHART, mismatched
from benchmarks.repeatability import FULL, SCENES, figures, run, sections
from benchmarks.repeatability_limits import coverage_missed, false_alarm_missed
from benchmarks.repeatability_scenes import DEPTHS, MELANINS, is_moved
from benchmarks.rephotography import Scene
from benchmarks.studied import REPEATED
from tracker.phantom import RIGS, nominal_shot

PARTS = ("light", "camera", "sensor", "response")


@pytest.fixture(scope="module")
def quick() -> Findings:
    return run(quick=True, workers=1)


def test_the_spread_within_subjects_ignores_what_differs_between_them() -> None:
    rng = np.random.default_rng(5)
    subjects = rng.normal(0.0, 10.0, (400, 1)) + rng.normal(0.0, 0.5, (400, 4))

    spread = within_subject_sd(subjects.tolist())

    # 1200 degrees of freedom: 2 % standard error
    assert spread.sd == pytest.approx(0.5, rel=0.05)
    assert spread.low < 0.5 < spread.high


def test_one_pair_of_unchanged_skin_in_twenty_exceeds_mdc95() -> None:
    pairs = np.random.default_rng(6).normal(0.0, 0.3, (20000, 2))

    exceeding = np.abs(pairs[:, 1] - pairs[:, 0]) > MDC95_PER_SD * 0.3

    assert exceeding.mean() == pytest.approx(0.05, abs=0.006)


def test_the_interval_of_a_proportion_is_the_exact_one() -> None:
    """Clopper and Pearson's table: 0 of 20 reaches 16.8 %, 5 of 20 lies in 8.7 to 49.1 %."""
    assert proportion(0, 20).high == pytest.approx(0.168, abs=0.001)
    assert (proportion(5, 20).low, proportion(5, 20).high) == pytest.approx((0.0866, 0.4910), abs=0.0005)


def test_agreement_recovers_a_line() -> None:
    truth = np.linspace(0.0, 10.0, 50)

    line = agreement(0.8 * truth + 1.0, truth)

    assert (line.slope, line.r2, line.bias) == pytest.approx((0.8, 1.0, 0.0))


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_mismatch_changes_the_shot_in_one_way(scene: Scene) -> None:
    shot = nominal_shot(scene.plan(0), scene.size)

    for kind, sizes in MISMATCHES[scene.name].items():
        wrong = mismatched(shot, kind, sizes[0])

        differing = sum(getattr(wrong, part) != getattr(shot, part) for part in PARTS)
        assert differing == (kind not in ("none", ON_THE_CHART)), kind


def test_whole_skins_are_drawn_for_the_interval_of_a_share() -> None:
    """Five alike trials of each of twenty skins say as much as twenty trials."""
    alike = [(5 * (k < 5), 5) for k in range(20)]

    low, high = interval_by_subject(alike)

    assert (low, high) == pytest.approx((proportion(5, 20).low, proportion(5, 20).high), abs=0.06)
    assert high - low > 1.5 * (proportion(25, 100).high - proportion(25, 100).low)


def test_the_intraclass_correlation_is_the_share_of_variance_between_subjects() -> None:
    rng = np.random.default_rng(8)
    subjects = rng.normal(0.0, 2.0, (2000, 1)) + rng.normal(0.0, 1.0, (2000, 3))

    assert intraclass_correlation(subjects.tolist()) == pytest.approx(0.8, abs=0.02)


def test_what_is_changed_spans_all_depths_and_tones_and_both_kinds_of_patch() -> None:
    thigh, patch = (
        [scene.plan(k) for k in range(changed)] for scene, changed in zip(SCENES, FULL.changed, strict=True)
    )

    assert {plan.relief.depth for plan in thigh} == set(DEPTHS)
    assert {plan.complexion.melanin for plan in thigh} == set(MELANINS)
    for name in ("delta_mi", "delta_ei"):
        own = [plan for plan in patch if is_moved(plan, name)]
        assert {plan.complexion.melanin for plan in own} == set(MELANINS)
        assert len(own) == len(patch) // 2


@pytest.mark.parametrize(
    ("count", "missed", "fault"),
    [(0, False, "too narrow"), (7, False, "too narrow"), (8, True, "too narrow"), (93, True, None), (97, True, None),
     (98, True, "too cautious")],
)  # fmt: skip
def test_one_rule_judges_alarms_and_one_coverage(count: int, missed: bool, fault: str | None) -> None:
    row = asdict(proportion(count, 100))

    assert false_alarm_missed(row) is missed
    assert coverage_missed(row) == fault


def test_nothing_compared_misses_nothing() -> None:
    row = asdict(proportion(0, 0))

    assert not false_alarm_missed(row)
    assert coverage_missed(row) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "most"), [("relief", 0.06), ("delta_mi", 0.35), ("delta_ei", 0.7), ("delta_a", 0.45), ("ita", 0.9),
                       ("lightness", 0.2)],
)  # fmt: skip
def test_a_small_run_stays_within_real_bounds(quick: Findings, name: str, most: float) -> None:
    """Unchanged skin from a fixed rig: what a full run found for s_w, and half of it more."""
    assert quick["spread"][name]["fixed rig"]["s_w"] < most


@pytest.mark.slow
def test_a_small_run_raises_no_false_alarm_and_sees_the_change(quick: Findings) -> None:
    """Where a full run finds next to no false alarms with a fixed rig; the others may have one by chance."""
    steady = ("relief", "delta_mi", "delta_a", "lightness")

    assert sum(quick["alarms"][name]["fixed rig"]["alarms"]["count"] for name in steady) == 0
    seen = quick["response"]["relief"]["fixed rig"]["bins"]
    assert seen[-1]["seen"]["share"] == 1.0


@pytest.mark.slow
def test_every_pair_is_stored_and_adds_up(quick: Findings) -> None:
    for name, rig, row in _rows(quick["alarms"]):
        lines = [line.split() for line in quick["pairs"][name][rig]]
        null = [marks for _, kind, *_, marks in lines if kind == "session"]
        told = [marks for marks in null if "r" not in marks]

        assert len(null) == quick["spread"][name][rig]["photos"]
        assert [sum("a" in marks for marks in told), len(told)] == [row["alarms"]["count"], row["alarms"]["of"]]
        assert sum("c" in marks for marks in told) == row["covered"]["count"]


@pytest.mark.slow
def test_the_gate_stops_the_lamp_on_the_other_side_and_blur_only(quick: Findings) -> None:
    stopped = {row["kind"]: row["stopped"] for row in quick["gate"]["relief"]["rows"]}

    assert stopped == {"none": 0, "lamp turned, °": 1, "blur, times": 1}


@pytest.mark.slow
def test_what_is_stored_gives_the_same_page(quick: Findings) -> None:
    page = sections(quick)

    assert page == sections(json.loads(json.dumps(quick)))
    assert all(f"images/{stem}.png" in page for stem in figures(quick))
    assert all(metric.symbol in page for metric in REPEATED)


def test_the_stored_run_is_complete() -> None:
    findings = stored("repeatability")
    assert findings is not None
    assert not findings["quick"]

    assert set(findings["metrics"]) == {metric.name for metric in REPEATED}
    for row in findings["metrics"].values():
        assert {"mdc95", "claimed_mdc95", "s_w", "false_alarms", "coverage", "responsiveness"} <= set(row)
        assert all(set(row[part]) == {rig.name for rig in RIGS} for part in ("mdc95", "false_alarms", "coverage"))


def _rows(table: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, Any]]:
    return [(name, rig, row) for name, rigs in table.items() for rig, row in rigs.items()]
