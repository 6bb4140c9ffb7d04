"""Charts of quantities over time: bars for what moves, lines for what is left. At most a few hundred points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reflex as rx

from buyside.pages.kit.base import Text

_QUIET = "var(--gray-11)"
_RULE = "var(--gray-6)"


def time_chart(
    label: Text,
    points: Any,
    *,
    x: str = "day",
    bars: Sequence[tuple[str, str, str]] = (),
    lines: Sequence[tuple[str, str, str]] = (),
    level: Any = None,
    level_says: str = "",
    height: int = 200,
) -> rx.Component:
    """`points` are rows with a date in words under `x` and numbers for drawing; the exact ones belong in a table beside it.

    bars, lines   (column, word, CSS colour); a line steps, as a balance does
    level         a number that is marked across, such as the safety stock
    """
    parts: list[rx.Component] = [
        rx.recharts.cartesian_grid(vertical=False, stroke=_RULE, stroke_dasharray="2 3"),
        rx.recharts.x_axis(data_key=x, stroke=_QUIET, tick_line=False, min_tick_gap=24, custom_attrs={"fontSize": 11}),
        rx.recharts.y_axis(stroke=_QUIET, tick_line=False, axis_line=False, width=52, custom_attrs={"fontSize": 11}),
        rx.recharts.graphing_tooltip(
            content_style={
                "background": "var(--color-panel-solid)",
                "border": "1px solid var(--gray-6)",
                "borderRadius": "4px",
                "fontSize": "12px",
            },
            item_style={"color": "var(--gray-12)"},
            label_style={"color": "var(--gray-11)"},
        ),
        rx.recharts.legend(icon_size=8, custom_attrs={"wrapperStyle": {"fontSize": "12px"}}),
        *[
            rx.recharts.bar(data_key=column, name=word, fill=colour, bar_size=10, is_animation_active=False)
            for column, word, colour in bars
        ],
        *[
            rx.recharts.line(
                data_key=column,
                name=word,
                stroke=colour,
                type_="stepAfter",
                dot=False,
                stroke_width=2,
                is_animation_active=False,
            )
            for column, word, colour in lines
        ],
    ]
    if level is not None:
        parts.append(
            rx.recharts.reference_line(y=level, stroke="var(--amber-9)", stroke_dasharray="4 3", label=level_says)
        )
    return rx.el.figure(
        rx.recharts.composed_chart(*parts, data=points, height=height, width="100%", margin={"top": 8, "right": 8}),
        aria_label=label,
        role="img",
        class_name="chart",
    )
