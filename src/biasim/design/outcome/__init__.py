"""What the study counts: (cohort, rng, *, ...) -> Outcome, months from diagnosis; `death` unless a design says otherwise.

Loss and the end of the study are not its business: `observe` cuts at them.
To add one: a file here, a function of the same name, "Where the bias comes from" in its docstring.
"""
