"""Looking at processes that may end at any moment, between one look and the next."""

import psutil


def lives(process: psutil.Process) -> bool:
    """Whether it runs; one that has ended and was not reaped yet does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
