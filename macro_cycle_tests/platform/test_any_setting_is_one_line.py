"""Whatever the environment, `.env`, config.yaml or the user's catalogue hold: settings, or one line that names them."""

import os

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.observations import Catalog
from macro_cycle.platform.settings import SHORT_NAMES, Settings, _full_names, read_settings

property_test = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
names = st.sampled_from(sorted({*_full_names(), *(f"MACRO_CYCLE_{name}" for name in SHORT_NAMES)}))
AWKWARD = [
    "[red]",
    "{}",
    "[]",
    '{"a": 1}',
    "null",
    "nan",
    "-1",
    "1e400",
    "~nobody/x",
    "\x1b[31m",
    "\udcff",
    "2008-13-01",
    "a,b",
]
values = st.one_of(
    st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=12),
    st.sampled_from(AWKWARD),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), values)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3), max_leaves=6
)


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """A working directory without files, and none of this project's variables."""
    for name in [name for name in os.environ if name.startswith("MACRO_CYCLE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def in_one_line(read) -> None:
    message = ""
    try:
        read()
    except MacroCycleError as error:
        message = str(error)
    assert len(message) < 400
    assert not {"\n", "\r"} & set(message)
    assert not any(internal in message for internal in ("validation error", "pydantic", "Traceback"))


@property_test
@given(st.dictionaries(names, values, max_size=3))
def test_any_environment_is_settings_or_one_line(monkeypatch, variables):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        in_one_line(read_settings)


@pytest.mark.parametrize("name", [".env", "config.yaml"])
@property_test
@given(
    content=st.one_of(
        st.binary(max_size=80), st.builds(lambda n, v: f"{n}={v}".encode("utf-8", "replace"), names, values)
    )
)
def test_any_bytes_in_a_file_of_settings_are_settings_or_one_line(alone, name, content):
    (alone / name).write_bytes(content)
    in_one_line(read_settings)


sections = st.sampled_from([*Settings.model_fields, "nosuch", "Data", ""])
keys = st.one_of(
    scalars,
    st.sampled_from(["source", "source_path", "first_partition", "port", "n_regimes", "tol", "catalog_path", "redis"]),
)


@property_test
@given(st.dictionaries(sections, st.one_of(documents, st.dictionaries(keys, documents, max_size=2)), max_size=2))
def test_any_document_in_config_yaml_is_settings_or_one_line(alone, document):
    (alone / "config.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8", "replace")
    in_one_line(read_settings)


fields = st.one_of(
    scalars,
    st.sampled_from(
        [
            "title",
            "frequency",
            "units",
            "tcode",
            "sign",
            "publication_lag_days",
            "role",
            "aliases",
            "bounds",
            "series_id",
        ]
    ),
)
entries = st.dictionaries(fields, documents, max_size=3)


@property_test
@given(
    st.one_of(
        documents,
        st.dictionaries(
            st.one_of(scalars, st.sampled_from(["UNRATE", "NEW"])), st.one_of(entries, documents), max_size=2
        ),
    )
)
def test_any_document_as_the_user_s_catalogue_is_a_catalogue_or_one_line(alone, document):
    (alone / "mine.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8", "replace")
    in_one_line(lambda: Catalog.load(alone / "mine.yaml"))


@property_test
@given(st.binary(max_size=80))
def test_any_bytes_as_the_user_s_catalogue_are_a_catalogue_or_one_line(alone, content):
    (alone / "mine.yaml").write_bytes(content)
    in_one_line(lambda: Catalog.load(alone / "mine.yaml"))


@pytest.mark.parametrize("name", [".env", "config.yaml", "mine.yaml"])
def test_a_folder_in_place_of_a_file_is_one_line(alone, name):
    (alone / name).mkdir()
    read = (lambda: Catalog.load(alone / name)) if name == "mine.yaml" else read_settings
    if name == ".env":
        in_one_line(read)
        return
    with pytest.raises(MacroCycleError, match="cannot be read"):
        read()


@pytest.mark.parametrize(
    "content", ["a: 2008-13-01", "[" * 5000, "a: 1\na: 2", "{a: 1, a: 2}", "? [a]\n: 1", "a: !!python/none x"]
)
@pytest.mark.parametrize("name", ["config.yaml", "mine.yaml"])
def test_what_yaml_cannot_hold_is_one_line(alone, name, content):
    (alone / name).write_text(content)
    with pytest.raises(MacroCycleError) as told:
        Catalog.load(alone / name) if name == "mine.yaml" else read_settings()
    assert "\n" not in str(told.value)


def test_a_line_of_env_that_says_nothing_is_refused_not_passed_over(alone):
    (alone / ".env").write_text("MACRO_CYCLE_SOURCE=sample\n= nonsense\n")
    with pytest.raises(MacroCycleError, match="line 2"):
        read_settings()


def test_a_secret_is_in_no_line(alone, monkeypatch):
    monkeypatch.setenv("MACRO_CYCLE_DATA__FRED_API_KEY", "very secret")
    monkeypatch.setenv("MACRO_CYCLE_MODEL__N_REGIMES", "9")
    with pytest.raises(MacroCycleError) as told:
        read_settings()
    assert "secret" not in str(told.value)
