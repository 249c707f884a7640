"""Alerts of one's own: rules in a file, held against what is observed, with hysteresis, cooldown and resolution.

Belongs here: rules, their state, what is told and to whom. Does not belong here: looking at the platform
(`automation.observed`), notices that everybody gets (`monitoring.notifications`), alerts on metrics (Prometheus).
"""
