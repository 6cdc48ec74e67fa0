"""Single-line faults that a programmer could make, found in the syntax tree of a module."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

COMPARISONS = {  # realistic slips: the boundary, the direction, the opposite
    ast.Lt: ("<=", ">"),
    ast.LtE: ("<", ">="),
    ast.Gt: (">=", "<"),
    ast.GtE: (">", "<="),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
}
ARITHMETIC = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "*", ast.Mod: "+"}
OPPOSITES = {"min": "max", "minimum": "maximum", "argmin": "argmax", "amin": "amax", "any": "all", "floor": "ceil"}
OPPOSITES |= {opposite: name for name, opposite in OPPOSITES.items()}
DROPPED = {"sqrt", "abs", "square", "copy", "clone", "exp", "log"}  # calls without arguments that can be forgotten
IMMATERIAL = {"strict", "daemon", "timeout", "timeout_s", "maxsize"}  # keywords whose values change no result
LOCK = re.compile(r"lock|mutex|changed|condition", re.IGNORECASE)
UNTESTED = ("log", "logger", "logging", "warnings")  # calls whose arguments are words for people


@dataclass(frozen=True)
class Fault:
    """One line of a file, exchanged for another."""

    path: str  # relative to the root of the repository
    line: int  # 1-based
    old: str
    new: str
    kind: str
    test: str = ""  # that is to notice it, and runs before all others that cover the file

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.kind}: `{self.old.strip()}` -> `{self.new.strip()}`"


@dataclass(frozen=True)
class _Edit:
    line: int
    start: int  # columns in characters
    end: int
    text: str
    kind: str


def faults(path: str, source: str) -> list[Fault]:
    """Return all faults of a module that still compile, in order of line; source is the module's text."""
    lines = source.splitlines()
    found = []
    for edit in sorted(set(_edits(ast.parse(source), source)), key=lambda e: (e.line, e.start, e.end, e.text)):
        old = lines[edit.line - 1]
        new = old[: edit.start] + edit.text + old[edit.end :]
        changed = [*lines[: edit.line - 1], new, *lines[edit.line :]]
        if new != old and _compiles("\n".join(changed)):
            found.append(Fault(path, edit.line, old, new, edit.kind))
    return found


def _compiles(source: str) -> bool:
    try:
        compile(source, "fault", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _edits(tree: ast.Module, source: str) -> Iterator[_Edit]:
    """Edits of every node that has effects tests can see: no annotations, decorators, texts or error messages."""

    def walk(node: ast.AST) -> Iterator[_Edit]:
        if isinstance(node, ast.Raise) or _is_logging(node):
            return
        if isinstance(node, ast.Constant):
            yield from _constant(node, edit, kinds.get(node, "constant"))
        for make in _OPERATORS.get(type(node), ()):
            yield from make(node, edit)
        if isinstance(node, ast.keyword) and node.arg in IMMATERIAL:
            return
        skipped = {"annotation", "returns", "decorator_list", "type_params"}
        for name, value in ast.iter_fields(node):
            if name not in skipped:
                for child in value if isinstance(value, list) else [value]:
                    if isinstance(child, ast.AST):
                        yield from walk(child)

    lines, kinds = source.splitlines(), _kinds(tree)

    def edit(first: Node, last: Node, text: str, kind: str, between: bool = False) -> Iterator[_Edit]:
        """Replace the text from node to node, or only what stands between them; nothing where it spans lines."""
        row, start = (first.end_lineno, first.end_col_offset) if between else (first.lineno, first.col_offset)
        end_row, end = (last.lineno, last.col_offset) if between else (last.end_lineno, last.end_col_offset)
        if row is not None and row == end_row:
            raw = lines[row - 1].encode()
            start, end = len(raw[:start].decode()), len(raw[:end].decode())
            if between:  # brackets that close and open there stay
                middle = lines[row - 1][start:end]
                closing = middle[: len(middle) - len(middle.lstrip(") "))]
                opening = middle[len(middle.rstrip("( ")) :]
                text = f"{closing.rstrip()} {text} {opening.lstrip()}"
            yield _Edit(row, start, end, text, kind)

    yield from walk(tree)


Node = ast.expr | ast.stmt
Edit = Callable[..., Iterator[_Edit]]


def _is_logging(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    root = node.func
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id.lower() in UNTESTED


def _compare(node: ast.Compare, edit: Edit) -> Iterator[_Edit]:
    sides = [node.left, *node.comparators]
    for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
        for text in COMPARISONS[type(operator)]:
            yield from edit(left, right, text, "comparison", between=True)


def _arithmetic(node: ast.BinOp, edit: Edit) -> Iterator[_Edit]:
    if type(node.op) in ARITHMETIC and not _is_text(node.left) and not _is_text(node.right):
        yield from edit(node.left, node.right, ARITHMETIC[type(node.op)], "arithmetic", between=True)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _kinds(tree: ast.Module) -> dict[ast.AST, str]:
    """Which constants are settings (of a module or class) or defaults of arguments: a slip of one would be no fault."""
    kinds: dict[ast.AST, str] = {}
    for node in ast.walk(tree):
        values: list[ast.AST | None] = []
        if isinstance(node, ast.Module | ast.ClassDef):
            values = [s.value for s in node.body if isinstance(s, ast.Assign | ast.AnnAssign)]
        elif isinstance(node, ast.FunctionDef):
            values = [*node.args.defaults, *node.args.kw_defaults]
        kind = "default" if isinstance(node, ast.FunctionDef) else "setting"
        kinds |= {part: kind for value in values if value is not None for part in ast.walk(value)}
    return kinds


def _constant(node: ast.Constant, edit: Edit, kind: str) -> Iterator[_Edit]:
    value = node.value
    if isinstance(value, bool):
        yield from edit(node, node, str(not value), kind)
    elif isinstance(value, int | float) and kind != "constant":
        yield from edit(node, node, repr(2 * value if value else value + 1), kind)
    elif isinstance(value, int):
        yield from edit(node, node, str(value + 1), kind)
        if value > 0:
            yield from edit(node, node, str(value - 1), kind)
    elif isinstance(value, float):
        yield from edit(node, node, repr(value * 1.25 if value else 0.1), kind)


def _boolean(node: ast.BoolOp, edit: Edit) -> Iterator[_Edit]:
    word = "or" if isinstance(node.op, ast.And) else "and"
    for left, right in zip(node.values, node.values[1:], strict=False):
        yield from edit(left, right, word, "and/or", between=True)
    if len({value.lineno for value in node.values} | {node.values[-1].end_lineno}) == 1:
        for i in range(len(node.values)):
            rest = [ast.unparse(value) for j, value in enumerate(node.values) if j != i]
            joined = f" {'and' if word == 'or' else 'or'} ".join(f"({text})" for text in rest)
            yield from edit(node, node, f"({joined})", "condition removed")


def _condition(node: ast.If | ast.While | ast.IfExp, edit: Edit) -> Iterator[_Edit]:
    if not isinstance(node, ast.While):
        yield from edit(node.test, node.test, "False", "condition removed")
    if isinstance(node, ast.IfExp):
        yield from edit(node.test, node.test, "True", "condition removed")


def _unary(node: ast.UnaryOp, edit: Edit) -> Iterator[_Edit]:
    if isinstance(node.op, ast.Not | ast.USub) and not isinstance(node.operand, ast.Constant):
        kind = "sign" if isinstance(node.op, ast.USub) else "condition removed"
        yield from edit(node, node, ast.unparse(node.operand), kind)


def _return(node: ast.Return, edit: Edit) -> Iterator[_Edit]:
    value = node.value
    if isinstance(value, ast.Tuple) and len(value.elts) > 1:
        swapped = [value.elts[1], value.elts[0], *value.elts[2:]]
        yield from edit(value, value, ", ".join(map(ast.unparse, swapped)), "another value returned")
    elif isinstance(value, ast.Call) and value.args and isinstance(value.args[0], ast.Name):
        yield from edit(value, value, value.args[0].id, "another value returned")


def _returned_name(node: ast.FunctionDef, edit: Edit) -> Iterator[_Edit]:
    """`return x` becomes the return of the function's first argument that is not x."""
    arguments = [a.arg for a in (*node.args.args, *node.args.kwonlyargs) if a.arg not in ("self", "cls")]
    for statement in ast.walk(node):
        if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Name):
            for other in [name for name in arguments if name != statement.value.id][:1]:
                yield from edit(statement.value, statement.value, other, "another value returned")


def _lock(node: ast.With, edit: Edit) -> Iterator[_Edit]:
    """`with self._lock:` becomes `if True:`; only the words before the colon change."""
    context = node.items[0].context_expr
    if len(node.items) == 1 and not isinstance(context, ast.Call) and LOCK.search(ast.unparse(context)):
        statement = ast.copy_location(ast.Pass(), node)
        statement.end_lineno, statement.end_col_offset = context.end_lineno, context.end_col_offset
        yield from edit(statement, statement, "if True", "lock removed")


def _call(node: ast.Call, edit: Edit) -> Iterator[_Edit]:
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in OPPOSITES:
        changed = ast.unparse(function)[: -len(name)] + OPPOSITES[name]
        yield from edit(function, function, changed, "opposite function")
    if name == "sorted":
        yield from edit(node, node, f"{ast.unparse(node)[:-1]}, reverse=True)", "sort order")
    if isinstance(function, ast.Attribute) and name in DROPPED and not node.args and not node.keywords:
        yield from edit(node, node, ast.unparse(function.value), "call removed")
    short = [a.id for a in node.args[:2] if isinstance(a, ast.Name) and len(a.id) <= 2]
    if len(short) == 2:
        yield from edit(node.args[0], node.args[1], f"{short[1]}, {short[0]}", "arguments swapped")


_OPERATORS: dict[type[ast.AST], tuple[Callable[..., Iterator[_Edit]], ...]] = {
    ast.FunctionDef: (_returned_name,),
    ast.Compare: (_compare,),
    ast.BinOp: (_arithmetic,),
    ast.BoolOp: (_boolean,),
    ast.If: (_condition,),
    ast.IfExp: (_condition,),
    ast.UnaryOp: (_unary,),
    ast.Return: (_return,),
    ast.With: (_lock,),
    ast.Call: (_call,),
}
