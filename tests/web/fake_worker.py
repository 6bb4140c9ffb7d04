"""Stands in for the serving process: writes down what it knows, and answers every request."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Answer(BaseHTTPRequestHandler):
    """The same page for every address."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"page")

    def log_message(self, *_words: object) -> None:
        pass


Path(sys.argv[1]).write_text(json.dumps({"pid": os.getpid(), "environment": dict(os.environ)}))
HTTPServer(("127.0.0.1", int(os.environ["BUYSIDE_PORT"])), Answer).serve_forever()
