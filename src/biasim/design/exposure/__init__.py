"""Whom the investigator calls exposed: (cohort, time_zero, rng, *, ...) -> Exposure or ExposureOverTime.

The return annotation tells the grammar which methods fit: `Exposure` is fixed for the whole of
follow-up, `ExposureOverTime` begins at `decided`.
To add one: a file here, a function of the same name, "Where the bias comes from" in its docstring.
"""
