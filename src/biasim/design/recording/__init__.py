"""What happens to covariates on their way into the record: (cohort, measured, rng, *, ...) -> Measured.

A list: each part gets what the one before it left, and changes a copy. `measurement` says what is measured at all.
Draw before you decide: the same draws whatever the parameters.
To add one: a file here, a function of the same name, "Where the bias comes from" in its docstring.
"""
