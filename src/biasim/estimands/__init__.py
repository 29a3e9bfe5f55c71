"""The truth: (cohort, *, ...) -> Truth, a value with its Monte Carlo standard error.

Every estimand but the conditional one contrasts two strategies in the same women: surgery within
`grace` months against none. `_strategies.py` says who (the population), from when (its time zero)
and how long each woman lives under either. The engine asks a large cohort per scenario.

To add one: a file here, a function of the same name, keyword-only parameters, "Target population" in
its docstring.
"""
