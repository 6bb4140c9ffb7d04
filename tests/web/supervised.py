"""`buyside serve` with pages that need no build and processes that only answer; `supervised.py <folder> [serve's options]`."""

import sys
from pathlib import Path

from buyside.cli import main
from buyside.web import serve

WORKER = Path(__file__).with_name("fake_worker.py")
FOLDER, *OPTIONS = sys.argv[1:]

serve.is_built = lambda _given: True
serve.build = lambda _given: None
serve._command = lambda name: [sys.executable, str(WORKER), f"{FOLDER}/{name}.json", name]
sys.exit(main.run(["serve", *OPTIONS]))
