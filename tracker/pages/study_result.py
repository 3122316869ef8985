"""What a study gives: how far each metric strays, which change that can show, and taking it over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.study_records import AdoptedValue, Progress, Study, Subject
from tracker.measurement import Role
from tracker.pages.chart import HEIGHT, PADDING, in_the_dark
from tracker.pages.frame import on_phone, plain
from tracker.pages.notices import say
from tracker.repeatability import LEAST_SUBJECTS, MetricStudy
from tracker.report import STUDY_NOTE, StudyRow, adoption_sentence, difference_sentences, not_studied, study_row
from tracker.reports.legend import ACCENT, INK, MUTED, QUIET
from tracker.reports.typography import unbroken

BLIND = "While photos are still being taken, who knows the numbers may place the lamp by them: better look at the end."
_COLUMNS = {
    "Metric": "title",
    "Spread (95 % interval)": "spread",
    "Detectable": "detectable",
    "Where it comes from": "parts",
    "With 3 photos": "averaged",
    "ICC(2,1)": "agreement",
    "People": "people",
    "For reports": "use",
}


def show_result(clinic: Clinic, study: Study, subjects: Sequence[Subject]) -> None:
    """Show the table of a study, the differences on demand, and the step that takes it over."""
    st.subheader("Result", anchor=False)
    _adopted(clinic, study, clinic.adopted_values(study.site, study.pose))
    under_way = Progress.of(subjects).complete < LEAST_SUBJECTS
    if under_way and not st.toggle("Show the result so far", key=f"so-far-{study.id}", help=BLIND):
        return
    results = clinic.study_results(study.id)
    known = [each for each in results if each.study is not None]
    if not known:
        st.caption("The first numbers appear when two people have two posings each.")
        return
    _table([study_row(each) for each in known], known)
    st.caption(plain(STUDY_NOTE))
    _differences([each for each in known if difference_sentences(each)])
    _missing(results)
    _adoption(clinic, study, results)


def _table(rows: Sequence[StudyRow], known: Sequence[MetricStudy]) -> None:
    titles = [
        f"{r.title} (experimental)" if k.metric.role is Role.EXPERIMENTAL else r.title
        for r, k in zip(rows, known, strict=True)
    ]
    if on_phone():
        for title, row in zip(titles, rows, strict=True):
            with st.container(gap=None):
                st.markdown(f"**{plain(title)}**")
                for label, name in list(_COLUMNS.items())[1:]:
                    st.caption(unbroken(plain(f"{label}: {getattr(row, name)}")))
    else:
        table = [
            {
                label: unbroken(plain(title if name == "title" else getattr(row, name)))
                for label, name in _COLUMNS.items()
            }
            for title, row in zip(titles, rows, strict=True)
        ]
        st.table(table, border="horizontal")
    for title, row in zip(titles, rows, strict=True):
        if row.remark:
            st.caption(plain(f"{title}: {row.remark}"))


def _differences(known: Sequence[MetricStudy]) -> None:
    if not known:
        return
    with st.expander("First against second posing (Bland–Altman)", icon=":material/scatter_plot:"):
        by_name = {each.metric.name: each for each in known}
        chosen = by_name[st.selectbox("Metric", list(by_name), format_func=lambda name: by_name[name].metric.title)]
        spec = difference_chart(chosen)
        st.vega_lite_chart(in_the_dark(spec) if st.context.theme.type == "dark" else spec, theme=None, width="stretch")
        for sentence in difference_sentences(chosen):
            st.caption(plain(sentence))


def difference_chart(each: MetricStudy) -> dict[str, Any]:
    """Differences of the first two posings over their mean, with bias and limits of agreement, as Vega-Lite.

    The mean of each posing stands for it. What repeats as a ratio is shown as a ratio, in per cent.
    """
    assert each.study is not None
    limits = each.study.differences
    assert limits is not None
    scaled = each.metric.multiplicative

    def stated(value: float) -> float:
        return 100 * math.expm1(value) if scaled else value

    points = [
        {"mean": math.exp((one + two) / 2) if scaled else (one + two) / 2, "difference": stated(one - two)}
        for one, two in each.pairs
    ]
    lines = [
        {"at": stated(limits.bias.value), "dash": [1, 0]},
        *({"at": stated(end.value), "dash": [5, 3]} for end in (limits.lower, limits.upper)),
    ]
    unit = "%" if scaled else each.metric.unit
    x = {
        "field": "mean",
        "type": "quantitative",
        "scale": {"zero": False},
        "title": f"Mean of both ({each.metric.unit})",
    }
    rules = [
        {
            "data": {"values": [{"at": line["at"]}]},
            "mark": {"type": "rule", "color": INK if line["dash"] == [1, 0] else QUIET, "strokeDash": line["dash"]},
            "encoding": {"y": {"field": "at", "type": "quantitative"}},
        }
        for line in lines
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": plain(" ".join(difference_sentences(each))),
        "height": HEIGHT,
        "background": "transparent",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": PADDING,
        "layer": [
            *rules,
            {
                "data": {"values": points},
                "mark": {"type": "point", "filled": True, "size": 60, "color": ACCENT, "opacity": 0.8},
                "encoding": {
                    "x": x,
                    "y": {"field": "difference", "type": "quantitative", "title": f"First − second ({unit})"},
                },
            },
        ],
        "config": {
            "axis": {"labelColor": MUTED, "titleColor": MUTED, "gridColor": "#e8edf3"},
            "view": {"stroke": None},
        },
    }


def _missing(results: Sequence[MetricStudy]) -> None:
    rows = [
        {"Not in the table": plain(", ".join(titles)), "Why": plain(why)}
        for why, titles in not_studied(results).items()
    ]
    if rows:
        count = sum(each.study is None for each in results)
        with st.expander(f"Not in the table ({count})", icon=":material/visibility_off:"):
            st.table(rows, border="horizontal")


def _adoption(clinic: Clinic, study: Study, results: Sequence[MetricStudy]) -> None:
    st.markdown(plain(adoption_sentence(results)))
    if any(each.usable is not None for each in results):
        st.button(
            "Use these values for this set-up",
            type="primary",
            icon=":material/check:",
            on_click=_use,
            args=(clinic, study),
            help="Reports of all views of this site and pose then say: measured in this clinic.",
        )


def _use(clinic: Clinic, study: Study) -> None:
    values = clinic.adopt_study(study.id)
    say(f"{len(values)} values are used in the reports from now on.")


def _adopted(clinic: Clinic, study: Study, values: Sequence[AdoptedValue]) -> None:
    """Say what the reports of this view use now."""
    view = ", ".join(part for part in (study.site, study.pose) if part)
    if not values:
        st.caption(plain(f"Reports of {view} use provisional values now."))
        return
    people = sorted({value.people for value in values})
    counted = f"{people[0]}" if len(people) == 1 else f"{people[0]} to {people[-1]}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(
            plain(f"Reports of {view} use {len(values)} values measured with {values[0].set_up}, {counted} people."),
            icon=":material/verified:",
        )
        with st.popover("Stop", type="tertiary"):
            st.text("Reports then use provisional values again; the study stays.")
            st.button("Use provisional values", on_click=clinic.forget_adopted, args=(study.site, study.pose))
