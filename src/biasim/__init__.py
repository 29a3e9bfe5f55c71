"""How much survival benefit can an observational study report when there is none?"""

__version__ = "0.1.0"
