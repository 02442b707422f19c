"""The REST surface: `/api/...`, problem+json, OpenAPI."""
