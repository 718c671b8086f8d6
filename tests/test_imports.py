"""The import rule of the design, read from the source, and what a plain import may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {"retrieval": {"retrieval"}, "chat": {"chat", "retrieval"}, "finetune": {"finetune", "chat", "retrieval"}}
OURS = {"retrieval", "chat", "finetune", "app", "tests", "benchmarks"}
SERVING = {  # nothing that training needs
    "chat.assistant", "chat.bodies", "chat.callers", "chat.database", "chat.embedding", "chat.export", "chat.hardening",
    "chat.keeping", "chat.limits", "chat.logs", "chat.mcp", "chat.memory_api", "chat.openai_api", "chat.sql_store",
    "chat.problems", "chat.reference", "chat.server", "chat.stateless", "chat.store", "chat.telemetry", "chat.ui",
    "chat.views",
}  # fmt: skip
LEAVES = {"retrieval/types.py": set(), "retrieval/errors.py": set(), "retrieval/text.py": set()}


def imports(path: Path, top_level: bool = False) -> set[str]:
    """Return the full names of the modules a file imports, relative ones resolved."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = path.relative_to(ROOT).parts[:-1]
    found: set[str] = set()
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            found.add(module)
            if (ROOT / module).is_dir():  # "from chat import facts" imports a module
                found.update(f"{module}.{alias.name}" for alias in node.names)
    return found


def sources():
    return [
        pytest.param(package, path, id=str(path.relative_to(ROOT)))
        for package in MAY_IMPORT
        for path in sorted((ROOT / package).rglob("*.py"))
    ]


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(("package", "path"), sources())
def test_imports_point_one_way(package, path):
    ours = {name.split(".")[0] for name in imports(path)} & OURS
    assert ours <= MAY_IMPORT[package]


def test_training_does_not_import_the_serving_side():
    used = set().union(*(imports(path) for path in (ROOT / "finetune").rglob("*.py")))
    assert used & SERVING == set()


@pytest.mark.parametrize("name", LEAVES)
def test_leaves_import_nothing_of_ours(name):
    assert {n for n in imports(ROOT / name) if n.split(".")[0] in OURS} == LEAVES[name]


def test_no_cycle_between_modules():
    files = {".".join(p.values[1].relative_to(ROOT).with_suffix("").parts): p.values[1] for p in sources()}
    graph = {name: {n for n in imports(path, top_level=True) if n in files} for name, path in files.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join([*trail[trail.index(name) :], name])
        if name not in done:
            for other in graph[name]:
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())
    assert len(done) > 20


def test_the_rule_can_fail(tmp_path):
    path = ROOT / "retrieval" / "example.py"  # never written: only its place matters
    tree = tmp_path / "example.py"
    tree.write_text("from chat.state import Limit\nimport finetune.train\n")

    class Placed(type(path)):
        def read_text(self, **_):
            return tree.read_text()

    assert imports(Placed(path)) == {"chat.state", "finetune.train"}


@pytest.mark.parametrize("module", ["retrieval", "chat", "retrieval.catalog", "retrieval.index", "chat.dialogue",
                                    "chat.assistant", "chat.server"])  # fmt: skip
def test_plain_imports_load_no_model_library(module):
    heavy = {"torch", "transformers", "sentence_transformers", "peft"}
    assert loaded_by(f"import {module}") & heavy == set()


def test_the_python_interface_of_the_design():
    assert "chat.assistant" in loaded_by("from chat import Assistant")
