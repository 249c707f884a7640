"""The published record: what was said, in a file that a stranger can check without the platform.

Belongs here: the file and its chain of hashes, what an entry holds, time stamps, a git repository, verification.
Does not belong here: the record in the database (`warehouse`, `records`), settings, Dagster.
"""
