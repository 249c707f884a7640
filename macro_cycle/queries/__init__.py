"""What may be asked of a platform, answered as JSON-able documents: for the command line, the page and agents alike.

Everything is asked of a day: nothing that became known later is in a document. Nothing here writes or prints.
"""
