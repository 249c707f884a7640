"""The one exception that is meant for people: a single clear line that says what is wrong and what to do."""


class MacroCycleError(Exception):
    """Raised for bad input or a missing service; the command line prints it without a traceback and exits 1."""
