"""Whom the investigator calls exposed: (cohort, time_zero, rng, *, ...) -> Exposure or ExposureOverTime.

An exposure counts only if `decided` (inf when never) comes before her observation ends: `observe` sees to it. Of the
unexposed, `decided` is the month in which that was settled: the end of time for who might still be operated (inf).
The return annotation tells the grammar which methods fit: `Exposure` is fixed for the whole of
follow-up, `ExposureOverTime` begins at `decided`.
To add one: a file here, a function of the same name, "Where the bias comes from" in its docstring.
"""
