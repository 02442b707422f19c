"""What every page stands in: its edge, forms, words, formats and layout."""
