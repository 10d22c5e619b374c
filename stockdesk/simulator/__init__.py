"""A KIS stand-in on loopback: REST, WebSocket, a toy market and mishaps on demand.

It shares the column tables of ``stockdesk.kis.fields`` and nothing else of the desk's protocol code.
"""
