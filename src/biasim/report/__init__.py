"""Report: stored tables -> text for the terminal.

In: a results folder, or rows that the engine returned. Out: rich renderables; nothing is computed
here that is not in a table.

To add a piece: a function from a folder or rows to renderables, called by the command that prints it.
"""
