"""V1, V2 in JSON and V2 in binary ask the same, refuse the same, and whatever comes is a question or one clear line."""

import json
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.serving import v1, v2
from macro_cycle.serving.errors import BadRequest, Malformed, Refused, TooLarge
from macro_cycle.serving.questions import AsOf, Economy, Window
from macro_cycle.serving.tensors import Output, outputs_of
from macro_cycle_tests.serving.requests import COLUMNS, LIMITS, ask_v1, ask_v2, binary, reader, tensor, words

D = len(COLUMNS)
CELLS = st.none() | st.floats(-2, 2) | st.integers(-2, 2)


@st.composite
def windows(draw: st.DrawFn) -> list[list]:
    rows = draw(st.lists(st.lists(CELLS, min_size=D, max_size=D), min_size=1, max_size=6))
    if all(cell is None for row in rows for cell in row):
        rows[-1][0] = 0.5
    return rows


def values(rows: list[list]) -> np.ndarray:
    return np.array(rows, dtype=float)


def asked(questions) -> np.ndarray:
    (window,) = questions
    assert isinstance(window, Window)
    return window.values


@given(windows())
def test_every_way_to_send_a_window_asks_the_same(rows):
    sent = values(rows)
    named = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    raw, known = np.nan_to_num(sent).astype("<f8").tobytes(), ~np.isnan(sent)
    nested = {"name": "panel", "datatype": "FP64", "shape": list(sent.shape), "data": rows}
    with_mask = [binary("panel", "FP64", sent.shape, len(raw)), binary("observed", "BOOL", sent.shape, known.size)]
    ways = [
        ask_v1({"instances": [rows]}),
        ask_v1({"instances": [{"rows": named}]}),
        ask_v2({"inputs": [tensor(sent)]}),
        ask_v2({"inputs": [nested]}),
        ask_v2({"inputs": with_mask}, raw + known.tobytes()),
    ]
    for questions in ways:
        np.testing.assert_array_equal(asked(questions), sent)


@given(st.lists(windows(), min_size=2, max_size=4))
def test_several_windows_are_several_questions(many):
    rows = min(map(len, many))
    sent = np.stack([values(window)[-rows:] for window in many])
    sent[:, -1, 0] = 1.0
    instances = [[[None if np.isnan(c) else c for c in row] for row in window] for window in sent.tolist()]
    for questions in (ask_v1({"instances": instances}), ask_v2({"inputs": [tensor(sent)]})):
        np.testing.assert_array_equal(np.stack([question.values for question in questions]), sent)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("latest", AsOf(None)),
        ("2008-09-15", AsOf(date(2008, 9, 15))),
        ("2008-09", AsOf(date(2008, 9, 30))),
        ("2024-02", AsOf(date(2024, 2, 29))),
    ],
)
def test_days_months_and_latest_are_understood_alike(text, question):
    as_tensor = {"name": "as_of", "datatype": "BYTES", "shape": [1], "data": [text]}
    encoded = words(text.encode())
    assert ask_v1({"instances": [{"as_of": text}]}) == [question]
    assert ask_v2({"inputs": [as_tensor]}) == [question]
    assert ask_v2({"inputs": [binary("as_of", "BYTES", [1], len(encoded))]}, encoded) == [question]


def test_an_economy_is_understood_alike():
    as_tensor = {"name": "economy", "datatype": "BYTES", "shape": [2], "data": ["US", "BR"]}
    assert ask_v1({"instances": [{"economy": "US"}, {"economy": "BR"}]}) == [Economy("US"), Economy("BR")]
    assert ask_v2({"inputs": [as_tensor]}) == [Economy("US"), Economy("BR")]


NOT_CELLS = {
    "a boolean": True,
    "a number in text": "1.5",
    "text": "high",
    "a list": [1.0],
    "an object": {},
    "beyond the panel": 1e29,
    "far beyond": -1e308,
    "a long integer": 10**30,
}


@pytest.mark.parametrize("cell", NOT_CELLS.values(), ids=NOT_CELLS)
def test_what_is_no_cell_is_refused_by_all(cell):
    rows = [[0.0] * D, [0.0, cell, 0.0]]
    flat = {"name": "panel", "datatype": "FP64", "shape": [2, D], "data": [c for row in rows for c in row]}
    for ask, document in (
        (ask_v1, {"instances": [rows]}),
        (ask_v1, {"instances": [{"rows": [dict(zip(COLUMNS, row, strict=True)) for row in rows]}]}),
        (ask_v2, {"inputs": [flat]}),
        (ask_v2, {"inputs": [flat | {"data": rows}]}),
    ):
        with pytest.raises(BadRequest):
            ask(document)


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400])
def test_numbers_that_are_none_are_refused_by_all(literal):
    inputs = f'{{"inputs": [{{"name": "panel", "datatype": "FP64", "shape": [1, 3], "data": [0, {literal}, 0]}}]}}'
    for ask, body in ((ask_v1, f'{{"instances": [[[0, {literal}, 0]]]}}'), (ask_v2, inputs)):
        with pytest.raises(Malformed):
            ask(body.encode())


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 1e29, -1e308])
@pytest.mark.parametrize("datatype", ["FP64", "FP32"])
def test_numbers_that_are_none_are_refused_in_binary(number, datatype):
    with np.errstate(over="ignore"):
        raw = np.array([0, number, 0], "<f8" if datatype == "FP64" else "<f4").tobytes()
    with pytest.raises(BadRequest):
        ask_v2({"inputs": [binary("panel", datatype, [1, 3], len(raw))]}, raw)


RAW = np.zeros((2, D)).tobytes()
GOOD = binary("panel", "FP64", [2, D], len(RAW))
BAD_V2 = {
    "no object": [],
    "no inputs": {},
    "null inputs": {"inputs": None},
    "no input": {"inputs": []},
    "an unknown key": {"inputs": [tensor(np.zeros((2, D)))], "input": 1},
    "an unknown key of an input": {"inputs": [tensor(np.zeros((2, D)), extra=1)]},
    "shape -1": {"inputs": [tensor(np.zeros((2, D)), shape=[-1, D])]},
    "shape 0": {"inputs": [tensor(np.zeros((2, D)), shape=[0, D])]},
    "a shape of booleans": {"inputs": [tensor(np.zeros((1, D)), shape=[True, D])]},
    "a shape of text": {"inputs": [tensor(np.zeros((2, D)), shape="2,3")]},
    "a huge shape": {"inputs": [tensor(np.zeros((2, D)), shape=[2**62, D])]},
    "four sizes": {"inputs": [tensor(np.zeros((2, D)), shape=[1, 1, 2, D])]},
    "another width": {"inputs": [tensor(np.zeros((D, 2)))]},
    "fewer data": {"inputs": [tensor(np.zeros((2, D)), data=[0.0])]},
    "more data": {"inputs": [tensor(np.zeros((2, D)), data=[0.0] * 99)]},
    "nested otherwise": {"inputs": [tensor(np.zeros((2, D)), data=[[0.0] * 2] * 3)]},
    "no data": {"inputs": [{"name": "panel", "datatype": "FP64", "shape": [2, D]}]},
    "another name": {"inputs": [tensor(np.zeros((2, D)), name="window")]},
    "no name": {"inputs": [tensor(np.zeros((2, D)), name=None)]},
    "integers": {"inputs": [tensor(np.zeros((2, D)), datatype="INT64")]},
    "text": {"inputs": [tensor(np.zeros((2, D)), datatype="BYTES")]},
    "half floats": {"inputs": [tensor(np.zeros((2, D)), datatype="FP16")]},
    "twice the same": {"inputs": [tensor(np.zeros((2, D)))] * 2},
    "two questions": {
        "inputs": [
            tensor(np.zeros((2, D))),
            {"name": "as_of", "datatype": "BYTES", "shape": [1], "data": ["latest"]},
        ]
    },
    "three inputs": {"inputs": [tensor(np.zeros((2, D)))] * 3},
    "a long id": {"inputs": [tensor(np.zeros((2, D)))], "id": "x" * 1000},
    "an id that is a number": {"inputs": [tensor(np.zeros((2, D)))], "id": 7},
    "parameters that are a list": {"inputs": [tensor(np.zeros((2, D)))], "parameters": [1]},
    "outputs twice": {"inputs": [tensor(np.zeros((2, D)))], "outputs": [{"name": "label"}] * 2},
    "a word that is none": {"inputs": [{"name": "as_of", "datatype": "BYTES", "shape": [1], "data": [1]}]},
    "a long word": {"inputs": [{"name": "as_of", "datatype": "BYTES", "shape": [1], "data": ["x" * 10_000]}]},
    "a word too few": {"inputs": [{"name": "as_of", "datatype": "BYTES", "shape": [2], "data": ["latest"]}]},
    "words as a window": {"inputs": [{"name": "as_of", "datatype": "FP64", "shape": [1], "data": [1.0]}]},
}


@pytest.mark.parametrize("document", BAD_V2.values(), ids=BAD_V2)
def test_bad_v2_requests_are_refused(document):
    with pytest.raises(Refused):
        ask_v2(document)


BAD_BINARY = {
    "short data": ({"inputs": [GOOD]}, RAW[:-1], None),
    "trailing bytes": ({"inputs": [GOOD]}, RAW + b"x", None),
    "no data at all": ({"inputs": [GOOD]}, b"", None),
    "a negative size": ({"inputs": [binary("panel", "FP64", [2, D], -8)]}, RAW, None),
    "a size that is text": ({"inputs": [GOOD | {"parameters": {"binary_data_size": "48"}}]}, RAW, None),
    "another size": ({"inputs": [binary("panel", "FP64", [2, D], 8)]}, RAW[:8], None),
    "data twice": ({"inputs": [GOOD | {"data": [0.0] * 6}]}, RAW, None),
    "a header beyond the body": ({"inputs": [GOOD]}, RAW, 10**9),
    "a header of nothing": ({"inputs": [GOOD]}, RAW, 0),
    "a header within the JSON": ({"inputs": [GOOD]}, RAW, 5),
    "words that end early": ({"inputs": [binary("as_of", "BYTES", [1], 6)]}, b"\xff\0\0\0la", None),
    "a length that ends early": ({"inputs": [binary("as_of", "BYTES", [1], 2)]}, b"\1\0", None),
    "words that are not UTF-8": ({"inputs": [binary("as_of", "BYTES", [1], 6)]}, b"\2\0\0\0\xff\xfe", None),
    "truths that are none": (
        {"inputs": [GOOD, binary("observed", "BOOL", [2, D], 6)]},
        RAW + b"\1\1\2\1\1\1",
        None,
    ),
    "a mask of another shape": ({"inputs": [GOOD, binary("observed", "BOOL", [1, D], 3)]}, RAW + b"\1\1\1", None),
}


@pytest.mark.parametrize(("document", "tail", "length"), BAD_BINARY.values(), ids=BAD_BINARY)
def test_bad_binary_requests_are_refused(document, tail, length):
    with pytest.raises(Refused):
        ask_v2(document, tail, length=length)


TOO_MUCH = {
    "instances": {"instances": [{"as_of": "latest"}] * 9},
    "rows of one window": {"instances": [[[0.0] * D] * 51]},
    "rows of all windows": {"instances": [[[0.0] * D] * 40] * 3},
    "lists": {"instances": [[[]] * 2000]},
    "values": {"instances": [[[0.0] * 5000]]},
}


@pytest.mark.parametrize("document", TOO_MUCH.values(), ids=TOO_MUCH)
def test_more_than_is_taken_is_refused(document):
    with pytest.raises(TooLarge):
        ask_v1(document)


def test_many_windows_in_a_tensor_count_like_many_instances():
    with pytest.raises(TooLarge):
        ask_v2({"inputs": [tensor(np.zeros((9, 1, D)))]})
    with pytest.raises(TooLarge):
        ask_v2({"inputs": [tensor(np.zeros((3, 40, D)))]})


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"instances":['])
def test_deep_nesting_is_refused(opening):
    for ask in (ask_v1, ask_v2):
        with pytest.raises(Refused):
            ask(opening * 400)
        with pytest.raises(Refused):
            ask(opening * 100_000)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
KEYS = st.sampled_from(["inputs", "instances", "outputs", "id", "parameters", "as_of", "rows", "economy", "x"])
INPUT_KEYS = st.sampled_from(["name", "datatype", "shape", "data", "parameters"])
INPUT_VALUES = JSON | st.sampled_from(["panel", "observed", "as_of", "FP64", "BOOL", "BYTES"])
NEARLY = st.dictionaries(
    KEYS, JSON | st.lists(st.dictionaries(INPUT_KEYS, INPUT_VALUES, max_size=5), max_size=3), max_size=3
)


def one_bounded_line(ask, body: bytes) -> None:
    said = "understood"
    try:
        ask(body)
    except Refused as refused:
        said = str(refused)
    assert "\n" not in said
    assert 0 < len(said) <= 400


@given(st.binary(max_size=200) | (JSON | NEARLY).map(lambda d: json.dumps(d).encode()))
def test_whatever_comes_is_a_question_or_one_line(body):
    one_bounded_line(ask_v1, body)
    one_bounded_line(ask_v2, body)


@given(NEARLY, st.binary(max_size=64), st.integers(0, 300))
def test_whatever_follows_the_json_is_a_question_or_one_line(document, tail, length):
    body = json.dumps(document).encode()
    one_bounded_line(lambda content: ask_v2(content, tail, length=length), body)


ANSWERS = st.lists(
    st.fixed_dictionaries(
        {
            "label": st.sampled_from(["Expansion", "Contraction"]),
            "recession_probability": st.floats(0, 1),
            "probabilities": st.floats(0, 1).map(lambda p: {"Expansion": p, "Contraction": 1 - p}),
            "band": st.none() | st.just([0.1, 0.2]),
            "stale": st.booleans(),
            "age_days": st.integers(0, 99),
            "reference_month": st.none() | st.just("2008-09"),
            "note": st.none() | st.just({"more": [1, "x"]}),
        }
    ),
    min_size=1,
    max_size=4,
)


@given(ANSWERS)
def test_tensors_hold_what_the_answers_hold(answers):
    outputs = {output.name: output for output in outputs_of(answers)}
    for output in outputs.values():
        assert len(output.data) == np.prod(output.shape)
    assert outputs["labels"].data == ["Expansion", "Contraction"]
    rows = np.reshape(outputs["probabilities"].data, outputs["probabilities"].shape)
    assert rows.tolist() == [list(answer["probabilities"].values()) for answer in answers]
    assert outputs["stale"].data == [answer["stale"] for answer in answers]
    if any(answer["band"] for answer in answers):
        assert outputs["band"].shape == (len(answers), 2)
    else:
        assert "band" not in outputs


@given(ANSWERS)
def test_binary_outputs_hold_the_same_numbers(answers):
    request = v2.InferenceRequest((), id="7", outputs={"probabilities": True, "label": False})
    body, length = v2.write(request, answers, "model", "version")
    head = json.loads(body[:length])
    assert (head["id"], head["model_version"]) == ("7", "version")
    assert [output["name"] for output in head["outputs"]] == ["probabilities", "label"]
    size = head["outputs"][0]["parameters"]["binary_data_size"]
    assert len(body) == length + size
    expected = [list(answer["probabilities"].values()) for answer in answers]
    np.testing.assert_array_equal(np.frombuffer(body[length:]).reshape(len(answers), 2), expected)


def test_an_output_that_is_not_there_is_named():
    with pytest.raises(BadRequest, match="there is no output 'regime'"):
        v2.select([{"label": "Expansion"}], {"regime": False})


def test_answers_with_other_labels_are_asked_for_one_at_a_time():
    with pytest.raises(BadRequest, match="one at a time"):
        outputs_of([{"probabilities": {"Low": 1.0}}, {"probabilities": {"High": 1.0}}])


def test_unknown_numbers_are_nan_in_binary_alone():
    output = Output("log_likelihood", "FP64", (2,), [1.0, None])
    np.testing.assert_array_equal(np.frombuffer(output.binary()), [1.0, np.nan])


def test_limits_hold_for_the_reader_that_serves():
    assert v1.questions({"instances": [[[0.0] * D]]}, reader(), LIMITS)
