"""What is said at a month end is what the model of that month end says everywhere else."""

import pandas as pd

from macro_cycle.cycles import shipped
from macro_cycle.evaluation.answers import answers
from macro_cycle.evaluation.daily import estimated_models
from macro_cycle.features.real_time import RealTimePanels
from macro_cycle.observations import Catalog
from macro_cycle.sources.sample import Sample


def test_a_label_reads_the_months_before_it_too():
    catalog, us = Catalog.load(), shipped()
    history = Sample(catalog).observations(us.features.series_ids).assign(realtime_end=pd.NaT)
    panels = RealTimePanels(history, catalog, us.features)
    [(end, panel, model)] = estimated_models(panels, us.hmm_config(n_restarts=1), [pd.Timestamp("2008-07-31")], 1)
    said = answers(panels, [(end, panel, model)]).months.iloc[0]
    more_probable = model.labels[model.nowcast(panel).argmax()]
    assert (more_probable, said["label"]) == ("Trough", "Contraction")
    assert said["label"] == model.predict(panel)[-1]
    assert said["score"] == model.recession_probability(model.nowcast(panel))
