"""Calls to the broker, which all processes share: slots a second, tokens, connects, and the clients that use them."""
