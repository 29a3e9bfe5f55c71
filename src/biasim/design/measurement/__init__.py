"""What is known of each patient: (cohort, rng, *, ...) -> Measured, one row per patient of the cohort.

`_columns.py` gathers columns by name and refuses unknown ones. Draw before you decide: the same
draws whatever the parameters.
To add one: a file here, a function of the same name, "Where the bias comes from" in its docstring.
"""
