"""The rules of licensing as pure functions of values: no socket, clock, disk or chance in here."""
