"""Layer lists become networks: model files, the zoo, bottlenecks and objectives."""
