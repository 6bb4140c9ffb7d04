"""`buyside serve`: everything in one command."""

import typer

from buyside.cli.output import say

app = typer.Typer()


@app.command()
def serve() -> None:
    """Start the database and the web server, and stop both on Ctrl-C."""
    from buyside.web.serve import serve as serve_until_stopped

    serve_until_stopped(say)
