"""Kernels: arrays in, arrays out; no patient, no study.

In: numpy arrays of one row per patient or per interval. Out: frozen results with a status.
Each kernel has a numpy path that always works; `cox`, `logistic` and `matching` have compiled twins in C, built
where there is a compiler (`backend` says which is in use). Both paths agree to 1e-10.

To add one: a file here, tests by hand first; a compiled twin stands under the same property test.
"""
