"""Unchanged and changed skin, photographed again and again with one rig, through the whole program.

Each skin has one reference per rig, and every later photo is compared with it as a clinic would: alignment, gate,
values over the same cells, verdict. What the gate stops is measured anyway and kept apart, to show what it stops.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

import numpy as np

from benchmarks.judging import Reading, anchor, judge
from tracker.phantom import RIGS, Rig, Scenario, Shot, State, build_stage, drawn_shot, photograph
from tracker.phantom.photograph import FIRST_DAY

LATER: Final = timedelta(days=28)
MOST_RETAKES: Final = 2


@dataclass(frozen=True, slots=True)
class Scene:
    """What is photographed.

    Attributes
    ----------
    name : str
    stream : int
        Seeds of scenes share nothing.
    size : tuple of int
        Rows and columns of the photos: fewer pixels than a phone's, so that hundreds of pairs take minutes.
    plans : tuple of Scenario
        Skin k is grown to plan k, modulo their number.
    metrics : tuple of str
    steps : tuple of float
        What the changed photos show: the share that is left of the relief, or of the excess of pigment or blood.
    """

    name: str
    stream: int
    size: tuple[int, int]
    plans: tuple[Scenario, ...]
    metrics: tuple[str, ...]
    steps: tuple[float, ...]

    def plan(self, skin: int) -> Scenario:
        """The plan of a skin."""
        return self.plans[skin % len(self.plans)]

    def state(self, skin: int, left: float) -> State:
        """The skin with a share of its relief, or of what its patch has too much, left."""
        start = self.plan(skin).start
        if not self.plan(skin).patch_width:
            return replace(start, dimples=left)
        return replace(start, melanin=1 + left * (start.melanin - 1), patch_blood=1 + left * (start.patch_blood - 1))


@dataclass(frozen=True, slots=True)
class Task:
    """All photos of one skin with one rig: what one process does at a time."""

    scene: Scene
    rig: Rig
    skin: int
    sessions: int
    """Photos of unchanged skin on other days."""
    replicates: int
    """More shots of the first of these sessions, lamp and skin untouched."""
    changed: bool
    """Whether the skin is photographed changed, too."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One later photo.

    Attributes
    ----------
    scene, rig : str
    skin : int
    kind : str
        ``"session"``, ``"replicate"`` or ``"changed"``.
    left : float
        What is left of the relief or the pigment, 1 where nothing changed.
    failed : str
        Code of the refusal of the whole photo; empty if it was aligned.
    readings : mapping of str to Reading
        By metric; empty if the photo was refused.
    """

    scene: str
    rig: str
    skin: int
    kind: str
    left: float
    failed: str
    readings: Mapping[str, Reading] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Course:
    """What a task gave.

    Attributes
    ----------
    retakes : int
        References that the program refused before it took one.
    trials : tuple of Trial
        Empty if no reference was taken.
    """

    task: Task
    retakes: int
    trials: tuple[Trial, ...]


def rephotograph(task: Task) -> Course:
    """Take and judge all photos of a task."""
    scene, rig = task.scene, task.rig
    plan = scene.plan(task.skin)
    stage = build_stage(plan, seed=1000 * scene.stream + task.skin, size=scene.size)
    rng = np.random.default_rng([scene.stream, RIGS.index(rig), task.skin])
    as_grown = scene.state(task.skin, 1.0)
    anchored, retakes = None, -1
    while anchored is None and retakes < MOST_RETAKES:
        retakes += 1
        shot = drawn_shot(plan, scene.size, rng, rig=rig)
        anchored = anchor(stage, shot, as_grown, scene.metrics, session=retakes)
    if anchored is None:
        return Course(task, retakes, ())
    trials = []
    for number, (kind, left, shot) in enumerate(_shots(task, plan, rng)):
        photo = photograph(
            stage, shot, scene.state(task.skin, left), first=anchored.photo.shot,
            taken_on=FIRST_DAY + LATER, session=100 + number,
        )  # fmt: skip
        failed, readings = judge(anchored, photo)
        trials.append(Trial(scene.name, rig.name, task.skin, kind, left, failed, readings))
    return Course(task, retakes, tuple(trials))


def _shots(task: Task, plan: Scenario, rng: np.random.Generator) -> list[tuple[str, float, Shot]]:
    """Kind, what is left and how it is photographed."""
    sessions = [drawn_shot(plan, task.scene.size, rng, rig=task.rig) for _ in range(task.sessions)]
    shots = [("session", 1.0, shot) for shot in sessions]
    for _ in range(task.replicates):
        again = drawn_shot(plan, task.scene.size, rng, rig=task.rig)
        shots.append(("replicate", 1.0, replace(again, light=sessions[0].light)))
    if task.changed:
        shots += [("changed", left, drawn_shot(plan, task.scene.size, rng, rig=task.rig)) for left in task.scene.steps]
    return shots
