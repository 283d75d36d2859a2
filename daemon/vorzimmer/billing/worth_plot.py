"""The plot of a forecast: what a month costs over its number of calls, a line for each tariff. SVG and PNG.

The same forecast gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from vorzimmer.billing.fonts import REGULAR, needed, shown
from vorzimmer.core.worth import Curve, Forecast, Volume
from vorzimmer.core.worth_words import WORDS, Language, number, sign

COLOURS = ("#0b6e83", "#d1495b", "#edae49", "#30638e", "#6a994e", "#8f5fbf", "#b5651d", "#4d908e", "#577590", "#9a031e")
INK, SOFT, FAINT, BAND = "#14202c", "#4c5a68", "#dfe5eb", "#0b6e83"

WIDTH, HEIGHT = 8.4, 4.6
"""Inches."""

DOTS = 160
"""An inch, of PNG."""

_LONGEST_NAME = 32


def plot(found: Forecast, currency: str, language: Language, kind: str) -> bytes:
    """The tariffs of one currency. `kind`: svg or png.

    Raises:
        fonts.NoFontError: there is no font to write with.
    """
    curves = [one for one in found.curves if one.currency == currency and one.points]
    others = needed("".join(one.name for one in curves))
    families = [_family(str(font)) for font in (REGULAR, *others)]
    # Paths instead of letters, and ids by salt: a reader's fonts and the time of day change nothing.
    with mpl.rc_context(
        {
            "font.family": families,
            "svg.fonttype": "path",
            "svg.hashsalt": "vorzimmer",
            "text.parse_math": False,
            "font.size": 9.5,
        }
    ):
        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        FigureCanvasAgg(figure)
        _draw(figure.add_subplot(), curves, found.volume, language, [shown(one.name, others) for one in curves])
        written = io.BytesIO()
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(written, format=kind, dpi=DOTS, metadata=metadata)
    return written.getvalue()


def _family(font: str) -> str:
    """A font's name, known to matplotlib from now on."""
    if all(one.fname != font for one in font_manager.fontManager.ttflist):
        font_manager.fontManager.addfont(font)
    return font_manager.FontProperties(fname=font).get_name()


def _draw(axes: Axes, curves: Sequence[Curve], volume: Volume, language: Language, names: Sequence[str]) -> None:
    words = WORDS[language]
    for n, (curve, name) in enumerate(zip(curves, names, strict=True)):
        counts, costs = zip(*((count, float(amount)) for count, amount in curve.points), strict=True)
        # matplotlib leaves names out that begin like this
        short = name.lstrip("_") if len(name) <= _LONGEST_NAME else f"{name.lstrip('_')[: _LONGEST_NAME - 1]}…"
        style = "-" if n < len(COLOURS) else "--"
        axes.plot(counts, costs, style, color=COLOURS[n % len(COLOURS)], linewidth=2 if n < 3 else 1.4, label=short)
    axes.axvspan(volume.low, volume.high, color=BAND, alpha=0.13, linewidth=0, zorder=0)
    axes.axvline(volume.likely, color=BAND, alpha=0.6, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    furthest = max((curve.points[-1][0] for curve in curves), default=1)
    axes.set_xlim(0, furthest)
    axes.set_ylim(0, _highest(curves, volume))
    right = volume.likely > furthest * 0.7
    axes.annotate(
        words["you"].format(calls=number(volume.likely, language)),
        (min(volume.low, furthest) if right else volume.high, 0.97),
        xycoords=("data", "axes fraction"),
        xytext=(-5 if right else 5, 0),
        textcoords="offset points",
        ha="right" if right else "left",
        va="top",
        color=BAND,
        fontweight="bold" if len(mpl.rcParams["font.family"]) == 1 else "normal",
    )
    _dress(axes, words["calls"], words["cost"].format(currency=sign(curves[0].currency if curves else "")), language)


def _highest(curves: Sequence[Curve], volume: Volume) -> float:
    """The top: a line that is much dearer where the client is may leave the picture."""
    near = [
        float(next((amount for count, amount in one.points if count >= volume.likely), one.points[-1][1]))
        for one in curves
    ]
    middle = sorted(near)[len(near) // 2] if near else 0.0
    ends = [float(one.points[-1][1]) for one in curves]
    return max(1.0, min(max(ends, default=1.0), max(middle * 3, min(ends, default=1.0) * 1.6))) * 1.06


def _dress(axes: Axes, below: str, left: str, language: Language) -> None:
    axes.set_xlabel(below, color=SOFT)
    axes.set_ylabel(left, color=SOFT)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: number(round(value), language)))
        axis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    axes.grid(color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=SOFT)
    for side in axes.spines.values():
        side.set_visible(False)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, labelcolor=INK, borderaxespad=0.0)
