"""Makes what the tests of a fresh clone need and would make one after the other: `python -m tests.ahead pages` or `kernels`.

`make check` does it while the types are checked. Without it each process of tests makes its own, or waits for another's.
"""

import sys
import tempfile
from pathlib import Path


def pages() -> None:
    """Build the page of each surface, in the place and for the address that the tests look for it."""
    from buyside.config import Settings
    from buyside.web import build
    from tests.serving import BUILT_FOR

    with tempfile.TemporaryDirectory() as home:
        for surface, address in BUILT_FOR.items():
            build.build(Settings.model_construct(home=Path(home), surface=surface, public_url=address))


def kernels() -> None:
    """Have the kernels of planning compiled; they are kept beside their sources."""
    from tests.properties.test_planning_against_oracle import agree_on

    agree_on(range(20))


if __name__ == "__main__":
    {"pages": pages, "kernels": kernels}[sys.argv[1]]()
