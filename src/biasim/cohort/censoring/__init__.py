"""Months from diagnosis to loss to follow-up: (patients, treatment, rng, *, ...) -> Floats, inf when never.

The end of the study belongs to design/follow_up.
To add one: a file here, a function of the same name.
"""
