"""Who may enter the study: (cohort, rng, *, ...) -> Bools (n,), True where the patient qualifies.

All parts of a study's list must hold. A part need not ask whether she is alive, followed and known
to have stage IV at time zero: `observe` does. A parameter called `target` is an accrual target;
`observe` applies it last, to those who satisfy everything else.
To add one: a file here, a function of the same name, "Where the bias comes from" in its docstring.
"""
