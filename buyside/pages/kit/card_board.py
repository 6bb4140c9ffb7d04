"""A board of cards in columns that are moved by mouse and by keyboard: the draft plan by vendors or by weeks."""

from __future__ import annotations

from typing import Any

import reflex as rx

_JS = rx.asset("card_board.jsx", shared=True)
for _part in ("parts", "rows"):
    rx.asset(f"card_board_{_part}.jsx", shared=True)  # imported by the others, which lie beside it in the build too


class CardBoard(rx.NoSSRComponent):
    """The React component in card_board.jsx; use `card_board`."""

    library = _JS.importable_path
    tag = "CardBoard"
    run: rx.Var[int]
    can_edit: rx.Var[bool]
    undoable: rx.Var[int]
    marked: rx.Var[int]
    answer: rx.Var[dict[str, Any]]
    on_move: rx.EventHandler[lambda move: [move]]
    on_undo: rx.EventHandler[lambda serial: [serial]]
    on_lock: rx.EventHandler[lambda lock: [lock]]


def card_board(
    *, run: Any, can_edit: Any, undoable: Any, marked: Any, answer: Any, on_move: Any, on_undo: Any, on_lock: Any
) -> rx.Component:
    """The board of a planning run; columns, cards and targets come from `/api/plan-board`, filters stand in the address.

    undoable  how many moves can be taken back
    marked    another number than before: cards were marked since they were read
    answer    what came of a move, a lock or a way back: {"serial", "line", "ok", "says", "card", "balance"}
    on_move   gets {"serial", "line", "version", "by", "column"}; `on_lock` {"serial", "line", "version", "locked"};
              `on_undo` the serial that its answer is to have
    """
    return CardBoard.create(
        run=run,
        can_edit=can_edit,
        undoable=undoable,
        marked=marked,
        answer=answer,
        on_move=on_move,
        on_undo=on_undo,
        on_lock=on_lock,
    )
