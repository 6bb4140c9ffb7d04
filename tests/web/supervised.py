"""`buyside serve` with a page that needs no build and a serving process that only answers."""

import sys
from pathlib import Path

from buyside.cli import main
from buyside.web import serve

WORKER = Path(__file__).with_name("fake_worker.py")

serve.is_built = lambda _given: True
serve.build = lambda _given: None
serve._worker_command = lambda: [sys.executable, str(WORKER), sys.argv[1]]
sys.exit(main.run(["serve"]))
