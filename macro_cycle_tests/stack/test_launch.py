"""Each service is given the secrets that it needs and no other, and the settings of the command that started it."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from macro_cycle.platform.environment import settings_environment
from macro_cycle.platform.settings import PREFIX, Section, Settings, read_settings
from macro_cycle.stack.launch import EVERYTHING, SECRET, kept, matches
from macro_cycle.stack.monitoring import monitoring_services, prepare_monitoring
from macro_cycle.stack.services import feature_server, services
from macro_cycle.stack.supervision import LAUNCH

SECRETS = {
    "MACRO_CYCLE_DATABASE_URL": "postgresql://u:s3cr3t-database@h/d",
    "MACRO_CYCLE_DATA__FRED_API_KEY": "s3cr3t-fred",
    "MACRO_CYCLE_DATA__SOURCE_PATH": "postgresql://u:s3cr3t-mirror@h/d",
    "MACRO_CYCLE_NOTIFICATIONS__WEBHOOK_URL": "https://hooks.example/s3cr3t-hook",
    "MACRO_CYCLE_NOTIFICATIONS__ALERTMANAGER_URL": "http://u:s3cr3t-alerts@h",
    "MACRO_CYCLE_MLFLOW__TRACKING_URI": "postgresql://u:s3cr3t-tracking@h/d",
    "MLFLOW_TRACKING_URI": "postgresql://u:s3cr3t-tracking@h/d",
    "MLFLOW_BACKEND_STORE_URI": "postgresql://u:s3cr3t-store@h/d",
    "FEAST_PASSWORD": "s3cr3t-feast",
    "FEAST_REGISTRY": "postgresql://u:s3cr3t-registry@h/d",
    "AWS_SECRET_ACCESS_KEY": "s3cr3t-aws",
    "GITHUB_TOKEN": "s3cr3t-token",
    "A_PERSON_S_OWN": "s3cr3t-own",
}
ORDINARY = {"PATH": "/bin", "MACRO_CYCLE_HOME": "/home", "DAGSTER_HOME": "/home/dagster", "LC_ALL": "C"}
GIVEN = {
    "postgres": set(),
    "mlflow": {"MLFLOW_BACKEND_STORE_URI"},
    "dagster-webserver": {"MACRO_CYCLE_DATABASE_URL"},
    "dagster-code": set(SECRETS),
    "dagster-daemon": {"MACRO_CYCLE_DATABASE_URL"},
    "model-server": {"MACRO_CYCLE_DATABASE_URL"},
    "exporter": {"MACRO_CYCLE_DATABASE_URL"},
    "page": {"MACRO_CYCLE_DATABASE_URL"},
    "feature-server": {"MACRO_CYCLE_DATABASE_URL", "FEAST_PASSWORD", "FEAST_REGISTRY"},
    "prometheus": set(),
    "alertmanager": set(),
}


@pytest.mark.parametrize("name", GIVEN)
def test_a_service_is_given_what_it_needs_and_no_other_secret(name, tmp_path):
    settings = Settings(home=tmp_path)
    known = (*services(settings), feature_server(settings), *monitoring_services(settings))
    needs = {service.name: service.needs for service in known}
    if name not in needs:
        pytest.skip(f"{name} is not installed")
    given_ = kept({**SECRETS, **ORDINARY}, needs[name])
    assert set(given_) - set(ORDINARY) == GIVEN[name]
    assert ORDINARY.items() <= given_.items()


def test_every_secret_setting_counts_as_one():
    sections = {name: field.annotation for name, field in Settings.model_fields.items()}
    fields = {f"{PREFIX}{name}".upper(): Settings.model_fields[name] for name in sections}
    for name, section in sections.items():
        if isinstance(section, type) and issubclass(section, Section):
            fields |= {f"{PREFIX}{name}__{key}".upper(): field for key, field in section.model_fields.items()}
    secret = [name for name, field in fields.items() if not field.repr or "SecretStr" in str(field.annotation)]
    assert len(secret) >= 6
    assert [name for name in secret if not matches(name, SECRET)] == []


def test_the_launched_program_has_that_environment_alone():
    program = [sys.executable, "-I", "-S", str(LAUNCH), "WANTED", "--", "/usr/bin/env"]
    environment = {"WANTED": "yes", "UNWANTED": "no", "PATH": "/bin", "MACRO_CYCLE_FRED_API_KEY": "s3cr3t"}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=True)
    lines = {line for line in done.stdout.splitlines() if not line.startswith("LC_CTYPE")}
    assert lines == {"WANTED=yes", "PATH=/bin"}


@given(st.dictionaries(st.text("ABC_", min_size=1), st.text("x", max_size=2)))
def test_whoever_needs_everything_gets_it(environment):
    assert kept(environment, (EVERYTHING,)) == environment


def test_the_settings_are_the_same_in_any_folder(tmp_path, monkeypatch):
    (tmp_path / "config.yaml").write_text(
        "data: {source: alfred_file, source_path: mirror.csv, first_partition: 1990-01-01}"
    )
    (tmp_path / ".env").write_text("MACRO_CYCLE_FRED_API_KEY=k3y\nMACRO_CYCLE_ALLOWED_HOSTS=a.example,b.example")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MACRO_CYCLE_MODEL__SEED", "7")
    chosen = read_settings(home=tmp_path / "home")
    variables = settings_environment(chosen)
    monkeypatch.chdir("/")
    monkeypatch.delenv("MACRO_CYCLE_MODEL__SEED")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    again = read_settings()
    expected = chosen.model_dump()
    expected["data"]["source_path"] = str(tmp_path / "mirror.csv")
    assert again.model_dump() == expected
    assert again.data.fred_api_key == SecretStr("k3y")


def test_no_secret_lies_in_a_file_that_others_read(tmp_path):
    settings = Settings(home=tmp_path, notifications={"webhook_url": "https://hooks.example/s3cr3t-hook"})
    if not monitoring_services(settings):
        pytest.skip("neither Prometheus nor Alertmanager is installed")
    prepare_monitoring(settings)
    files = [path for path in Path(tmp_path).rglob("*") if path.is_file()]
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}
    assert [path.name for path in files if "s3cr3t" in path.read_text()] == ["webhook"]
