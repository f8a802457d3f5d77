"""The page of the rules that uploads are held to, read from the calls that report them."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

from page_parts import SOURCE, table

PLACES: dict[str, tuple[int, int | None]] = {
    "_problem": (0, None),
    "metadata_problem": (0, 3),
    "rule_on": (1, 4),
    "refuse": (0, 2),
    "fail": (0, 2),
    "warn": (0, 2),
}
"""Where code and rule stand among the words of a call that reports; the remedy comes after the rule."""
PARTS = {
    "The request and the file's name": (
        "upload/claims.py",
        "upload/names.py",
        "spec/names.py",
        "spec/filenames.py",
        "spec/rules/filenames.py",
    ),
    "The metadata": ("spec/metadata*.py", "spec/rules/*.py", "upload/validate.py"),
    "The archive": ("spec/archives/*.py",),
}
USUAL_REMEDY = "Build the file again with a current build tool."


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as the page shows it."""

    code: str
    answer: str
    sentences: tuple[str, ...]
    remedy: str


def upload_rules_page() -> str:
    """Make the page of all rules about files."""
    parts = [
        "# Upload rules",
        "",
        "What a file is held to when it is uploaded or imported, with the code that the answer's `errors` carry.",
        "",
        "*refused*: the file is not published; *remarked*: it is, and the uploader is told; *policy*: one or the other or nothing, as the",
        "index's policy says in the first table. Archives are read alike under both. Words in braces are filled in.",
        "",
        "## By policy",
        "",
        "`CREAMERY_INDEX_POLICY` chooses the column.",
        "",
        _policies(),
    ]
    told: set[Path] = set()
    for title, patterns in PARTS.items():
        paths = [path for pattern in patterns for path in sorted(SOURCE.glob(pattern)) if path not in told]
        told.update(paths)
        rules = {(rule.code, rule.sentences): rule for path in paths for rule in _list_rules(path)}
        rows = sorted([f"`{r.code}`", r.answer, "<br>".join(r.sentences), r.remedy] for r in rules.values())
        parts += ["", f"## {title}", "", table(["code", "is", "rule", "remedy"], rows)]
    return "\n".join(parts)


def _policies() -> str:
    from creamery.spec.policy import POLICIES, Policy

    switches = [field.name for field in fields(Policy) if field.name != "name"]
    rows = [[s.replace("_", " "), *(getattr(policy, s) for policy in POLICIES.values())] for s in switches]
    return table(["what a file may have", *POLICIES], rows)


def _list_rules(path: Path) -> Iterator[Rule]:
    tree = ast.parse(path.read_text())
    module, told = _Names(tree.body), []
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        names, is_remark = _Names(ast.walk(function), module), "remark" in function.name
        found = [rule for call in ast.walk(function) if isinstance(call, ast.Call) for rule in _rules(call, names)]
        told += [replace(rule, answer="remarked") for rule in found] if is_remark else found
    known = {sentence for rule in told for sentence in (*rule.sentences, rule.remedy)}
    others = tuple(text for text in dict.fromkeys(_all_marked(tree)) if text not in known)
    if path.name == "metadata_rules.py":
        told = [rule for rule in told if rule.sentences]
        yield from _rules_of_fields()
    # A sentence that comes from elsewhere is one of those that the module has besides.
    yield from (rule if rule.sentences else replace(rule, sentences=others) for rule in told)


def _rules_of_fields() -> Iterator[Rule]:
    """Take the rules that stand in a table, one for each field."""
    from creamery.spec import metadata_fields, metadata_rules

    for field in metadata_fields.FIELDS:
        if field.attribute in metadata_rules._RULES:
            rule, remedy = metadata_rules._RULES[field.attribute]
            yield Rule(f"invalid-{field.header.lower()}", "refused", (rule,), remedy)


def _rules(call: ast.Call, names: "_Names") -> Iterator[Rule]:
    maker = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    by_name = {keyword.arg: keyword.value for keyword in call.keywords}
    if maker == "Problem" and (code := names.code(by_name["code"])) is not None:
        yield Rule(code, "refused", names.sentences(by_name["rule"]), " / ".join(names.sentences(by_name["remedy"])))
    if maker not in PLACES or len(call.args) < 3:
        return
    code_at, rule_at = PLACES[maker]
    code = names.code(call.args[code_at])
    if code is None or (rule_at is not None and len(call.args) <= rule_at):
        return
    if rule_at is None:
        rule_at = next(
            (at for at, word in enumerate(call.args) if at > code_at and names.sentences(word)), len(call.args) - 1
        )
    remedies = [text for word in call.args[rule_at + 1 :] for text in names.sentences(word)]
    answer = names.answer(call.args[0]) if maker == "rule_on" else "remarked" if maker == "warn" else "refused"
    remedy = USUAL_REMEDY if maker in {"refuse", "fail", "warn"} else "depends, and is said"
    yield Rule(code, answer, names.sentences(call.args[rule_at]), " / ".join(remedies) or remedy)


class _Names:
    """What names stand for at a line of a function, or else anywhere in its module."""

    def __init__(self, nodes: Iterable[ast.AST], above: "_Names | None" = None) -> None:
        self._above = above
        given = [(name, value.lineno, value) for node in nodes for name, value in _pairs(node)]
        self._given = sorted(given, key=lambda one: one[1])

    def look_up(self, node: ast.expr) -> ast.expr:
        """Give what a name was last given before it is used, and anything else as it is."""
        if not isinstance(node, ast.Name):
            return node
        given = [
            value
            for name, line, value in self._given
            if name == node.id and (self._above is None or line <= node.lineno)
        ]
        if given:
            return given[-1]
        return node if self._above is None else self._above.look_up(node)

    def sentences(self, node: ast.expr) -> tuple[str, ...]:
        """Give the sentence that an expression is, or those that it may be."""
        found = self.look_up(node)
        if isinstance(found, ast.IfExp):
            return (*self.sentences(found.body), *self.sentences(found.orelse))
        return _marked(found)

    def code(self, node: ast.expr) -> str | None:
        """Give a code; one that is put together has its changing part in angle brackets."""
        found = self.look_up(node)
        if isinstance(found, ast.JoinedStr):
            return "".join(str(p.value) if isinstance(p, ast.Constant) else "<field>" for p in found.values)
        if isinstance(found, ast.Constant) and re.fullmatch(r"[a-z][a-z0-9-]*", str(found.value)):
            return str(found.value)
        return None

    def answer(self, node: ast.expr) -> str:
        """Say what becomes of a file: by a constant, by a switch of the policy, or by the setting about popular names."""
        found = self.look_up(node)
        if isinstance(found, ast.IfExp):
            return " or ".join(dict.fromkeys([self.answer(found.body), self.answer(found.orelse)]))
        if isinstance(found, ast.Constant):
            return {"refuse": "refused", "warn": "remarked"}[str(found.value)]
        if isinstance(found, ast.Attribute):
            return f"policy: {found.attr.replace('_', ' ')}"
        return "`CREAMERY_TYPO_SQUATS`"


def _pairs(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """List the names that an assignment gives values to; what comes out of a table or a call is given as it is."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target.id, node.value
    if not isinstance(node, ast.Assign):
        return
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple):
        values = value.elts if isinstance(value, ast.Tuple) else [value] * len(target.elts)
        yield from ((t.id, v) for t, v in zip(target.elts, values, strict=True) if isinstance(t, ast.Name))


def _marked(node: ast.expr) -> tuple[str, ...]:
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "N_":
        return (str(ast.literal_eval(node.args[0])),)
    return ()


def _all_marked(tree: ast.Module) -> list[str]:
    return [text for node in ast.walk(tree) if isinstance(node, ast.Call) for text in _marked(node)]
