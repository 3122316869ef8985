"""How far the measuring has come: visible on every page while it lasts, and gone after."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import Work
from tracker.pages.frame import plain

EVERY_SECONDS = 1.0


def show_work(clinic: Clinic) -> None:
    """Show the progress of the background work, and run the page again whenever a photo is done."""
    work = clinic.work()
    if work.failed:
        st.warning(_failure(work), icon=":material/report:")
    if not work.is_finished:
        st.fragment(run_every=EVERY_SECONDS)(_watch)(clinic, work.done)


def follow_work(clinic: Clinic) -> None:
    """Show nothing, and run the page again whenever a photo is done: for those whom file names do not concern."""
    work = clinic.work()
    if not work.is_finished:
        st.fragment(run_every=EVERY_SECONDS)(_follow)(clinic, work.done)


def _follow(clinic: Clinic, shown: int) -> Work:
    work = clinic.work()
    if work.is_finished or work.done != shown:
        st.rerun()
    return work


def _watch(clinic: Clinic, shown: int) -> None:
    work = _follow(clinic, shown)
    st.progress(work.done / work.total, text=plain(_progress(work)))


def _progress(work: Work) -> str:
    now = f" {work.current}" if work.current else ""
    return f"Measuring {min(work.done + 1, work.total)} of {work.total}…{now}"


def _failure(work: Work) -> str:
    what = "1 photo" if work.failed == 1 else f"{work.failed} photos"
    return f"{what} could not be measured because of a fault of ours; the photo itself is stored safely."
