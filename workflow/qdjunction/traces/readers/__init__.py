"""Readers of trace files, one module per format; `qdjunction.traces.readers.registry` lists them."""
