"""The public sources of the toy world, DART and data.go.kr: same symbols, same seed, mishaps of their own."""
