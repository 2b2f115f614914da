"""The comment on a pull request, from facts to Markdown.

`github_event` finds the pull request, `facts` is what a comment is made of, `comment` puts its sections together:
`changes_section`, `cost_section`, `warnings_section`. `markdown` escapes and cuts, `redact` removes secrets."""
