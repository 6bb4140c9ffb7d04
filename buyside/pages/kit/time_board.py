"""A board of items down and time across, paged and turned by the server; each number opens."""

from __future__ import annotations

from typing import Any

import reflex as rx

_JS = rx.asset("time_board.jsx", shared=True)
for _part in ("rows", "wanted"):
    rx.asset(f"time_board_{_part}.jsx", shared=True)  # imported by the board, which lies beside it in the build too
rx.asset("lookup.jsx", shared=True)


class TimeBoard(rx.NoSSRComponent):
    """The React component in time_board.jsx; use `time_board`."""

    library = _JS.importable_path
    tag = "TimeBoard"
    run: rx.Var[str]
    stamp: rx.Var[str]
    panel: rx.Var[dict[str, Any]]
    can_export: rx.Var[bool]
    on_open: rx.EventHandler[lambda what: [what]]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


def time_board(run: Any, *, panel: Any, on_open: Any, on_close: Any, can_export: Any, stamp: Any = "") -> rx.Component:
    """The requirements of a run over time (web/requirement_board.py answers it).

    run       the run's id as a text; "0": none yet
    panel     {"id", "item", "warehouse", "on"} of what is explained beside the board; empty texts: nothing is
    on_open   gets {"row", "first", "last", "measure"}: a row's id, the days of the column, and which of its numbers; empty
              texts where the item itself is opened, `last` also where the column has no last day
    can_export  whether the rows can be taken out as a file
    stamp     changes when all rows are to be asked for anew
    """
    return TimeBoard.create(
        run=run, stamp=stamp, panel=panel, can_export=can_export, on_open=on_open, on_close=on_close
    )
