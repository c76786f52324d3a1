"""Every measurement, over callables ``encode`` and ``decode`` and arrays."""
