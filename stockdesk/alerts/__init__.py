"""Alerts: what a trader who is away from the screen must know, by Telegram, webhook or mail.

This package is imported by the sending process too, which has no Django: nothing is imported here.
"""
