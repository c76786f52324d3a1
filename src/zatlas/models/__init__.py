"""Layer lists become networks: model files, the presets, bottlenecks and objectives."""
