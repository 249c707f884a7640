"""What the exporter reads at each scrape, a file for each place that it reads from.

A collector yields what it finds at that moment and raises when it cannot look; the exporter then says so and shows
nothing in its place.
"""
