"""Plots by matplotlib: as SVG for a page, as SVG or PNG for a file.

Colours are those of Okabe and Ito ("Color Universal Design", 2008), which people with any colour vision tell apart;
shape and line style tell the same again. Nothing is behind them, and the page turns light and dark round in the dark.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, TypeGuard
from warnings import catch_warnings, filterwarnings

from reports.figures import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Kind: TypeAlias = Literal["svg", "png"]

STREAMING: Final = "#0072B2"
PRERECORDED: Final = "#D55E00"
GREY: Final = "#4d545e"
_MOST: Final = 1e9
"""No rate and no delay is as much; a file from elsewhere may say so, and a scale cannot hold it."""
_NAME_CHARACTERS: Final = 28


class Plot(NamedTuple):
    """Something to draw.

    Attributes:
        name: of its file.
        about: what it shows, for those who cannot see it.
        draw: draws it.
    """

    name: str
    about: str
    draw: Callable[[Axes], None]


def drawn(plot: Plot, kind: Kind = "svg") -> bytes:
    """The plot as a file; the same figures give the same bytes."""
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "dgharness", "font.size": 10}), catch_warnings():
        # Names of cases may be in a script that matplotlib's font has not: a browser draws them, a PNG shows boxes.
        filterwarnings("ignore", message="Glyph .* missing from font")
        figure = _figure(plot)
        buffer = BytesIO()
        figure.savefig(buffer, format=kind, transparent=kind == "svg", dpi=144, metadata=_METADATA[kind])
    return buffer.getvalue()


def as_data_url(plot: Plot) -> str:
    """The plot as SVG, in the address itself: a page that shows it needs no second file."""
    return f"data:image/svg+xml;base64,{b64encode(drawn(plot)).decode()}"


_METADATA: Final[Mapping[Kind, dict[str, str | None]]] = {"svg": {"Date": None}, "png": {"Software": None}}


def _figure(plot: Plot) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 3.4), layout="constrained")
    axes = figure.add_subplot()
    plot.draw(axes)
    axes.tick_params(colors=GREY)
    axes.grid(alpha=0.3, color=GREY)
    for spine in axes.spines.values():
        spine.set_color(GREY)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(GREY)
    legend = axes.get_legend()
    if legend is not None:
        for text in legend.get_texts():
            text.set_color(GREY)
    return figure


def put_shares(axes: Axes, shown: Sequence[float], final: Sequence[float], *, of: str, since: str) -> None:
    """How large a share of words, or of files, had come within a time.

    Args:
        axes: to draw on.
        shown: seconds until they were shown, in ascending order.
        final: seconds until they were final, likewise.
        of: what there are shares of.
        since: what the seconds are counted from.
    """
    for values, label, color, style in ((shown, "shown", STREAMING, "-"), (final, "final", PRERECORDED, "--")):
        if values:
            shares = [100 * (number + 1) / len(values) for number in range(len(values))]
            axes.step(values, shares, where="post", color=color, linestyle=style, label=label)
    axes.set_xlabel(f"seconds after {since}")
    axes.set_ylabel(f"% of {of}")
    axes.set_ylim(0, 100)
    put_legend(axes)


def put_legend(axes: Axes) -> None:
    """Above the axes, where it hides nothing."""
    handles, _ = axes.get_legend_handles_labels()
    if handles:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0, frameon=False)


def drawable(value: float | None) -> TypeGuard[float]:
    """Whether there is a value, and a scale can hold it."""
    return value is not None and abs(value) < _MOST


def plain(name: str) -> str:
    """A name as matplotlib may draw it: a dollar sign would begin mathematics."""
    return shorten(name, _NAME_CHARACTERS).replace("$", r"\$")
