"""Charts of values over time on an axis of days, at most a few hundred points; the exact numbers belong in a table beside them."""

from __future__ import annotations

from typing import Any

import reflex as rx

from buyside.pages.kit.base import Text

_JS = rx.asset("time_series.jsx", shared=True)


class TimeSeries(rx.NoSSRComponent):
    """The React component in time_series.jsx; use `time_series`."""

    library = _JS.importable_path
    tag = "TimeSeries"
    lib_dependencies: list[str] = ["recharts@3.10.1"]  # the version that the framework's own charts bring
    label: rx.Var[str]
    rows: rx.Var[list[dict[str, Any]]]
    marks: rx.Var[list[dict[str, Any]]]
    levels: rx.Var[list[dict[str, Any]]]
    start: rx.Var[int]
    end: rx.Var[int]
    today: rx.Var[int]
    today_says: rx.Var[str]
    locale: rx.Var[str]
    unit: rx.Var[str]
    axis: rx.Var[str]
    height: rx.Var[int]
    from_zero: rx.Var[bool]


def time_series(
    label: Text,
    rows: Any,
    marks: Any,
    *,
    start: Any,
    end: Any,
    today: Any,
    locale: Any,
    levels: Any = None,
    unit: Text = "",
    axis: Text = "",
    height: int = 220,
    from_zero: bool = True,
) -> rx.Component:
    """Days are numbers, those since 1970-01-01.

    rows      list of {"t": day, key: number or None}: what each mark shows on that day
    marks     list of {"key", "name", "colour", "look"}; look is "solid", "dashed" or "dotted" for a value that holds until the
              next one and ends at None, "bars" or "points"
    levels    list of {"value", "says", "colour"}: marked across
    axis      what stands above the axis of values, as its unit
    from_zero whether the axis of values begins at zero, as for quantities, or near the least one, as for prices
    """
    return TimeSeries.create(
        label=label,
        rows=rows,
        marks=marks,
        levels=[] if levels is None else levels,
        start=start,
        end=end,
        today=today,
        today_says="Today",
        locale=locale,
        unit=unit,
        axis=axis,
        height=height,
        from_zero=from_zero,
    )
