"""Reports: what can be asked about many people or products, with which columns, and when by itself.

A report is described here once; the API, the command line, spreadsheets and the documentation are
made from the description, and `app/reports` has one source of rows for each.
"""
