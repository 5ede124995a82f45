"""Break-junction traces: reading, selection, histograms, plateaus, classes, bias series and a forward model.

A trace is the conductance, as log10(G/G0), recorded while two electrodes are drawn apart. Everything here
works on streams of traces, one in memory at a time, so that a million of them need no more memory than ten.
"""
