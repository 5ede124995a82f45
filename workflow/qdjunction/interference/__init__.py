"""Decay, jump and the orbital rule of quantum interference."""
