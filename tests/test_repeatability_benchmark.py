"""The repeatability benchmark: its statistics against known cases, and a small run against real bounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from benchmarks.estimates import MDC95_PER_SD, agreement, proportion, within_subject_sd
from benchmarks.findings import Findings, stored
from benchmarks.gate_trials import MISMATCHES, mismatched
from benchmarks.repeatability import SCENES, figures, run, sections
from tracker.metrics import METRICS
from tracker.phantom import RIGS, nominal_shot


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


@pytest.mark.parametrize("kind", [kind for kind in MISMATCHES if kind != "none"])
def test_a_mismatch_changes_the_shot_in_one_way(kind: str) -> None:
    shot = nominal_shot(SCENES[0].plan(0), SCENES[0].size)

    wrong = mismatched(shot, kind, MISMATCHES[kind][-1])

    assert sum(getattr(wrong, part) != getattr(shot, part) for part in ("light", "camera", "sensor")) == 1


@pytest.mark.slow
def test_a_small_run_stays_within_real_bounds(quick: Findings) -> None:
    """Unchanged skin from a fixed rig: relief repeats better than the provisional 12 %, contrasts better than 0.8."""
    spread = {name: rigs["fixed rig"]["s_w"] for name, rigs in quick["spread"].items()}

    assert spread["relief"] < 0.12
    assert max(spread["delta_mi"], spread["delta_ei"], spread["delta_a"]) < 0.8
    assert spread["ita"] < 2.0


@pytest.mark.slow
def test_a_small_run_raises_no_false_alarm_and_sees_the_change(quick: Findings) -> None:
    assert sum(row["alarms"]["count"] for _, row in _rows(quick["alarms"])) == 0
    assert sum(row["wrong_direction"][0] for _, row in _rows(quick["response"])) == 0
    seen = quick["response"]["relief"]["fixed rig"]["bins"]
    assert seen[-1]["seen"]["share"] == 1.0


@pytest.mark.slow
def test_the_gate_stops_the_lamp_on_the_other_side_and_blur_only(quick: Findings) -> None:
    stopped = {row["kind"]: row["stopped"] for row in quick["gate"]["relief"]["rows"]}

    assert stopped == {"none": 0, "lamp turned, °": 1, "blur, times": 1}


@pytest.mark.slow
def test_what_is_stored_gives_the_same_page(quick: Findings) -> None:
    page = sections(quick)

    assert page == sections(json.loads(json.dumps(quick)))
    assert all(f"images/{stem}.png" in page for stem in figures(quick))
    assert all(metric.symbol in page for metric in METRICS)


def test_the_stored_run_is_complete() -> None:
    findings = stored("repeatability")
    assert findings is not None
    assert not findings["quick"]

    assert set(findings["metrics"]) == {metric.name for metric in METRICS}
    for row in findings["metrics"].values():
        assert {"mdc95", "claimed_mdc95", "s_w", "false_alarms", "coverage", "responsiveness"} <= set(row)
        assert all(set(row[part]) == {rig.name for rig in RIGS} for part in ("mdc95", "false_alarms", "coverage"))


def _rows(table: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Any]]:
    return [(name, row) for name, rigs in table.items() for row in rigs.values()]
