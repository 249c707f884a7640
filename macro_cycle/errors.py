"""The exceptions that are meant for people: a single clear line that says what is wrong and what to do."""


class MacroCycleError(Exception):
    """Raised for bad input or a missing service; the command line prints it without a traceback and exits 1."""


class UsageError(MacroCycleError):
    """What was typed cannot be meant, whatever the data are; the command line exits 2, as for an unknown option."""
