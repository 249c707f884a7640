"""Run the pipeline on this machine, without a cluster and without network, on the bundled sample."""

import argparse
import os
import tempfile
from pathlib import Path

from kfp import local
from pipeline import macro_cycle_hmm_pipeline


def main() -> None:
    """Run it with the arguments of the command line and print the recession probability."""
    parser = argparse.ArgumentParser(description="Run the pipeline on this machine.")
    parser.add_argument("--platform-python", default=".venv/bin/python", help="the platform's own interpreter")
    parser.add_argument("--cycle", default="us")
    parser.add_argument("--n-regimes", type=int, default=0)
    parser.add_argument("--series-ids", nargs="*", default=[])
    parser.add_argument("--start-date", default="")
    arguments = parser.parse_args()
    os.environ["PLATFORM_PYTHON"] = str(Path(arguments.platform_python).absolute())
    with tempfile.TemporaryDirectory() as folder:
        runner = local.SubprocessRunner(use_venv=False)
        local.init(runner=runner, pipeline_root=folder, raise_on_error=True)
        run = macro_cycle_hmm_pipeline(
            cycle=arguments.cycle,
            n_regimes=arguments.n_regimes,
            series_ids=arguments.series_ids,
            start_date=arguments.start_date,
        )
        print(f"recession probability: {run.output:.4f}")


if __name__ == "__main__":
    main()
