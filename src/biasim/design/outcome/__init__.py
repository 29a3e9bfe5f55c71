"""What the study counts: (cohort, rng, *, ...) -> Outcome, months from diagnosis; `death` unless a design says otherwise.

Loss and the end of the study are not its business: `observe` cuts at them. A truth is that of the outcome with every
parameter that has a switch at its switch, under either strategy; what is no event competes with it and leaves the risk set.
To add one: a file here, a function of the same name, "Where the bias comes from" in its docstring.
"""
