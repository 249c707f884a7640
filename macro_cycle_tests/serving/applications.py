"""The application without a server: a home of its own, a day that stands still, and counts that can be read."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle.serving.answering import Answering, OnlineStore
from macro_cycle.serving.assembly import Assembly, assemble
from macro_cycle.serving.bundle_store import BundleStore
from macro_cycle.serving.credentials import ManagementToken
from macro_cycle.serving.served_models import ServedModels
from macro_cycle.training.bundle import Bundle

TODAY = date(2008, 1, 20)
NAME = "macro-cycle-hmm"
V1, V2 = f"/v1/models/{NAME}:predict", f"/v2/models/{NAME}/infer"


@dataclass
class Counted:
    """Telemetry that keeps what it hears."""

    requests: Counter = field(default_factory=Counter)
    regimes: Counter = field(default_factory=Counter)
    described: list[str] = field(default_factory=list)

    def observe_request(self, model: str, protocol: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.requests[protocol, outcome] += 1

    def observe_answer(self, model: str, regime: str) -> None:
        self.regimes[regime] += 1

    def describe_model(self, name: str, figures: Any, probabilities: Any, n_features: int) -> None:
        self.described.append(name)


class Application:
    """What a client sees, in this process."""

    def __init__(self, home: Path, online: OnlineStore | None = None, **kserve: Any) -> None:
        self.settings: Settings = read_settings(home=home, kserve=kserve)
        self.store = BundleStore(home / "serving")
        self.models = ServedModels(self.store, lambda bundle, version: Answering(bundle, version, online))
        self.telemetry = Counted()
        self.assembly: Assembly = assemble(self.settings, {NAME: self.models}, self.telemetry, lambda: TODAY)

    @property
    def token(self) -> dict[str, str]:
        """The header of a management call."""
        return {"authorization": ManagementToken(self.settings.home / "serving" / "token").authorization()}

    def serve(self, bundle: Bundle) -> str:
        """Commit a bundle; its version."""
        version = self.store.put(bundle)
        self.models.commit(version)
        return version

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The response to a request."""
        transport = httpx.ASGITransport(self.assembly.application, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.request(method, path, **options)
