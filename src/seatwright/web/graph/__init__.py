"""The Graph surface: `/v1.0` and `/beta` as Microsoft Graph's clients speak them.

How to add a resource:

1. A module of this package named after the noun, with one function a route::

       @route("GET", "users/{user}/licenseDetails", needs=Permission.READ_LICENSES, accepts=(...))
       async def list_license_details(request: GraphRequest) -> Answer:
           ...
           return request.collection(rows, "users('…')/licenseDetails", next_link=...)

   `needs` is what the caller's roles must permit (one of several, if it is a tuple), `accepts` the
   Graph permissions of which a client made with `--permission` must have one, least privileged
   first. `{user}` takes any segment; it arrives decoded in `request.keys["user"]`. Literal segments
   match in any case and win over `{…}`: declare `users/$count`, `users/delta`,
   `groups/{group}/members/{member}/$ref`, `groups/{group}/members/microsoft.graph.user` as they
   are. Keys in parentheses, `delta()`, `microsoft.graph.delta`, doubled slashes and
   percent-encoding are gone by then (`paths.py`). `versions=(BETA,)` for beta only.
2. Export a tuple of the routes, and add it to `routes.py`. The table of permissions in the docs
   and the role tests take them from there.
3. `request.call` is the `Call` that use cases take. The edge opened its transaction and commits it
   when the answer is below 400 and the method is not GET; a route never does.
4. `request.option("$select")` reads options (named in lower case, with `$`); refuse those that are
   not for the resource with `request.refuse_options(...)`. `request.json()` is the body with its
   names in lower case, without `@odata.*` members; `...@odata.bind` stays.
5. Answers: `request.entity(shape, "users/$entity")`, `request.collection(rows, "users",
   next_link=request.next_link(token))`, `json_answer`, `no_content()`, `text_answer`. Context and
   links are on the origin that the caller used. Shapes are dicts or msgspec Structs; ids and times
   may be `UUID` and aware `datetime` in UTC.
6. Refuse with a `Refusal`: `envelope.error_of` gives it Graph's status, code and the message that
   its clients match, and puts our code and sentences into `details`. For what only Graph knows:
   `bad_request(...)`, `unsupported_query(...)`, `resource_missing(key)`, or a `GraphError`.

The surface is a router of its own and no Litestar application:
`docs/decisions/0014-a-router-for-graph.md` says why.
"""
