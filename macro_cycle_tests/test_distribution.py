"""Wheel and sdist hold everything that the package reads, and what is installed from them needs no checkout."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
PROBE = """
import json
import macro_cycle
from macro_cycle.platform.settings import read_settings
from macro_cycle.stack.services import environment, services
settings = read_settings()
print(json.dumps({
    "package": macro_cycle.__file__,
    "commands": [argument for service in services(settings) for argument in service.command],
    "environment": dict(environment(settings)),
}))
"""


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the sdist, built from this checkout."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--sdist", "--wheel", "--outdir", str(out)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def tracked(*folders: str) -> set[str]:
    """Files of the checkout that git knows below `folders`; symbolic links are left out."""
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in listed.stdout.splitlines() if (ROOT / name).is_file() and not (ROOT / name).is_symlink()}


def test_the_wheel_holds_every_file_of_the_package(distributions):
    with zipfile.ZipFile(distributions[0]) as wheel:
        assert tracked("macro_cycle") - set(wheel.namelist()) == set()


def test_the_sdist_holds_every_file_of_the_checkout(distributions):
    with tarfile.open(distributions[1]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert tracked() - names == set()


def test_an_installed_wheel_resolves_everything_outside_the_checkout(distributions, database_url, tmp_path):
    site, folder = tmp_path / "site", tmp_path / "empty"
    folder.mkdir()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*install, str(distributions[0])], check=True, capture_output=True)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MACRO_CYCLE_", "DAGSTER_"))}
    variables = {"PYTHONPATH": str(site), "MACRO_CYCLE_DATABASE_URL": database_url}
    probe = [sys.executable, "-W", "ignore", "-c", PROBE]
    done = subprocess.run(probe, cwd=folder, env=inherited | variables, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert Path(found["package"]).is_relative_to(site)
    workspaces = {word for word in found["commands"] if word.endswith("workspace.yaml")}
    assert [Path(path).is_relative_to(site) and Path(path).is_file() for path in workspaces] == [True]
    dagster_yaml = Path(found["environment"]["DAGSTER_HOME"]) / "dagster.yaml"
    assert dagster_yaml.is_relative_to(folder)
    assert dagster_yaml.read_text() == (ROOT / "dagster.yaml").read_text()
    assert (Path(found["environment"]["FEAST_REPO"]) / "feature_store.yaml").is_file()
    repository = [sys.executable, "-W", "ignore", str(Path(found["environment"]["FEAST_REPO"]) / "economy.py")]
    subprocess.run(repository, cwd=folder, env=inherited | variables, check=True)
