"""The page of the management API, from its OpenAPI document."""

from page_parts import table


def api_page() -> str:
    """Make the page of what the management API does."""
    from creamery.web.api.docs import list_operations
    from creamery.web.api.views import api

    operations = list(list_operations(api.get_openapi_schema(), "https://idx.example"))
    rows = [[f"`{one.method} {one.path}`", one.summary, one.text] for one in operations]
    answers = [f"## {one.summary}\n\n    {one.command}\n\n```json\n{one.answer}\n```" for one in operations]
    return f"""# Management API

For programs that look after projects, with an API token; every index shows the same at `/api/v1/docs`, and as an OpenAPI document at `/api/v1/openapi.json`.

Sizes are in bytes, moments in UTC; a limit of 0 is none. What is refused is answered with problem details (RFC 9457) as
[refusals](refusals.md) has them, with the content type `application/problem+json`. What a token may do: [permissions](permissions.md).

{table(["request", "what", ""], rows)}

{chr(10).join(f"{answer}{chr(10)}" for answer in answers)}"""
