"""Analyses of a set of traces beyond its selection and histograms, one module each, found by `registry`."""
