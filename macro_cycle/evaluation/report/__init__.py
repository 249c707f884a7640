"""The track record as one HTML page that needs neither a server nor a network: tables, inline drawings, downloads.

Belongs here: how an evaluation is shown to readers. Does not belong here: any figure, which the evaluation made.
"""

from macro_cycle.evaluation.report.page import page
from macro_cycle.evaluation.report.present import Present

__all__ = ["Present", "page"]
