"""Files: the only room that writes results.

In: columns (name -> array) and rows of text. Out: shards of replicates (Parquet, through DuckDB), tables
(CSV, 12 significant digits), a manifest (JSON), all under results/<study>/ as laid out in `folder.py`.
Every file is written whole under a temporary name, flushed to disk and renamed (`whole.py`): what exists
is complete, whatever killed the writer.

To add a table: give `tables.write_table` its columns, and `Folder` a place for it if it is not under tables/.
"""
