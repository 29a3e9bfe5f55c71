"""When follow-up starts: (cohort, *, ...) -> Floats (n,), months from diagnosis, inf where there is none.

To add one: a file here, a function of the same name, "Where the bias comes from" in its docstring.
"""
