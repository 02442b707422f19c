"""The platform: environments, apps, flows, security roles, and who may open what."""
