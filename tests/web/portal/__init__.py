"""The pages of the portal, as a browser without JavaScript meets them."""
