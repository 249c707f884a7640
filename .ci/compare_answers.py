"""The endpoint's V1 and V2 answers equal the newest row of `export regimes`."""

import sys

import httpx
import pandas as pd

MODEL = "macro-cycle-hmm"
SECONDS = 60


def main(csv: str, base: str) -> None:
    """Compare the three, exiting with a line that names the first difference."""
    newest = pd.read_csv(csv).iloc[-1].filter(like="filtered_")
    stored = {name.removeprefix("filtered_"): float(p) for name, p in newest.items()}
    body = {"instances": [{"as_of": "latest"}]}
    v1 = httpx.post(f"{base}/v1/models/{MODEL}:predict", json=body, timeout=SECONDS).raise_for_status().json()
    request = {"inputs": [{"name": "as_of", "shape": [1], "datatype": "BYTES", "data": ["latest"]}]}
    v2 = httpx.post(f"{base}/v2/models/{MODEL}/infer", json=request, timeout=SECONDS).raise_for_status().json()
    outputs = {output["name"]: output["data"] for output in v2["outputs"]}
    answers = {
        "V1": v1["predictions"][0]["probabilities"],
        "V2": dict(zip(outputs["labels"], outputs["probabilities"], strict=True)),
    }
    for protocol, answer in answers.items():
        for label, probability in stored.items():
            if abs(answer[label] - probability) > 1e-12:
                sys.exit(f"{protocol} answers {answer[label]} for {label}, the export holds {probability}")
    print(f"V1, V2 and the export agree: {stored}")


if __name__ == "__main__":
    main(*sys.argv[1:])
