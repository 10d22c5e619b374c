"""The tables of the collectors; each source keeps its own beside its code."""

from collectors.rawbody import RawBody

__all__ = ["RawBody"]
