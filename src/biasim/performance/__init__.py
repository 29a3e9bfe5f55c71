"""Performance measures: (estimates, truth, *, ...) -> Value, each with its Monte Carlo standard error.

Formulas are those of table 6 of Morris, White and Crowther 2019 (doi 10.1002/sim.8086); where the
truth itself carries a Monte Carlo error, bias and coverage add it. A value that cannot be computed
from so few replicates is nan with an error of nan. `_precision.py` turns a wanted error into a
number of replicates.

To add one: a file here, a function of the same name, "Formula" in its docstring.
"""
