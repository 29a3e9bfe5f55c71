"""What happens under systemic therapy: (patients, rng, *, ...) -> Course.

A response, the month in which it is seen, and what it does to the hazard from then on.
To add one: a file here, a function of the same name.
"""
