"""Neutral nPb APbX3 dots from a catalogue of blocks."""
