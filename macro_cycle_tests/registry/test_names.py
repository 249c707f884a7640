"""Tags have one style; a version is ours when its tags name a trained month, in today's style or in the old one."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.registry.errors import first_line
from macro_cycle.registry.names import PREFIX, identity_of, prefixed, registered, tag_of

names = st.text(st.characters(categories=["Ll"]), min_size=1)
tags = st.dictionaries(names, st.text())
days = st.dates().map(str)


@given(tags)
def test_a_tag_written_is_read_back_and_prefixed_once(tags):
    written = prefixed(tags)
    assert all(name.startswith(PREFIX) for name in written)
    assert prefixed(written) == written
    assert {name: tag_of(written, name) for name in tags} == tags


def test_a_tag_without_a_value_is_not_written():
    assert prefixed({"a": None, "b": 0}) == {"macro_cycle.b": "0"}


@given(days, names)
def test_both_styles_name_the_same_month(as_of, model):
    old = {"as_of": as_of, "model_version": model}
    assert identity_of(old) == identity_of(prefixed(old)) == (as_of, model)


@given(st.dictionaries(st.sampled_from(["as_of", "model_version", "macro_cycle.as_of"]), st.text()))
def test_whatever_others_write_as_tags_gives_a_version_of_ours_or_none(tags):
    found = registered(SimpleNamespace(version=1, tags=tags, run_id=None))
    assert found is None or (len(found.as_of) == 10 and found.model_version)


@given(st.text())
def test_an_error_is_said_in_one_short_line(text):
    assert len(first_line(ValueError(text)).splitlines()) == 1
    assert len(first_line(ValueError(text))) <= 300


def test_a_password_in_an_address_is_not_repeated():
    assert (
        first_line(OSError("API request to http://me:secret@host/api failed"))
        == "API request to http://host/api failed"
    )
