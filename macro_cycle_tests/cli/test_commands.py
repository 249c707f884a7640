"""The commands answer, or say in one line what is wrong and exit with 1; nothing is half-written."""

import json
import subprocess

import dagster as dg
import pandas as pd
import pytest

from macro_cycle_tests.assets.graph import CHAIN, materialize, with_the_sample


@pytest.fixture
def run(told, tmp_path, monkeypatch):
    """Run the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
        code, output, errors = told(*arguments, **environment)
        return subprocess.CompletedProcess(arguments, code, output, "\n".join(errors))

    return command


def one_clear_line(result: subprocess.CompletedProcess, said: str) -> None:
    assert result.returncode != 0
    assert "Traceback" not in result.stderr + result.stdout
    assert said in result.stderr, result.stderr


@pytest.mark.slow
def test_train_answers_for_any_series_of_the_source(run):
    result = run("train", "--series-ids", "GDPC1", "UNRATE", "CPIAUCSL", "--start-date", "2000-01-01", "--json")
    answer = json.loads(result.stdout)
    assert answer["first_month"] >= "2000-01"
    assert {"GDPC1", "UNRATE", "CPIAUCSL"} <= set(answer["features"])
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


@pytest.mark.slow
def test_train_logs_apart_from_the_graph_s_models_and_the_same_model_once(run, tmp_path):
    import mlflow

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    command = ["train", "--series-ids", "UNRATE", "--as-of", "2008-09-15", "--mlflow-tracking-uri", uri, "--json"]
    first, again = (json.loads(run(*command).stdout)["mlflow"] for _ in range(2))
    assert first == again
    assert (first["registered_model"], first["version"]) == ("macro-cycle-hmm-adhoc", "1")
    client = mlflow.MlflowClient(uri, uri)
    assert {experiment.name for experiment in client.search_experiments()} == {"Default", "macro_cycle_adhoc"}
    described = client.get_model_version(first["registered_model"], "1").description
    assert "in 2008-08, as known on 2008-09-15" in described
    named = json.loads(run(*command, "--experiment", "mine", "--register-as", "my-model").stdout)["mlflow"]
    assert named["registered_model"] == "my-model"


@pytest.mark.slow
def test_train_tells_how_sure_a_variant_is_and_logs_it_beside_the_model(run, tmp_path):
    import mlflow

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    options = ["--covariance", "diag", "--emission", "student_t", "--n-regimes", "2", "--inference", "laplace"]
    told = run("train", "--series-ids", "UNRATE", *options, "--mlflow-tracking-uri", uri, "--json")
    answer = json.loads(told.stdout)
    posterior, logged = answer["posterior"], mlflow.MlflowClient(uri, uri).get_run(answer["mlflow"]["run_id"])
    chosen = {name: logged.data.params[name] for name in ("n_regimes", "covariance_type", "emission")}
    assert chosen == {"n_regimes": "2", "covariance_type": "diag", "emission": "student_t"}
    band = posterior["recession_probability"]
    assert 0 <= band["low"] <= band["median"] <= band["high"] <= 1
    assert logged.data.metrics["laplace_recession_probability_low"] == pytest.approx(band["low"])
    assert logged.data.metrics["laplace_inflation"] == posterior["diagnostics"]["inflation"]
    kept = mlflow.artifacts.load_dict(f"{logged.info.artifact_uri}/posterior/laplace.json")
    assert kept == posterior


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "--series-ids", "GDPC", "UNRATE"], "has no series GDPC; it holds GDPC1"),
        (["train", "--series-ids", "NOSUCHSERIES"], "has no series NOSUCHSERIES"),
        (["train", "--start-date", "2999-01-01"], "no data from 2999-01-01"),
        (["train", "--as-of", "2999-01-01"], "is in the future"),
        (["train", "--start-date", "yesterday"], "Invalid value for '--start-date'"),
        (["train", "--register-as", "mine"], "add --mlflow-tracking-uri"),
        (["train", "--mlflow-tracking-uri", "http://127.0.0.1:9"], "MLflow cannot be reached at http://127.0.0.1:9"),
        (["train", "--n-regimes", "7"], "Invalid value for '--n-regimes'"),
        (["train", "--covariance", "spherical"], "not one of 'full', 'diag', 'tied', 'tied_diag'"),
        (["train", "--emission", "cauchy"], "not one of 'gaussian', 'student_t'"),
        (["train", "--inference", "gibbs"], "not one of 'em', 'laplace', 'svi', 'nuts'"),
        (["train", "--draws", "5"], "Invalid value for '--draws'"),
        (["backfill", "--from", "2008-02", "--to", "2008-01"], "empty range"),
        (["backfill", "--from", "2008-01", "--to", "2999-01"], "in the future"),
        (["backfill", "--from", "2008-01", "--to", "2008-02"], "run `macro-cycle up` first"),
        (["evaluate"], "no calls yet"),
        (["report", "--out", "record.pdf"], "must end in .html"),
        (["report", "--out", "nowhere/record.html"], "the folder nowhere does not exist"),
        (["replay", "--as-of", "2999-01-01"], "is in the future"),
        (["replay", "--as-of", "2008-09-15"], "No observations of"),
        (["news", "--as-of", "2999-01-01"], "--as-of 2999-01-01 is in the future"),
        (["news", "--as-of", "2008-09-30", "--since", "2008-09-30"], "must lie before"),
        (["news", "--as-of", "2008-09-30"], "No observations of"),
        (["export", "calls", "--out", "calls.txt"], "must end in .parquet or .csv"),
        (["export", "calls", "--out", "nowhere/calls.csv"], "the folder nowhere does not exist"),
        (["export", "calls", "--out", "calls.csv"], "run `macro-cycle run` first"),
        (["export", "regimes", "--as-of", "2008-01", "--out", "r.csv"], "no regimes as of 2008-01"),
        (["export", "everything", "--out", "x.csv"], "Invalid value"),
        (["status"], ""),
    ],
)
def test_bad_input_is_one_clear_line_and_writes_nothing(run, tmp_path, arguments, said):
    one_clear_line(run(*arguments), said)
    assert not list(tmp_path.glob("*.csv"))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"MACRO_CYCLE_DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:1/d"}, "does not answer"),
        ({"MACRO_CYCLE_DATABASE_URL": "mysql://u:hunter2@h/d"}, "must begin with postgresql://"),
        ({"MACRO_CYCLE_DATABASE_URL": "nonsense"}, "is not a URL"),
        ({"MACRO_CYCLE_SUORCE": "sample"}, "did you mean MACRO_CYCLE_SOURCE"),
        ({"MACRO_CYCLE_SOURCE": "bloomberg"}, "data.source"),
    ],
)
def test_bad_settings_are_one_clear_line_without_the_password(run, environment, said):
    result = run("export", "calls", "--out", "calls.csv", **environment)
    one_clear_line(result, said)
    assert "hunter2" not in result.stderr + result.stdout


@pytest.mark.slow
def test_exports_hold_the_contract_s_columns(run, platform, tmp_path, bundle):
    with_the_sample(platform)
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, "2007-11-01", "2007-12-01")
    for table in ("calls", "regimes", "features"):
        assert run("export", table, "--out", f"{table}.csv").returncode == 0
        assert run("export", table, "--out", f"{table}.parquet").returncode == 0
    calls = pd.read_csv(tmp_path / "calls.csv", float_precision="round_trip")
    contract = [
        *("as_of", "reference_month", "label", "recession_probability"),
        *("p_expansion", "p_peak", "p_contraction", "p_trough"),
        *("model_version", "data_version"),
        *("news", "months_behind"),
        *("history", "share_true_vintages", "share_sightings", "share_one_vintage"),
    ]
    assert list(calls)[: len(contract)] == contract
    assert {"declared_phase", "declared_on", "phase_peak", "phase_trough"} <= set(calls)
    assert calls[["history", "share_one_vintage"]].to_numpy().tolist() == [["one_vintage", 1.0]] * 2
    assert calls[["news", "months_behind"]].to_numpy().tolist() == [[True, 1]] * 2
    assert calls["as_of"].tolist() == ["2007-11-30", "2007-12-31"]
    assert calls["model_version"].iloc[-1] == bundle.meta["model_version"]
    regimes = pd.read_parquet(tmp_path / "regimes.parquet")
    assert regimes["recession_probability"].iloc[-1] == calls["recession_probability"].iloc[-1]


@pytest.mark.slow
def test_history_is_told_by_news_replay_and_report(run, platform, tmp_path):
    with_the_sample(platform)
    with dg.DagsterInstance.ephemeral() as instance:
        materialize(instance, CHAIN, "2008-07-01", "2008-08-01")
    replayed = json.loads(run("replay", "--as-of", "2008-09-15", "--json").stdout)
    assert replayed["said"]["as_of"] == "2008-08-31"
    assert (replayed["said"]["news"], replayed["said"]["months_behind"]) == (True, 1)
    assert all(link["holds"] for link in replayed["said"]["links"])
    assert max(row["realtime_start"] for row in replayed["known"]) <= "2008-09-15"
    news = json.loads(run("news", "--as-of", "2008-09-15", "--json").stdout)
    for claim in (replayed, replayed["said"], news):
        assert claim["provenance"]["kind"] == "one_vintage"
        assert "earlier revisions are not in them" in claim["provenance"]["in_words"]
    assert news["since"] == "2008-08-31"
    assert (news["news"], news["months_behind"]) == (True, 1)
    assert news["before"] == replayed["said"]["recession_probability"]
    assert news["after"] == replayed["data_give"]["recession_probability"]
    assert sum(part["contribution"] for part in news["parts"]) == pytest.approx(news["change"], abs=1e-10)
    assert run("report", "--out", "record.html").returncode == 0
    assert "2008-07 to 2008-08" in (tmp_path / "record.html").read_text()
