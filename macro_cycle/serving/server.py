"""`python -m macro_cycle.serving.server`: KServe's model server on loopback, serving what the shelf holds."""

import logging
import sys
import threading
from typing import Any

from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.metrics import ServingMetrics
from macro_cycle.monitoring.requests import CountRequests
from macro_cycle.platform.origins import SameOrigin, allowed_hosts
from macro_cycle.platform.settings import Settings, read_settings
from macro_cycle.serving.limits import BodyLimit
from macro_cycle.serving.shelf import Shelf

CYCLE = "us"


def serve(settings: Settings) -> None:
    """Serve until a signal asks to end."""
    sys.argv = sys.argv[:1]  # kserve parses the command line when it is imported
    import prometheus_client
    from kserve import ModelServer, model_server

    from macro_cycle.serving.predictor import BundleRepository, RegimePredictor

    name, host = settings.kserve.model_name, settings.kserve.host
    metrics = ServingMetrics({name: CYCLE}, settings.home / "metrics")
    prometheus_client.REGISTRY.register(metrics)
    predictor, shelf = RegimePredictor(name, metrics), Shelf(settings)
    _take_up_current(predictor, shelf)
    model_server.RESTServer = _on_host(model_server.RESTServer, host)
    model_server.app.add_middleware(BodyLimit, limit=settings.kserve.max_body_bytes)
    model_server.app.add_middleware(SameOrigin, hosts=allowed_hosts(settings, host))
    model_server.app.add_middleware(CountRequests, metrics=metrics)
    server = ModelServer(
        http_port=settings.kserve.port,
        enable_grpc=False,
        enable_latency_logging=False,
        registered_models=BundleRepository(predictor, shelf),
    )
    for name in ("uvicorn.access", "kserve", "kserve.trace"):
        logging.getLogger(name).setLevel(logging.CRITICAL if name == "kserve" else logging.WARNING)
    ended = threading.Event()
    writer = metrics.keep_writing(ended)
    print(f"serving at http://{settings.kserve.host}:{settings.kserve.port}", flush=True)
    server.start([predictor])
    ended.set()
    writer.join()


def _take_up_current(predictor: Any, shelf: Shelf) -> None:
    from macro_cycle.serving.answering import Answering

    if shelf.current is None:
        print("no model was deployed yet; predictions answer 503 until one is", flush=True)
        return
    try:
        predictor.swap(Answering(shelf.bundle(shelf.current)))
    except MacroCycleError as error:
        print(f"the deployed model cannot be served: {error}", flush=True)


def _on_host(rest_server: type, host: str) -> type:
    """KServe listens on every interface; this one listens where the settings say."""

    class RestServer(rest_server):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.config.host = host

    return RestServer


if __name__ == "__main__":
    try:
        serve(read_settings())
    except MacroCycleError as error:
        sys.exit(f"error: {error}")
