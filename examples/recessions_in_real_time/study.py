"""What would have been said in real time of each recession since 1973, and what real time costs against hindsight.

python examples/recessions_in_real_time/study.py    prints the tables of README.md; needs no stack and no database.
"""

import pandas as pd

from macro_cycle.cycles import shipped
from macro_cycle.evaluation.track_record import Record, dates_of_calls, figures
from macro_cycle.evaluation.walk_forward import answers
from macro_cycle.features import build_panel
from macro_cycle.hmm import MacroCycleHMM
from macro_cycle.observations import Catalog
from macro_cycle.sources import known_on
from macro_cycle.sources.sample import Sample

DAY = pd.Timestamp("2026-08-31")
MONTHS = pd.date_range("1973-01-01", "2026-07-01", freq="MS")


def main() -> None:
    """Print both tables as Markdown."""
    us, catalog = shipped(), Catalog.load()
    observations = Sample(catalog).observations(us.features.series_ids)

    def panel_on(day: pd.Timestamp) -> pd.DataFrame:
        return build_panel(known_on(observations, day), catalog, us.features)

    known = ((month, panel_on(month + pd.offsets.MonthEnd(0))) for month in MONTHS)
    real_time = Record("real_time", "in real time", answers(known, us.hmm_config(), every=24))

    everything = panel_on(DAY)
    regimes = MacroCycleHMM(us.hmm_config()).fit(everything).regimes(everything)
    hindsight = regimes["smoothed_Contraction"] + regimes["smoothed_Trough"]
    about = real_time.scores["reference_month"]
    scores = pd.DataFrame({"reference_month": about, "score": hindsight.reindex(about).to_numpy()})
    smoothed = Record("hindsight", "with hindsight", scores)

    print("| | AUROC | Brier score | expansion months called |\n|---|---|---|---|")
    for record in (real_time, smoothed):
        found = figures(record, DAY, us.chronology)
        print(f"| {record.title} | {found.auroc:.3f} | {found.brier:.3f} | {found.false_alarms:.1%} |")
    print("\n| recession | called at the month end | days before the NBER |\n|---|---|---|")
    for row in dates_of_calls(real_time, DAY, us.chronology):
        ahead = row["begin_days_ahead"] if row["begin_announced"] else "not announced then"
        print(f"| {row['first_month']} to {row['last_month']} | {row['begin_called']} | {ahead} |")


if __name__ == "__main__":
    main()
