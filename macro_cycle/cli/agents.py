"""`macro-cycle mcp`: questions by agents."""

from typing import Annotated

import typer

from macro_cycle.cli.as_of import asked
from macro_cycle.cli.platform import Cycle, platform
from macro_cycle.cycles import DEFAULT
from macro_cycle.errors import MacroCycleError


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("mcp")(mcp)


def mcp(
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Answer as on this day, YYYY-MM-DD, or at the end of this month, YYYY-MM; not of a later one."
        ),
    ] = None,
    cycle: Cycle = DEFAULT,
) -> None:
    """Answer agents over standard input and output by the Model Context Protocol; read-only, no network.

    Ends when the agent closes the connection. docs/agents.md says how to set one up.
    """
    try:
        from macro_cycle.agents.server import server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mcp":
            raise
        raise MacroCycleError("agents need one more library: pip install 'macro-cycle[mcp]'") from None
    from macro_cycle.queries.session import Session

    found = platform(cycle)
    until = None if as_of is None else asked(as_of, found.clock)
    server(Session(found, until)).run("stdio")
