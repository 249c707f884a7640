"""Does the default model date the cycle: its figures on the bundled sample beside their targets."""

import numpy as np

from benchmarks.default_model.robustness import worst_fall
from benchmarks.default_model.walk_forward import Experiment, default_config, figures, walk_forward
from benchmarks.figures import Figure, figure
from macro_cycle.features import default_feature_set


def measure() -> list[Figure]:
    """Walk forward from 1970 with monthly re-estimation, then again under injected faults."""
    features = default_feature_set()
    found = figures(walk_forward(Experiment("default", features, default_config(features))))
    delays = np.array(str(found["delays"]).replace("-", "nan").split(), float)
    return [
        figure("AUROC", float(found["auroc"]), "", ">= 0.997", "four-regime prototype", 0.9966),
        figure("Brier score", float(found["brier"]), "", "<= 0.017", "four-regime prototype", 0.0194),
        figure("expansion months above one half", 100 * float(found["false_alarms"]), "%", "<= 1.5"),
        figure("recessions since 1973 called", float(np.isfinite(delays).sum()), "of 7", ">= 7"),
        figure("slowest call", float(np.max(delays)), "month ends after the first month", "<= 4"),
        figure("labels changed, median", 100 * float(found["label_changes"]), "%", "<= 0.5"),
        figure("worst fall of AUROC under a fault", worst_fall(), "", "<= 0.01"),
    ]
