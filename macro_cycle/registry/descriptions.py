"""What people read in MLflow's pages: descriptions in words and Markdown, links to Dagster and into MLflow.

MLflow shows them as they are; nothing of the platform reads them back.
"""

from dataclasses import dataclass
from urllib.parse import quote

from macro_cycle.training.bundle import Bundle

MOST_FEATURES = 15
TRAINING = "?workflowType=machine_learning"
"""Without it MLflow 3.17 shows a browser that has never chosen its console for LLM applications."""


@dataclass(frozen=True)
class Pages:
    """Where the pages of Dagster and of MLflow are; None if nobody said."""

    dagster_url: str | None = None
    mlflow_url: str | None = None

    def dagster_run(self, run_id: str | None) -> str | None:
        """Dagster's page of one of its runs."""
        return f"{self.dagster_url.rstrip('/')}/runs/{quote(run_id)}" if self.dagster_url and run_id else None

    def version(self, name: str, version: str) -> str | None:
        """MLflow's page of a version."""
        return f"{self._mlflow}/models/{quote(name, safe='')}/versions/{version}{TRAINING}" if self.mlflow_url else None

    def run(self, experiment_id: str, run_id: str) -> str | None:
        """MLflow's page of a run."""
        return f"{self._mlflow}/experiments/{experiment_id}/runs/{run_id}{TRAINING}" if self.mlflow_url else None

    def experiment(self, experiment_id: str) -> str | None:
        """MLflow's page of an experiment."""
        return f"{self._mlflow}/experiments/{experiment_id}{TRAINING}" if self.mlflow_url else None

    @property
    def _mlflow(self) -> str:
        return f"{(self.mlflow_url or '').rstrip('/')}/#"


NOWHERE = Pages()


def of_experiment(subject: str, name: str) -> str:
    """The description of the experiment whose runs train the models registered as `name`."""
    return (
        f"Models of {subject}, one run a month: each is trained on what was known at the end of its month, and "
        f"registered as a version of **{name}**. Runs of a range are nested under the range's run. Figures of the "
        "gate stand on the runs as metrics `gate.*`, its words on the versions as tags `macro_cycle.gate.*`."
    )


def of_model(subject: str, experiment: str) -> str:
    """The description of the registered model."""
    return (
        f"Hidden Markov models of {subject}, one version a month and model, trained in the experiment "
        f"**{experiment}**. The alias `champion` marks the version that serves, `challenger` one that waits for a "
        "decision. Aliases say what was decided and decide nothing: promote, refuse and roll back in Dagster."
    )


def of_version(bundle: Bundle, subject: str, dagster_run: str | None) -> str:
    """The answer of a trained month in words, what it was trained on, and a link to the Dagster run."""
    expected, meta = bundle.expected, bundle.meta
    parts = [
        f"{expected['label']}, recession probability {_percent(expected['recession_probability'])}: {subject} in "
        f"{expected['reference_month'][:7]}, as known on {meta['as_of']}.",
        "Regimes: " + ", ".join(f"{label} {_percent(p)}" for label, p in expected["probabilities"].items()) + ".",
        f"{_panel(bundle)} Model `{meta['model_version']}`.",
    ]
    return _linked("\n\n".join(parts), dagster_run)


def of_range(subject: str, dagster_run: str | None) -> str:
    """The description of the run that the months of a range are nested under."""
    return _linked(f"A range of months of {subject}; the months are the runs nested under this one.", dagster_run)


def _linked(text: str, dagster_run: str | None) -> str:
    return f"{text}\n\n[Dagster run]({dagster_run})" if dagster_run else text


def _panel(bundle: Bundle) -> str:
    months, columns = bundle.panel.index, list(bundle.panel.columns)
    named = ", ".join(columns[:MOST_FEATURES]) + (", ..." if len(columns) > MOST_FEATURES else "")
    features = "feature" if len(columns) == 1 else "features"
    return (
        f"Trained on {len(months)} months ({months[0]:%Y-%m} to {months[-1]:%Y-%m}) of "
        f"{len(columns)} {features}: {named}."
    )


def _percent(probability: float) -> str:
    return f"{probability:.1%}".replace("%", " %")
