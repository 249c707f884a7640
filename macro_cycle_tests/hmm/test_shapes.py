"""Shapes in signatures are checked in tests, and cost nothing where the library is used."""

import subprocess
import sys

import jaxtyping
import numpy as np
import pytest

from macro_cycle.hmm import dynamics, inference, labels, phases

P, A = np.full((5, 4), 0.25), np.full((4, 4), 0.25)


@pytest.mark.parametrize(
    "call",
    [
        lambda: inference.filter_forward(np.zeros((5, 4)), np.ones(3) / 3, A),
        lambda: inference.forward_backward(np.zeros((5, 4)), np.ones(4) / 4, A[:3, :3]),
        lambda: dynamics.tilted(A, np.zeros((4, 3, 1)), np.zeros((5, 1))),
        lambda: labels.label_positions(P[0]),
        lambda: phases.filter_steps(P, P[:4], np.tile(A, (5, 1, 1))),
    ],
)
def test_arrays_of_shapes_that_do_not_belong_together_are_refused(call):
    with pytest.raises(jaxtyping.TypeCheckError):
        call()


def test_arrays_that_do_are_taken():
    assert inference.filter_forward(np.zeros((5, 4)), np.ones(4) / 4, A).filtered_probs.shape == (5, 4)
    assert dynamics.tilted(A, np.zeros((4, 4, 1)), np.zeros((5, 1))).shape == (5, 4, 4)


def test_the_library_loads_no_checker():
    code = "import sys, macro_cycle.hmm.model; print({'jaxtyping', 'beartype'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
