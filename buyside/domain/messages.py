"""What may be done with an action message (PLAN-16)."""

from __future__ import annotations

from buyside.domain.lifecycle import Lifecycle
from buyside.domain.plans import MessageState

_S = MessageState
MESSAGE: Lifecycle[MessageState] = Lifecycle(
    "action message",
    {
        "take": ({_S.OPEN}, _S.OPEN),
        "snooze": ({_S.OPEN}, _S.OPEN),
        "finish": ({_S.OPEN}, _S.DONE),
        "dismiss": ({_S.OPEN}, _S.DISMISSED),
        "reopen": ({_S.DONE, _S.DISMISSED}, _S.OPEN),
        "vanish": ({_S.OPEN}, _S.GONE),
    },
)
"""A run alone lets a message vanish, when it no longer finds its cause; what vanished comes back by a run too."""

MOST_AT_ONCE = 2_000
"""Messages that are decided on together, at most."""
