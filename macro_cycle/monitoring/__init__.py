"""What is measured while serving: the metrics, the exporter that publishes them, and the dashboards.

The model server writes its metrics to files under `home`; the exporter reads those files, so figures outlive a
restart of either.
"""
