"""The planning board: open lines of the draft plan as cards, by vendor or by week."""

from __future__ import annotations

import reflex as rx

from buyside.domain.access import Permission
from buyside.pages import routes
from buyside.pages.kit.card_board import card_board
from buyside.pages.plan_runs import plan_tabs, planned_in_full, run_head, with_run
from buyside.pages.shell import can, page
from buyside.state.plan_board import PlanBoardState as Board
from buyside.state.plan_runs import PlanRunState as Run


@page(routes.PLAN_BOARD, on_load=[Run.load, Board.load], is_flush=True)
def plan_board() -> rx.Component:
    """The run in view, and its board."""
    board = card_board(
        run=Run.run_id,
        can_edit=can(Permission.PLAN_EDIT),
        undoable=Board.undoable,
        answer=Board.answer,
        marked=Board.marked,
        on_move=Board.move,
        on_undo=Board.undo,
        on_lock=Board.lock,
    )
    return with_run(
        rx.el.div(run_head(), plan_tabs(routes.PLAN_BOARD), planned_in_full(Board.in_full), board, class_name="stacked")
    )
