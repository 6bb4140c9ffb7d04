"""Stands in for a process that the supervisor starts: writes down what it knows, and answers every request with its name."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

NOTES, NAME = Path(sys.argv[1]), sys.argv[2]


class Answer(BaseHTTPRequestHandler):
    """The same page for every address."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(NAME.encode())

    def log_message(self, *_words: object) -> None:
        pass


draft = NOTES.with_suffix(f".{os.getpid()}")
draft.write_text(json.dumps({"pid": os.getpid(), "environment": dict(os.environ)}))
draft.replace(NOTES)
setting = "BUYSIDE_DEMO_PROVIDER_PORT" if NAME == "provider" else "BUYSIDE_PORT"
HTTPServer(("127.0.0.1", int(os.environ[setting])), Answer).serve_forever()
