"""A study: its configuration, its table of dots and junctions, its results and failures."""
