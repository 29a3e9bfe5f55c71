"""Who is meant for surgery, and when: (patients, course, rng, *, ...) -> Treatment.

The wait is a plan, kept only by those alive and under follow-up; inf means never. `_choice.py` holds
the logistic choice. A decision may use the response only where its date lies after the evaluation.
To add one: a file here, a function of the same name.
"""
