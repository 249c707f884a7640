"""A server of the Model Context Protocol whose tools ask one platform and change nothing."""

from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import ValidationError

from macro_cycle import __version__
from macro_cycle.errors import MacroCycleError, printable
from macro_cycle.queries.session import Session

INSTRUCTIONS = (
    "Dates the business cycle in real time. Every tool answers from what was known on a day (as_of, YYYY-MM-DD; the "
    "newest allowed day where none is given) and never from anything that became known later. `about` in each reply "
    "holds the versions of model and data, the age of the data and their provenance: say how old the data are, and "
    "whether they are true vintages, when you pass an answer on. Probabilities lie between 0 and 1."
)
READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)


class ReadingServer(MCPServer):
    """A server whose errors are one line."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool by name; what cannot be answered is a `ToolError` of one line."""
        try:
            return await super().call_tool(name, arguments, context)
        except UnexpectedToolError as error:
            if isinstance(error.__cause__, MacroCycleError):
                raise ToolError(str(error.__cause__)) from None
            raise
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                wrong = error.__cause__.errors()[0]
                raise ToolError(printable(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}")) from None
            raise


def server(session: Session) -> MCPServer:
    """The server of a session."""
    made = ReadingServer("macro-cycle", instructions=INSTRUCTIONS, version=__version__, log_level="ERROR")

    def answer() -> dict[str, Any]:
        """Which phase of the business cycle we are in on the newest allowed day, and how sure: label, recession
        probability, probability of each phase, and the month that they are about."""
        return session.answer()

    def as_of(day: str) -> dict[str, Any]:
        """Which phase the data known on a day (YYYY-MM-DD) gave: as `answer`, from that day's knowledge alone."""
        return session.answer(day)

    def replay(as_of: str | None = None) -> dict[str, Any]:
        """What was known on a day, what those data give, and the answer on record for it with the links of its chain
        (observations, model, estimation, answer, what was served) that hold when computed again."""
        return session.replay(as_of)

    def news(as_of: str | None = None, since: str | None = None) -> dict[str, Any]:
        """Why the recession probability moved from one day to another (default: since the month end before): parts by
        series for new data and revisions, re-estimation, relabelling and the passing of time; they add up to it."""
        return session.news(as_of, since)

    def series(series_id: str, as_of: str | None = None, last: int = 13) -> dict[str, Any]:
        """The newest values of a series (FRED id) as known on a day, since when each was known, and how it had been
        revised by then."""
        return session.series(series_id, as_of, last)

    def forecast(as_of: str | None = None) -> dict[str, Any]:
        """Phase probabilities 1 to 12 months ahead with credible bands, the probability that a recession begins within
        3, 6 and 12 months, and expected months to the next phase and turn."""
        return session.forecast(as_of)

    def flip(as_of: str | None = None) -> dict[str, Any]:
        """What would flip the answer: for each coming release the print at which the recession probability crosses one
        half, how unusual it would be, or that no print would; and by how many deviations all together must miss."""
        return session.flip(as_of)

    def radar(as_of: str | None = None, since: str | None = None) -> dict[str, Any]:
        """The coming releases with the expected size of each one's effect on the recession probability, and those that
        came since a day (default: the month end before) with their surprise and what they did."""
        return session.radar(as_of, since)

    def what_if(assumptions: list[str], month: str | None = None, as_of: str | None = None) -> dict[str, Any]:
        """The answer were these prints to come, e.g. ["PAYEMS=-150", "UNRATE=4.6"]: a bare number is what people say of
        a new value of that series; level:, change: or percent: before it says it outright. Nothing is stored."""
        return session.what_if(assumptions, month, as_of)

    for tool in (answer, as_of, replay, news, series, forecast, flip, radar, what_if):
        made.add_tool(tool, annotations=READS)
    return made
