"""The true effect of surgery: (patients, *, ...) -> Effect.

Phases counted from surgery, a log hazard ratio for each patient and phase; 0 is no effect.
To add one: a file here, a function of the same name. No draws: the truth is not random.
"""
