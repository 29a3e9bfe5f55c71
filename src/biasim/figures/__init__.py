"""Figures: stored tables become pictures.

In:   the tables of one study, results/<study>/tables/*.csv (see `_tables.py`), and published figures from `evidence`.
Out:  results/<study>/figures: each figure as SVG, PDF and PNG with the CSV of the numbers under it, the same bytes on
      every run; captions and alternative text in captions.json. `draw.draw_all(folder)` draws what the tables support.
Add:  a file with a function of the figure's name, tables -> Drawing, sizes in mm through `style`; call it in draw.py.
"""
