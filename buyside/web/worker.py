"""The process that serves page and events of one surface. `buyside.web.serve` starts it; it knows its surface's login only.

Its standard input is a pipe that nobody writes to: it ends when the supervisor ends, in whatever way, and then this
process ends too.
"""

import os
import signal
import threading

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from buyside.config import settings

_GRACE_SECONDS = 5


def main() -> None:
    """Serve until told to stop."""
    given = settings()
    threading.Thread(target=end_with_supervisor, daemon=True).start()
    Granian(
        "buyside.buyside:app",
        factory=True,
        interface=Interfaces.ASGI,
        address=given.host,
        port=given.port,
        workers=1,  # state lives in this one's memory; a second would need a shared store
        respawn_failed_workers=True,
        workers_kill_timeout=_GRACE_SECONDS,
        log_level=LogLevels.warning,
    ).serve()


def end_with_supervisor() -> None:
    """Wait, in a thread, until the supervisor has ended in whatever way; then end this process."""
    while os.read(0, 1):  # not sys.stdin: a thread that waits in it would trouble the end of the interpreter
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
