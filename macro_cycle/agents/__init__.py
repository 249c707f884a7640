"""Agents: what may be asked of a platform, as tools of the Model Context Protocol (https://modelcontextprotocol.io).

Does not belong here: the answers themselves (`queries`).
"""
