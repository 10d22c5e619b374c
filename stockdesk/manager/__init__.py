"""Daemon 7: which programs run at what hour, and keeping supervisord to it."""
