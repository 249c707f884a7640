"""When things run: partitions, freshness, automation conditions, sensors, schedules and jobs.

What runs belongs in `assets`; nothing here reads data or computes anything but time.
"""
