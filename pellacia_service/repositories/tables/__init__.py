"""
The tables: one file for each subject, so that a command loads only those it reads.

`base.py` is what all share. A file imports those of the tables that its foreign keys name, and
`all_tables.py` imports every one: a new file needs its line there, or no migration will see it.

`scheduled_posts`, `post_analytics`, `platform_credentials` and `upload_history` are read by the
other phases of the press: their names and columns hold, further columns may be added. The rest is
our own. Times are given by the program's clock, in UTC.
"""
