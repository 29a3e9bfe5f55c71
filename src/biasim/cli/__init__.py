"""The command line: one file per command.

In: words typed by the user. Out: text, files through the engine and the store, an exit code
(0 done, 1 an error meant for the user, 2 wrong usage, 130 interrupted).

To add a command: write `cli/<command>.py` with a function `<command>` and name it in `app.py`.
Anything heavy is imported inside the function, so that `biasim --help` stays quick.
"""
