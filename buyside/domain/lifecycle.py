"""The life of a document as one table of moves: refusals, buttons and tests all read it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from buyside.domain.refusals import WrongState

State = TypeVar("State", bound=StrEnum)


def in_words(state: StrEnum) -> str:
    """A state as a person reads it: `in_approval` is "in approval"."""
    return state.value.replace("_", " ")


class Lifecycle(Generic[State]):
    """Which moves a kind of document knows, from which states each may start, and where it leads."""

    def __init__(self, kind: str, moves: Mapping[str, tuple[frozenset[State] | set[State], State]]) -> None:
        self.kind = kind
        self.moves = {move: (frozenset(start), end) for move, (start, end) in moves.items()}

    def allows(self, move: str, state: State) -> bool:
        """Whether `move` is open to a document in `state`."""
        return state in self.moves[move][0]

    def open_moves(self, state: State) -> tuple[str, ...]:
        """The moves open to a document in `state`, in the order of the table."""
        return tuple(move for move, (start, _) in self.moves.items() if state in start)

    def after(self, move: str, state: State) -> State:
        """The state that `move` leads to. Refuses: WrongState, naming the states that the move needs."""
        start, end = self.moves[move]
        if state not in start:
            needed = " or ".join(sorted(in_words(each) for each in start))
            raise WrongState(kind=self.kind, state=in_words(state), move=move.replace("_", " "), needed=needed)
        return end
