"""Settings come from the environment, `.env` and `config.yaml`, in that order; an unknown key is an error."""

from pathlib import Path

import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.platform.settings import read_settings


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("MACRO_CYCLE_HOME", "MACRO_CYCLE_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_environment_wins_over_dotenv_over_yaml(empty_folder, monkeypatch):
    (empty_folder / "config.yaml").write_text("model:\n  seed: 1\n  n_regimes: 2\n  max_iter: 7\n")
    (empty_folder / ".env").write_text("MACRO_CYCLE_MODEL__SEED=2\nMACRO_CYCLE_MODEL__N_REGIMES=3\n")
    monkeypatch.setenv("MACRO_CYCLE_MODEL__SEED", "3")
    model = read_settings().model
    assert (model.seed, model.n_regimes, model.max_iter) == (3, 3, 7)


def test_short_names_of_the_contract_reach_their_section(monkeypatch):
    monkeypatch.setenv("MACRO_CYCLE_SOURCE", "fred_md")
    monkeypatch.setenv("MACRO_CYCLE_SOURCE_PATH", "/vintages")
    monkeypatch.setenv("MACRO_CYCLE_MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    settings = read_settings()
    assert (settings.data.source, settings.data.source_path) == ("fred_md", "/vintages")
    assert settings.mlflow.tracking_uri == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("where", "name"), [("environment", "MACRO_CYCLE_SUORCE"), (".env", "MACRO_CYCLE_MODEL__SEDE")]
)
def test_unknown_variable_is_refused_with_the_nearest_name(empty_folder, monkeypatch, where, name):
    if where == ".env":
        (empty_folder / ".env").write_text(f"{name}=1\n")
    else:
        monkeypatch.setenv(name, "1")
    with pytest.raises(MacroCycleError, match=rf"unknown setting {name} .*did you mean"):
        read_settings()


@pytest.mark.parametrize("text", ["modle: {seed: 1}", "model: {sede: 1}", "model: {seed: x}", "- 1", "a: ]"])
def test_bad_yaml_is_one_clear_line(empty_folder, text):
    (empty_folder / "config.yaml").write_text(text)
    with pytest.raises(MacroCycleError) as caught:
        read_settings()
    assert "\n" not in str(caught.value)


def test_secrets_do_not_show(monkeypatch):
    monkeypatch.setenv("MACRO_CYCLE_FRED_API_KEY", "abcdef0123456789abcdef0123456789")
    monkeypatch.setenv("MACRO_CYCLE_DATABASE_URL", "postgresql://u:hunter2@h/d")
    settings = read_settings()
    assert "abcdef" not in repr(settings)
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in settings.model_dump_json()
