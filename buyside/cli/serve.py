"""`buyside serve`: everything in one command."""

from typing import Annotated

import typer

from buyside.cli.output import say
from buyside.config import Surface

app = typer.Typer()


@app.command()
def serve(
    surface: Annotated[
        Surface | None, typer.Option(help="Serve this one only, for instance the portal on a server of its own.")
    ] = None,
) -> None:
    """Start the database and the web servers of both surfaces, and stop all of them on Ctrl-C."""
    from buyside.web.serve import serve as serve_until_stopped

    serve_until_stopped(say, surface=surface)
