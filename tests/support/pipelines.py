"""What GitHub would run for an event: the workflows as they stand, their conditions and their variables."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
VARS = {"AWS_REGION": "us-east-1", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x"}
REPOSITORY = "acme/app"

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(&&|\|\||==|!=|[!(),])|([\w.-]+))")


@dataclass(frozen=True)
class Run:
    """A command line of a job, with the variables that it gets and the group that it waits in."""

    command: str
    env: dict[str, str]
    environment: str
    group: str


def workflow(name: str) -> dict[str, Any]:
    """A workflow's file. YAML 1.1 reads the key `on` as true."""
    document = yaml.safe_load((FOLDER / f"{name}.yml").read_text())
    return {("on" if key is True else key): value for key, value in document.items()}


def all_workflows() -> dict[str, dict[str, Any]]:
    return {path.stem: workflow(path.stem) for path in sorted(FOLDER.glob("*.yml"))}


def runs(name: str, context: dict[str, Any]) -> list[Run]:
    """The `run` steps that an event starts, in the order of the file."""
    document, found = workflow(name), list[Run]()
    common = filled(document.get("env", {}), context)
    for job in document["jobs"].values():
        if not evaluate(job.get("if", "true"), context):
            continue
        group = (job.get("concurrency") or document["concurrency"])["group"]
        for step in job["steps"]:
            if "run" in step and evaluate(step.get("if", "true"), context):
                env = common | filled(job.get("env", {}) | step.get("env", {}), context)
                found.append(Run(step["run"], env, fill(job["environment"], context), fill(group, context)))
    return found


def group_of(name: str, context: dict[str, Any]) -> str:
    """The group that a run of the workflow waits in as a whole, also where it starts no job."""
    return fill(workflow(name)["concurrency"]["group"], context)


def acting(context: dict[str, Any], **actors: str) -> dict[str, Any]:
    """The event with other accounts as `actor` or `triggering_actor`."""
    return context | {"github": context["github"] | actors}


def filled(variables: dict[str, str], context: dict[str, Any]) -> dict[str, str]:
    return {name: fill(value, context) for name, value in variables.items()}


def fill(text: str, context: dict[str, Any]) -> str:
    """Text with its `${{ … }}` evaluated."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(evaluate(found[1], context) or ""), text)


def evaluate(expression: str, context: dict[str, Any]) -> Any:
    """A GitHub expression, of the part of the language that the workflows use. Strings compare in any case."""
    text = expression.strip().removeprefix("${{").removesuffix("}}").strip()
    tokens, at = list[str](), 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        assert token, f"cannot read {text[at:]!r}"
        tokens.append(token[0].strip())
        at = token.end()
    return _Reader(tokens, context).either()


class _Reader:
    """Both sides of `&&` and `||` are evaluated, since nothing here has effects; the value is GitHub's."""

    def __init__(self, tokens: list[str], context: dict[str, Any]) -> None:
        self.tokens = tokens
        self.context = context

    def either(self) -> Any:
        return self._chain("||", self.both, lambda left, right: left or right)

    def both(self) -> Any:
        return self._chain("&&", self.compared, lambda left, right: left and right)

    def compared(self) -> Any:
        left = self.single()
        for operator, same in (("==", True), ("!=", False)):
            if self._take(operator):
                return (_plain(left) == _plain(self.single())) is same
        return left

    def single(self) -> Any:
        if self._take("!"):
            return not self.single()
        if self._take("("):
            value = self.either()
            assert self._take(")")
            return value
        token = self.tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self._take("("):
            return self._call(token)
        return token == "true" if token in ("true", "false") else self._look_up(token)

    def _call(self, function: str) -> Any:
        first = self.either()
        assert self._take(",")
        second = self.either()
        assert self._take(")")
        if function == "format":
            return first.replace("{0}", str(second))
        assert function == "startsWith"
        return (first or "").lower().startswith(second.lower())

    def _look_up(self, path: str) -> Any:
        value: Any = self.context
        for key in path.split("."):
            value = (value or {}).get(key)
        return value

    def _chain(self, operator: str, read: Callable[[], Any], join: Callable[[Any, Any], Any]) -> Any:
        value = read()
        while self._take(operator):
            value = join(value, read())
        return value

    def _take(self, token: str) -> bool:
        if not self.tokens or self.tokens[0] != token:
            return False
        self.tokens.pop(0)
        return True


def _plain(value: Any) -> Any:
    return (value or "").lower() if value is None or isinstance(value, str) else value


def event(name: str, ref: str, payload: dict[str, Any]) -> dict[str, Any]:
    """The contexts of an event; `ref` is the whole ref that GitHub runs the workflow on."""
    pull = payload.get("pull_request", {})
    github = {
        "event_name": name,
        "event": {"repository": {"default_branch": "main"}, **payload},
        "ref": ref,
        "ref_name": ref.removeprefix("refs/heads/").removeprefix("refs/tags/"),
        "head_ref": pull.get("head", {}).get("ref", ""),
        "base_ref": pull.get("base", {}).get("ref", ""),
        "repository": REPOSITORY,
        "token": "t0ken",
        "actor": "ann",
        "triggering_actor": "ann",
        "run_id": "101",
    }
    return {"github": github, "vars": VARS, "inputs": {}}


def pushed(branch: str) -> dict[str, Any]:
    return event("push", f"refs/heads/{branch}", {"ref": f"refs/heads/{branch}"})


def created(name: str, kind: str = "branch") -> dict[str, Any]:
    folder = {"branch": "heads", "tag": "tags"}[kind]
    return event("create", f"refs/{folder}/{name}", {"ref": name, "ref_type": kind})


def deleted(name: str, kind: str = "branch") -> dict[str, Any]:
    return event("delete", "refs/heads/main", {"ref": name, "ref_type": kind})


def pull_request(
    branch: str, *, source: str | None = REPOSITORY, base: str = "main", number: int = 7, author: str = "ann"
) -> dict[str, Any]:
    """`source` None: the fork was deleted."""
    head = {"ref": branch, "repo": source and {"full_name": source}}
    user = {"login": author, "type": "Bot" if author.endswith("[bot]") else "User"}
    pull = {"number": number, "head": head, "base": {"ref": base}, "user": user}
    return event("pull_request", f"refs/pull/{number}/merge", {"pull_request": pull})
