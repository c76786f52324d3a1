"""The parts of a family: corruption, bottleneck, objective; and the recipes that combine them.

A part is a small function or a frozen dataclass that follows a protocol, with an entry in the
registry of its file. Networks are built around the parts in ``zatlas.models``.
"""
