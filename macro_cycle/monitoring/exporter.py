"""`python -m macro_cycle.monitoring.exporter` publishes the metrics of every process, past ones included."""

import signal
import sys
import threading

from macro_cycle.monitoring.files import use_metric_files
from macro_cycle.platform.settings import Settings, read_settings


def serve(settings: Settings, ended: threading.Event) -> None:
    """Publish the metric files over HTTP until `ended`."""
    folder = use_metric_files(settings)
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))
    host, port = settings.prometheus.host, settings.prometheus.exporter_port
    server, thread = start_http_server(port, addr=host, registry=registry)
    print(f"metrics at http://{host}:{port}/metrics", flush=True)
    ended.wait()
    server.shutdown()
    thread.join()


def main() -> None:
    """Run until a signal asks to end."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        serve(read_settings(), ended)
    except OSError as error:
        sys.exit(f"error: the exporter cannot listen: {error.strerror}")


if __name__ == "__main__":
    main()
