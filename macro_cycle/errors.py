"""The exceptions that are meant for people: a single clear line that says what is wrong and what to do."""


def printable(text: object) -> str:
    """The text with control characters, line ends and lone surrogates escaped: one line for any terminal or log."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


class MacroCycleError(Exception):
    """Raised for bad input or a missing service; the command line prints it without a traceback and exits 1.

    Its message is one printable line, whatever it quotes.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(printable(message))


class OutageError(MacroCycleError):
    """What the platform stands on, its database, MLflow or Redis, does not answer, or went away in the midst of one.

    It says nothing of what was asked, which may be asked again.
    """


class NothingYetError(MacroCycleError):
    """What was asked for has not been made; the message says what makes it."""


class UsageError(MacroCycleError):
    """What was typed cannot be meant, whatever the data are; the command line exits 2, as for an unknown option."""
