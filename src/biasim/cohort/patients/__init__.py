"""Who there is at diagnosis: (size, rng, *, ...) -> Patients.

Every covariate is a column of numbers; a part says which ones a registry could hold, and splits the
log hazard accordingly. To add one: a file here, a function of the same name.
"""
