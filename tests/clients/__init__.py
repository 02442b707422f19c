"""Real clients that others wrote, as the how-to pages set them up."""
