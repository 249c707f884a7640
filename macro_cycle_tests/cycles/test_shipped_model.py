"""A model made in a notebook with no option but the roles is the one that the platform estimates."""

from macro_cycle.cycles import shipped
from macro_cycle.hmm import HMMConfig


def test_the_options_of_the_united_states_are_the_defaults_of_the_model():
    united_states = shipped()
    assert united_states.hmm_config() == HMMConfig(roles=dict(united_states.features.roles))
