"""What Graph asks of the directory and of licenses that no other surface asks in that form."""
