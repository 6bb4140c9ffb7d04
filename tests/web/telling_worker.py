"""The serving process as it is, which besides tells what it has imported: `telling_worker.py <folder>`.

As soon as a file `tell` lies in the folder, this process and the child that it forks write the names of their modules into
`<pid>.json` there.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

_FOLDER = Path(sys.argv[1])


def _tell() -> None:
    while not (_FOLDER / "tell").exists():
        time.sleep(0.05)
    draft = _FOLDER / f"{os.getpid()}.draft"
    draft.write_text(json.dumps(sorted(sys.modules)))
    draft.replace(draft.with_suffix(".json"))


def _listen() -> None:
    threading.Thread(target=_tell, daemon=True).start()


_listen()
os.register_at_fork(after_in_child=_listen)

if __name__ == "__main__":
    from buyside.web.worker import main

    main()
