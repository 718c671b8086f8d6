from __future__ import annotations

from pathlib import Path

import pytest
from training import write_config, write_lines, write_shop

from chat.encoding import PromptEncoder
from chat.prompt import UserContext, render
from chat.trie import LONGEST, TitleTrie
from finetune import examples
from finetune.config import ConfigError, read_config
from finetune.contexts import dialogue_moments, interaction_moments, listening_shop, mention_moments, told_moments
from finetune.data import DialogueRecord, InteractionRecord, MentionsRecord
from finetune.examples import TASKS, Example, ExampleEncoder, make_examples, slotted
from finetune.material import Material
from finetune.wishes import make_wishes
from retrieval.catalog import Catalog
from retrieval.types import Item


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def shop(folder):
    return listening_shop(Catalog.load(folder / "catalog.jsonl"))


@pytest.fixture(scope="module")
def encoder(tiny_model_dir):
    from transformers import AutoTokenizer

    return PromptEncoder(AutoTokenizer.from_pretrained(tiny_model_dir))


def config_of(folder: Path, tmp_path: Path, **changes):
    return read_config(write_config(tmp_path / "c.yaml", folder, Path("tiny"), **changes))


def test_every_task_makes_examples_and_none_stands_in_both_parts(folder, shop, tmp_path):
    made = make_examples(config_of(folder, tmp_path), shop)
    assert {e.task for e in made.train} == set(TASKS)
    assert made.valid
    assert {e.source for e in made.train}.isdisjoint(e.source for e in made.valid)
    assert all(e.completion.startswith(" ") and e.completion.strip() for e in (*made.train, *made.valid))


def test_titles_are_tokenised_as_the_serving_trie_tokenises_them(shop, encoder):
    odd = ["潜行者", "A" * 300, "<|im_end|> trap", "  spaced  out ", "Ends with space "]
    titles = [item.title for item in shop.index.catalog] + odd
    trie = TitleTrie(encoder.titles(titles), encoder.end_id)
    encode = ExampleEncoder(encoder)
    prompt = render(UserContext())
    for at, title in enumerate(titles):
        tokens = encode(Example(prompt, f" {title}", "history", (), "x"))
        assert list(tokens.completion) == trie.tokens(at).tolist()
        assert len(tokens.completion) <= LONGEST
        assert list(tokens.prompt) == encoder.prompt(prompt)


def test_prompts_are_rendered_from_what_the_serving_dialogue_understood(shop):
    record = DialogueRecord.model_validate(
        {
            "id": "1",
            "turns": [
                {"role": "user", "text": "I loved Quiet Runner, but nothing bleak"},
                {"role": "assistant", "text": "Then Slow Film.", "items": ["f18"]},
                {"role": "user", "text": "I hated Slow Film. Something before 1990?", "items": ["f18"]},
                {"role": "assistant", "text": "Blade Year or Slow Film?", "items": ["f03", "f18"]},
            ],
        }
    )
    first, second = dialogue_moments(record, shop)
    assert [i.title for i in first.context.liked] == ["Quiet Runner"]
    assert first.targets == (18,)
    assert [i.title for i in second.context.disliked] == ["Slow Film"]  # what the words say goes before the annotation
    assert any("1990" in limit for limit in second.context.limits)
    assert second.targets == (3,)
    assert second.offered == (3, 18)
    prompt = render(second.context).user
    assert "Dislikes: Slow Film" in prompt
    assert prompt.endswith("user: I hated Slow Film. Something before 1990?")


def test_the_next_prompt_of_a_dialogue_begins_as_the_last_did():
    said = [("user", "I loved Quiet Runner"), ("assistant", "Then Slow Film. " + "x" * 400), ("user", "Sadder?")]
    before, after = (render(UserContext(said=said[:n], wishes=["sad"]), style="dialogue").user for n in (1, 3))
    assert after.startswith(before.removesuffix("Wants: sad"))
    assert after.endswith("\nuser: Sadder?\nWants: sad")
    assert len(after) < 400
    long = [("user", "word " * 100)] * 10
    assert len(render(UserContext(said=long), style="dialogue").user) <= 1600
    assert render(UserContext(said=said)).user == "user: I loved Quiet Runner\nuser: Sadder?"


def test_what_the_person_names_is_foretold_from_what_was_said_before(shop):
    turns = [
        {"role": "user", "text": "I loved Quiet Runner", "items": ["f00"]},
        {"role": "assistant", "text": "Then Slow Film.", "items": ["f18"]},
        {"role": "user", "text": "Like Slow Film and Blade Year?", "items": ["f18", "f03"]},
        {"role": "user", "text": "Slow Film it is", "items": ["f18"]},
    ]
    record = DialogueRecord.model_validate({"id": "1", "turns": turns})
    [moment] = told_moments(record, shop)
    assert moment.targets == (3,)
    heard = render(moment.context, style="dialogue").user
    assert heard.startswith("user: I loved Quiet Runner\nassistant: Then Slow Film.\nLikes: Quiet Runner")
    [example] = TASKS["told"].make(Material(shop, told=[moment]))
    assert example.positions == (3,)
    assert example.source == "dialogue:1"


def test_items_that_only_the_annotation_knows_count_as_liked(shop):
    turns = [{"role": "user", "text": "that old one, you know", "items": ["f05"]}, {"role": "assistant", "text": "Hm."}]
    [moment] = dialogue_moments(DialogueRecord.model_validate({"id": "1", "turns": turns}), shop)
    assert [i.id for i in moment.context.liked] == ["f05"]
    assert moment.targets == ()


def test_mentions_and_interactions_become_histories(shop):
    catalog = shop.index.catalog
    turns = [
        {"role": "user", "items": ["f00"]},
        {"role": "assistant", "items": ["f01"], "liked": False},
        {"role": "assistant", "items": ["f00", "f02"]},
    ]
    [moment] = mention_moments(MentionsRecord.model_validate({"id": "1", "mentions": turns}), catalog)
    assert (moment.targets, [i.id for i in moment.context.liked]) == ((2,), ["f00"])
    assert [i.id for i in moment.context.disliked] == ["f01"]
    events = [("f02", 3, 5), ("f00", 1, 4), ("f01", 2, 1), ("f00", 4, 5)]
    records = [InteractionRecord(user_id="u", item_id=i, timestamp=t, rating=r) for i, t, r in events]
    [moment] = interaction_moments(records, catalog)
    assert (moment.targets, [i.id for i in moment.context.liked]) == ((2,), ["f00"])
    assert [i.id for i in moment.context.disliked] == ["f01"]


def test_what_was_seen_is_known_and_what_was_returned_disliked_and_neither_is_foretold(shop):
    def events(*rows):
        return [InteractionRecord(user_id="u", item_id=i, timestamp=t, event=e) for t, (i, e) in enumerate(rows)]

    catalog = shop.index.catalog
    told = events(("f00", "buy"), ("f01", "seen"), ("f02", "buy"), ("f02", "return"), ("f03", "seen"), ("f03", "order"))
    [moment] = interaction_moments(told, catalog)
    assert moment.targets == (3,)
    context = moment.context
    found = [[item.id for item in some] for some in (context.liked, context.seen, context.disliked)]
    assert found == [["f00"], ["f01"], ["f02"]]
    thumbs = [InteractionRecord(user_id="u", item_id=f"f0{n}", timestamp=n, rating=n % 2) for n in range(4)]
    assert not list(interaction_moments(thumbs, catalog))
    assert [m.targets for m in interaction_moments(thumbs, catalog, liked_from=1)] == [(3,)]


def test_every_answer_to_a_wish_has_the_facets_it_names(shop):
    catalog = shop.index.catalog
    wishes = list(make_wishes(catalog, 6, seed=0))
    assert len({w.source for w in wishes}) == len(wishes)
    for wish in wishes:
        for at in wish.answers:
            item = catalog[at]
            moods = [m for m in ("slow", "funny", "bleak", "warm") if m in wish.query.split()]
            genres = [g for g in ("drama", "comedy", "horror") if g in wish.query.split()]
            if "story told" not in wish.text:
                assert set(moods) <= set(item.attributes["moods"])
                assert set(genres) <= set(item.genres)
    assert [w.text for w in make_wishes(catalog, 6, seed=0)] == [w.text for w in wishes]


def test_an_answer_to_a_wish_is_of_the_kind_it_names():
    rows = [(f"{kind}{n}", kind) for kind in ("film", "book") for n in range(4)]
    catalog = Catalog([Item(i, i, kind=kind, genres=("horror",), attributes={"moods": ("slow",)}) for i, kind in rows])
    several = [wish for wish in make_wishes(catalog, 4, seed=0) if len(wish.answers) > 1]
    assert several
    for wish in several:
        assert len({catalog[at].kind for at in wish.answers}) == 1
        assert wish.query.endswith(catalog[wish.answers[0]].kind)


def test_some_of_what_was_understood_is_left_for_the_model_to_read(folder, shop, tmp_path):
    """The words stay; what is held for validation is told in full, so that runs can be compared."""

    def prompts(part, unread):
        config = config_of(folder, tmp_path, unread=unread)
        config = config.model_copy(update={"data": config.data.model_copy(update={"valid_share": 0.3})})
        made = make_examples(config, shop)
        wanted = [e for e in getattr(made, part) if e.task in ("conversation", "wish")]
        return {(e.source, e.completion): e.prompt.user for e in wanted}

    full, less = prompts("train", 0.0), prompts("train", 0.6)
    assert full.keys() == less.keys()
    changed = [key for key in full if full[key] != less[key]]
    assert changed
    assert sum("Wants:" in less[key] for key in full) < sum("Wants:" in full[key] for key in full)
    for key in changed:
        words = [line for line in full[key].splitlines() if not line.startswith("Wants:")]
        assert [line for line in less[key].splitlines() if not line.startswith("Wants:")] == words
    assert prompts("valid", 0.0) == prompts("valid", 0.6) != {}


def test_replies_have_slots_for_the_items():
    items = [Item("a", "Alien", year=1979), Item("b", "Aliens"), Item("c", "It", aliases=("Ça",))]
    assert slotted("Try Aliens or Alien (1979).\nOr ça!", items) == "Try [2] or [1]. Or [3]!"
    assert slotted("先看《Alien》（1979），其次《It》。", [items[0], items[2]]) == "先看[1]，其次[2]。"
    assert slotted("Try Alienation", items[:1]) is None


def test_replies_and_reasons_are_asked_for_with_their_items(folder, shop, tmp_path):
    made = make_examples(config_of(folder, tmp_path), shop)
    for task, beginning in (("reply", "Reply:"), ("why", "Why:")):
        example = next(e for e in made.train if e.task == task)
        item = shop.index.catalog[example.positions[0]]
        assert example.prompt.user.splitlines()[-1].startswith(f"Offer: [1] {item.title} (")
        assert example.prompt.answer == beginning


def test_left_out_items_are_in_no_example(folder, shop, tmp_path):
    (tmp_path / "out.txt").write_text("f03\nf18\n", encoding="utf-8")
    config = config_of(folder, tmp_path)
    config = config.model_copy(update={"data": config.data.model_copy(update={"leave_out": tmp_path / "out.txt"})})
    made = make_examples(config, shop)
    names = [shop.index.catalog[at].title for at in (3, 18)]
    for example in (*made.train, *made.valid):
        assert not {3, 18}.intersection(example.positions)
        assert not any(name in example.prompt.user or name in example.completion for name in names)
    (tmp_path / "out.txt").write_text("nobody\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="'nobody' is not in"):
        make_examples(config, shop)


def test_tasks_can_be_weighed_limited_and_left_out(folder, shop, tmp_path):
    tasks = {"text": {"weight": 0}, "wish": {"limit": 7}, "why": {"weight": 0.7}}
    made = make_examples(config_of(folder, tmp_path, tasks=tasks), shop)
    assert "text" not in {e.task for e in made.train}
    assert sum(e.task == "wish" for e in (*made.train, *made.valid)) == 7
    assert made.weights["why"] == 0.7
    with pytest.raises(ConfigError, match=r"tasks\.wishes: no such task; known are conversation"):
        make_examples(config_of(folder, tmp_path, tasks={"wishes": {}}), shop)
    with pytest.raises(ConfigError, match="nothing to train on"):
        make_examples(config_of(folder, tmp_path, tasks={name: {"weight": 0} for name in TASKS}), shop)


def test_validation_files_are_not_split_again(folder, shop, tmp_path):
    turns = [{"role": "user", "text": "Hi", "items": ["f00"]}, {"role": "assistant", "text": "x", "items": ["f01"]}]
    write_lines(tmp_path / "valid.jsonl", [{"id": "v", "turns": turns}])
    config = config_of(folder, tmp_path)
    data = config.data.model_copy(update={"valid_dialogues": (tmp_path / "valid.jsonl",), "valid_share": 0.9})
    made = make_examples(config.model_copy(update={"data": data}), shop)
    assert {e.source for e in made.valid if e.task == "conversation"} == {"dialogue:v"}
    assert len([e for e in made.train if e.task == "conversation"]) == 12


def test_the_printed_sample_shows_what_is_masked(folder, tiny_model_dir, tmp_path, capsys):
    config = write_config(tmp_path / "c.yaml", folder, tiny_model_dir)
    assert examples.main([str(config), "--show", "1"]) == 0
    out = capsys.readouterr().out
    assert "  masked │ <|im_start|>assistant\n  masked │ Title:\n  loss   │ ' " in out
    assert "<|im_end|>'" in out
    assert examples.main([str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml" in capsys.readouterr().err


def with_data(config, **changes):
    return config.model_copy(update={"data": config.data.model_copy(update=changes)})


def test_a_dialogue_and_its_mentions_stand_on_one_side(folder, shop, tmp_path):
    dialogues = [
        {"id": f"{n}", "turns": [{"role": "user", "text": "Hi", "items": ["f00"]},
                                 {"role": "assistant", "text": "x", "items": ["f01"]}]}
        for n in range(40)
    ]  # fmt: skip
    lists = [{"id": f"{n}", "mentions": [{"role": "user", "items": [i]} for i in ("f00", "f01")]} for n in range(40)]
    write_lines(tmp_path / "dialogues.jsonl", dialogues)
    write_lines(tmp_path / "mentions.jsonl", lists)
    files = {"dialogues": (tmp_path / "dialogues.jsonl",), "mentions": (tmp_path / "mentions.jsonl",), "next_item": ()}
    config = with_data(config_of(folder, tmp_path), **files, valid_share=0.5)
    made = make_examples(config, shop)
    train, valid = (
        {e.source.partition(":")[2] for e in part if e.source.startswith(("dialogue:", "mentions:"))}
        for part in (made.train, made.valid)
    )
    assert train
    assert valid
    assert train.isdisjoint(valid)
    given = with_data(config, valid_dialogues=(tmp_path / "dialogues.jsonl",), dialogues=(), valid_share=0.5)
    made = make_examples(given, shop)  # the lists of held-out dialogues are not divided a second time
    assert not [e for e in made.valid if e.source.startswith("mentions:")]


def test_a_reply_that_still_names_a_title_teaches_nothing(folder, shop, tmp_path):
    def turns(last):
        told = [{"role": "user", "text": "I loved Blade Runner", "items": ["f00"]}]
        return [*told, {"role": "assistant", "text": f"I'd start with Good Film.{last}", "items": ["f06"]}]

    rows = [{"id": "a", "turns": turns(" Slow Solaris and Quiet Year come next.")}, {"id": "b", "turns": turns("")}]
    write_lines(tmp_path / "dialogues.jsonl", rows)
    config = with_data(config_of(folder, tmp_path), dialogues=(tmp_path / "dialogues.jsonl",), valid_share=0.0)
    replies = [e for e in make_examples(config, shop).train if e.task == "reply"]
    assert [(e.source, e.completion) for e in replies] == [("dialogue:b", " I'd start with [1].")]


def test_a_task_that_is_only_limited_keeps_its_weight(folder, shop, tmp_path):
    made = make_examples(config_of(folder, tmp_path, tasks={"reply": {"limit": 3}, "why": {"weight": 1}}), shop)
    assert made.weights["reply"] == TASKS["reply"].weight < made.weights["why"] == 1


def test_a_limit_leaves_validation_files_the_same_mixture(folder, shop, tmp_path):
    data = {"valid_dialogues": (folder / "dialogues.jsonl",), "valid_share": 0.0}

    def counts(limit):
        tasks = {} if limit is None else {"conversation": {"limit": limit}}
        made = make_examples(with_data(config_of(folder, tmp_path, tasks=tasks), **data), shop)
        return [sum(e.task == "conversation" for e in part) for part in (made.train, made.valid)]

    assert counts(None) == [12, 12]
    assert counts(4) == [4, 4]
    assert counts(0) == [0, 0]


def test_what_two_files_tell_of_one_person_is_one_example(folder, shop, tmp_path):
    events = [{"user_id": "u", "item_id": f"f0{n}", "timestamp": n} for n in range(3)]
    chosen = [{"user": "u", "history": [f"f0{n}" for n in range(k)], "next": f"f0{k}"} for k in (1, 2)]
    write_lines(tmp_path / "interactions.jsonl", events)
    write_lines(tmp_path / "next-item.jsonl", chosen)
    files = {"interactions": (tmp_path / "interactions.jsonl",), "next_item": (tmp_path / "next-item.jsonl",)}
    made = make_examples(with_data(config_of(folder, tmp_path), **files, mentions=(), valid_share=0.0), shop)
    assert sorted(e.positions for e in made.train if e.task == "history") == [(1,), (2,)]


def test_long_texts_end_with_a_sentence_or_do_not_end(shop, tiny_model_dir):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model_dir)
    encode, prompt = ExampleEncoder(PromptEncoder(tokenizer)), render(UserContext())

    def written(text):
        return tokenizer.decode(encode(Example(prompt, text, "text", (), "x")).completion)

    assert written(" Short. And so on.") == " Short. And so on.<|im_end|>"
    assert encode.shortened == 0
    long = " One is told here." * 30
    assert written(long).endswith(" here.<|im_end|>")
    assert long.startswith(written(long).removesuffix("<|im_end|>"))
    endless = " word" * 300
    assert endless.startswith(written(endless))
    assert written(endless).endswith("word")
    chinese = written(" " + "好" * 300)
    assert "\ufffd" not in chinese
    assert chinese.endswith("好")
    assert encode.shortened == 5
