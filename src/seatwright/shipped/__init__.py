"""The catalogue that comes with seatwright: data files, their reader, and Microsoft's own table.

Ids, part numbers and which service plan is in which SKU are facts of Microsoft's public table.
Every name is typed by us; the table itself is never part of this project.
"""
