"""Until when patients are watched: (cohort, time_zero, rng, *, ...) -> Floats (n,), months from diagnosis.

Death and loss to follow-up belong to the world; these parts add what the study itself does, inf
for nothing.
To add one: a file here, a function of the same name, "Where the bias comes from" in its docstring.
"""
