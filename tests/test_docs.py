"""What the pages of docs/ tell people to write and run is so: options, links, rules, code, the container's files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from app import arguments
from chat.rules import Rulebook, Situation, load_rules
from tests.shops import marquee

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(name, language):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target, _, anchor in (link.partition("#") for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text)):
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings], anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_of_the_server_exist(page):
    known = {option for action in arguments()._actions for option in action.option_strings}
    for line in re.findall(r"app\.py.*", page.read_text(encoding="utf-8")):
        assert set(re.findall(r"(?<=\s)--[a-z-]+", line)) <= known, line


def test_the_rules_of_the_shops_page(tmp_path):
    (text,) = blocks("shop.md", "yaml")
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    assert [rule.action for rule in load_rules(path)] == ["boost", "pin", "never"]
    rulebook = Rulebook(path)
    assert len(rulebook.placed(marquee().index, Situation("I bake")).pins) == 1
    assert len(rulebook.hidden(marquee().index)) == 1


@pytest.mark.models
def test_the_code_of_the_developers_page(monkeypatch, capsys):
    (code,) = blocks("developer.md", "python")
    monkeypatch.chdir(ROOT)
    exec(compile(code, "developer.md", "exec"), {})
    said = capsys.readouterr().out
    assert "Citation(" in said
    assert said.count("\n") >= 4


class TestContainer:
    def test_what_is_copied_is_let_in(self):
        allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
        assert all((ROOT / name).exists() for name in allowed)
        assert {"app.py", "chat", "retrieval", "data", "requirements.txt", "requirements-models.txt"} <= set(allowed)

    def test_compose_has_no_default_for_a_secret(self):
        text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
        services = yaml.safe_load(text)["services"]
        secrets = [
            value
            for service in services.values()
            for name, value in service["environment"].items()
            if name.endswith(("SECRET", "PASSWORD"))
        ]
        assert len(secrets) == 3
        assert all(re.fullmatch(r"\$\{\w+:\?.+\}", value) for value in secrets)

    def test_the_servers_options_in_the_container_exist(self):
        known = {option for action in arguments()._actions for option in action.option_strings}
        used = re.search(r"^ENTRYPOINT (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1]
        command = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["app"]["command"]
        assert {part for part in [*yaml.safe_load(used), *command] if part.startswith("--")} <= known
