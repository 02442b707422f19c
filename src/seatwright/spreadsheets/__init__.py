"""Spreadsheets: tables written as XLSX, safe to open, in memory that does not grow with them."""
