"""Plots of statistics as SVG or PNG. The same figures make the same bytes: no date, no random names within."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from matplotlib.typing import RcKeyType

from vorzimmer.core.margin import Margin
from vorzimmer.core.staffing import Need
from vorzimmer.core.statistics import Volumes
from vorzimmer.core.week_forecast import Expected

TAKEN, OTHER, LOST = "#1f6f8b", "#9fc1cd", "#c4572e"
INK, SOFT, RULE = "#1c2b33", "#5d6f78", "#dfe6ea"

_STYLE: dict[RcKeyType, Any] = {
    "svg.hashsalt": "vorzimmer",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": SOFT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
}
_MOST_LETTERS = 90
"""Keys of more letters than that together are written aslant."""


def volumes_plot(rows: Sequence[Volumes], names: Sequence[str], title: str, level: str, form: str) -> bytes:
    """Calls by key as stacked bars, and the service level of each below. `level`: its formula."""
    with _drawn(title, form, rows=2, heights=(3, 1)) as (figure, (calls, share), written):
        places = range(len(rows))
        layers = (
            ("answered", TAKEN, [row.answered for row in rows]),
            ("overflowed", OTHER, [row.overflowed for row in rows]),
            ("abandoned", LOST, [row.abandoned + row.gone_at_once for row in rows]),
        )
        below = [0] * len(rows)
        for name, colour, counts in layers:
            calls.bar(places, counts, 0.72, bottom=below, color=colour, label=name)
            below = [one + more for one, more in zip(below, counts, strict=True)]
        calls.set_ylabel("calls")
        calls.yaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        calls.set_xticks(list(places), [""] * len(rows))
        calls.legend(frameon=False, ncols=3, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0)
        share.bar(places, [float(row.level or 0) * 100 for row in rows], 0.72, color=TAKEN)
        share.set_ylim(0, 100)
        share.set_ylabel("level, %")
        aslant = sum(map(len, names)) > _MOST_LETTERS
        share.set_xticks(list(places), list(names), rotation=60 if aslant else 0, ha="right" if aslant else "center")
        figure.text(0.01, 0.005, f"level: {level}", color=SOFT, fontsize=8)
    return written.getvalue()


def staffing_plot(
    week: Sequence[Expected], needs: Sequence[Need], also: Sequence[Need], title: str, form: str
) -> bytes:
    """The expected calls of each half hour, and the agents that they take: by Erlang C (`needs`) and A (`also`)."""
    with _drawn(title, form, rows=2, heights=(1, 1)) as (_, (calls, agents), written):
        places = range(len(week))
        calls.fill_between(places, [one.calls for one in week], step="post", color=OTHER, linewidth=0)
        calls.set_ylabel("calls in 30 min")
        agents.step(places, [one.agents for one in needs], where="post", color=TAKEN, linewidth=1.4, label="Erlang C")
        if also:
            agents.step(places, [one.agents for one in also], where="post", color=LOST, linewidth=1.2, label="Erlang A")
        agents.set_ylabel("agents")
        agents.yaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        agents.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0)
        begins = _midnights([one.at for one in week])
        for axes in (calls, agents):
            axes.set_xlim(0, len(week))
            axes.set_ylim(bottom=0)
            axes.set_xticks([])
            for place in begins:
                axes.axvline(place, color=RULE, linewidth=0.8)
        middles = [(one + after) / 2 for one, after in zip(begins, [*begins[1:], len(week)], strict=True)]
        agents.set_xticks(middles, [f"{week[one].at:%a %d.%m.}" for one in begins])
        agents.tick_params(length=0)
    return written.getvalue()


def margin_plot(rows: Sequence[Margin], title: str, form: str) -> bytes:
    """Of each client what it brings, and what of that is left, the best first."""
    ordered = sorted(rows, key=lambda row: row.amount)
    with _drawn(title, form, rows=1, heights=(1,), tall=1.6 + 0.34 * len(ordered)) as (_, (axes,), written):
        places = range(len(ordered))
        axes.barh(places, [_plain(row.revenue) for row in ordered], 0.72, color=OTHER)
        colours = [TAKEN if row.amount >= 0 else LOST for row in ordered]
        axes.barh(places, [_plain(row.amount) for row in ordered], 0.36, color=colours)
        axes.set_yticks(list(places), [row.client for row in ordered])
        axes.axvline(0, color=SOFT, linewidth=0.8)
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x", color=RULE)
        axes.set_xlabel(ordered[0].currency if ordered else "")
        axes.legend(
            handles=[Patch(color=OTHER, label="revenue, net"), Patch(color=TAKEN, label="margin")],
            frameon=False,
            ncols=2,
            loc="lower right",
            bbox_to_anchor=(1, 1),
            borderaxespad=0,
        )
    return written.getvalue()


@contextmanager
def _drawn(
    title: str, form: str, *, rows: int, heights: Sequence[float], tall: float = 5.0
) -> Iterator[tuple[Figure, Sequence[Axes], io.BytesIO]]:
    """A figure of one column, and where its bytes stand afterwards. No window, no state shared with other plots."""
    written = io.BytesIO()
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, max(tall, 2.4)), layout=ConstrainedLayoutEngine(rect=(0, 0.03, 1, 0.97)))
        axes = figure.subplots(rows, 1, height_ratios=heights, squeeze=False)[:, 0]
        for one in axes:
            one.spines[["top", "right", "left"]].set_visible(False)
            one.grid(axis="y", color=RULE, linewidth=0.8)
            one.set_axisbelow(True)
            one.tick_params(axis="both", length=0)
        axes[0].set_title(title, loc="left", fontsize=12, fontweight="bold", pad=8)
        yield figure, list(axes), written
        metadata = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(written, format=form, dpi=110, metadata=metadata)


def _midnights(times: Sequence[datetime]) -> list[int]:
    """Where days begin."""
    return [n for n, at in enumerate(times) if n == 0 or at.date() != times[n - 1].date()]


def _plain(amount: Decimal) -> float:
    """Where a bar ends: for the eye only."""
    return float(amount)
