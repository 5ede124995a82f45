"""Break-junction traces: reading, selection, histograms, plateaus, classes, bias series and a forward model.

A trace is the conductance, as log10(G/G0), recorded while two electrodes are pulled apart. Everything here
works on streams of traces, so that memory does not grow with their number.
"""
