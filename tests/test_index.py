"""Generations on disk: what is reused, what is encoded, and that nothing damaged is ever used."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from retrieval import generations as generations_module
from retrieval import index as index_module
from retrieval.catalog import Catalog, CatalogError
from retrieval.constraints import Facets
from retrieval.encoder import SentenceEncoder, item_text, text_digest
from retrieval.errors import GenerationError
from retrieval.generations import GenerationStore
from retrieval.index import EditedFacets, make_index, open_index
from retrieval.scoring import top_k
from retrieval.types import Item, Query
from tests.fakes import BagEncoder

ROWS = [{"id": f"i{at}", "title": f"Title {at}", "genres": ["drama"], "description": f"word{at}"} for at in range(6)]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def catalog_path(tmp_path):
    path = tmp_path / "catalog.jsonl"
    write(path, ROWS)
    return path


@pytest.fixture
def opened(catalog_path, tmp_path):
    """Open the index with a fresh encoder; returns it and the texts that were encoded to build it."""

    def opened(**options):
        encoder = BagEncoder(**options)
        index = open_index(catalog_path, encoder, cache=tmp_path / "cache")
        return index, encoder.texts

    return opened


@pytest.fixture
def store(catalog_path, tmp_path):
    return GenerationStore.of(catalog_path, tmp_path / "cache")


def generations(store):
    return sorted(path.name for path in store.folder.glob("gen-*"))


def fits(index):
    expected = BagEncoder().encode([item_text(item) for item in index.catalog.items])
    np.testing.assert_allclose(index.embeddings, expected, atol=1e-6)
    return True


class TestReuse:
    def test_builds_once_and_then_loads(self, opened, store):
        index, texts = opened()
        assert (len(texts), index.encoded, len(index)) == (6, 6, 6)
        assert index.generation == store.folder / "gen-000001"
        again, texts = opened()
        assert (texts, again.encoded) == ([], 0)
        assert again.generation == index.generation
        assert fits(again)
        assert list(again.retrievers) == ["dense", "latest", "bm25", "popularity", "facets"]

    def test_an_edit_encodes_the_changed_row_only(self, opened, catalog_path, store):
        opened()
        write(catalog_path, [*ROWS[:2], {**ROWS[2], "description": "other"}, *ROWS[3:], {"id": "n", "title": "New"}])
        index, texts = opened()
        assert sorted(texts) == ["New", "Title 2. drama. other"]
        assert fits(index)
        assert generations(store) == ["gen-000001", "gen-000002"]

    @pytest.mark.parametrize("field", ["price", "in_stock", "url"])
    def test_what_is_not_searched_costs_nothing(self, opened, catalog_path, store, field):
        opened()
        value = {"price": 3.5, "in_stock": False, "url": "https://example.org"}[field]
        write(catalog_path, [{**ROWS[0], field: value}, *ROWS[1:]])
        index, texts = opened()
        assert texts == []
        assert getattr(index.catalog.items[0], field) == value
        assert generations(store) == ["gen-000001"]

    def test_row_order_ids_and_removals_encode_nothing(self, opened, catalog_path):
        opened()
        write(catalog_path, [{**ROWS[5], "id": "renamed"}, *ROWS[4:0:-1]])
        index, texts = opened()
        assert texts == []
        assert [item.id for item in index.catalog.items] == ["renamed", "i4", "i3", "i2", "i1"]
        assert fits(index)

    def test_equal_texts_are_encoded_once_and_stay_two_items(self, opened, catalog_path):
        write(catalog_path, [{"id": "a", "title": "Twin"}, {"id": "b", "title": "Twin"}, {"id": "c", "title": "Other"}])
        index, texts = opened()
        assert sorted(texts) == ["Other", "Twin"]
        assert top_k(index.retrievers["dense"].scores(Query(text="twin")), 2).positions.tolist() == [0, 1]

    def test_a_renamed_title_is_found_by_the_new_one(self, opened, catalog_path):
        opened()
        write(catalog_path, [{**ROWS[0], "title": "Solaris"}, *ROWS[1:]])
        index, texts = opened()
        assert len(texts) == 1
        for name in ("dense", "bm25"):
            assert index.retrievers[name].scores(Query(text="solaris")).argmax() == 0

    def test_another_encoder_builds_again(self, opened):
        opened()
        index, texts = opened(name="other", dimension=32)
        assert len(texts) == 6
        assert index.embeddings.shape == (6, 32)

    def test_keeps_the_last_two_generations(self, opened, catalog_path, store):
        for version in range(4):
            write(catalog_path, [{**ROWS[0], "title": f"Version {version}"}, *ROWS[1:]])
            opened()
        assert generations(store) == ["gen-000003", "gen-000004"]

    def test_two_catalogues_of_one_name_do_not_meet(self, tmp_path):
        assert (
            GenerationStore.of(tmp_path / "a" / "c.csv").folder != GenerationStore.of(tmp_path / "b" / "c.csv").folder
        )

    def test_previous_index_in_memory_is_reused(self):
        encoder = BagEncoder()
        before = make_index(Catalog([Item(id=str(at), title=f"T{at}") for at in range(5)]), encoder)
        encoder.texts.clear()
        edited = [*before.catalog.items[1:], Item(id="0", title="T0", price=2.0), Item(id="9", title="Nine")]
        after = make_index(Catalog(edited), encoder, previous=before)
        assert encoder.texts == ["Nine"]
        assert fits(after)
        assert top_k(after.retrievers["bm25"].scores(Query(text="t0")), 1).positions.tolist() == [4]


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    data = bytearray(path.read_bytes())
    data[-5] ^= 0xFF
    path.write_bytes(data)


DAMAGE = {
    "truncated embeddings": lambda store, gen: cut(gen / "embeddings.npy"),
    "a flipped bit": lambda store, gen: flip(gen / "embeddings.npy"),
    "no embeddings": lambda store, gen: (gen / "embeddings.npy").unlink(),
    "no marker": lambda store, gen: (gen / "COMPLETE").unlink(),
    "truncated rows": lambda store, gen: cut(gen / "rows.json"),
    "truncated meta": lambda store, gen: cut(gen / "meta.json"),
    "meta of another kind": lambda store, gen: (gen / "meta.json").write_text("[1, 2]"),
    "no generation": lambda store, gen: gen.rename(gen.with_name("elsewhere")),
    "empty pointer": lambda store, gen: (store.folder / "CURRENT").write_text(""),
    "binary pointer": lambda store, gen: (store.folder / "CURRENT").write_bytes(b"\xff\xfe\x00"),
    "pointer elsewhere": lambda store, gen: (store.folder / "CURRENT").write_text("../../gen-000001"),
}


class TestDamage:
    @pytest.mark.parametrize("kind", DAMAGE)
    def test_is_detected_logged_and_built_again(self, opened, store, kind, caplog):
        opened()
        DAMAGE[kind](store, store.folder / "gen-000001")
        with caplog.at_level(logging.WARNING):
            index, texts = opened()
        if kind != "pointer elsewhere":  # only the name counts, so this one is harmless
            assert len(texts) == 6
            assert "building again" in caplog.text
        assert fits(index)
        assert opened()[1] == []

    def test_remains_of_a_killed_build_are_cleared(self, opened, store):
        opened()
        remains = store.folder / ".gen-000002.killed.part"
        remains.mkdir()
        (remains / "embeddings.npy").write_bytes(b"half")
        (store.folder / "CURRENT").unlink()
        assert fits(opened()[0])
        assert not remains.exists()

    def test_an_interrupted_build_goes_on(self, catalog_path, tmp_path, store, monkeypatch):
        monkeypatch.setattr(index_module, "CHUNK", 2)

        class Killed(BagEncoder):
            def encode(self, texts):
                if len(self.texts) >= 4:
                    raise KeyboardInterrupt
                return super().encode(texts)

        with pytest.raises(KeyboardInterrupt):
            open_index(catalog_path, Killed(), cache=tmp_path / "cache")
        assert len(list((store.folder / "partial").glob("*.npz"))) == 2
        (store.folder / "partial" / "zz.npz").write_bytes(b"not a chunk")
        encoder, seen = BagEncoder(), []
        index = open_index(
            catalog_path, encoder, cache=tmp_path / "cache", progress=lambda done, total: seen.append((done, total))
        )
        assert len(encoder.texts) == 2
        assert seen[-1] == (2, 2)
        assert fits(index)
        assert not (store.folder / "partial").exists()

    def test_a_killed_process_leaves_nothing_that_is_loaded(self, catalog_path, tmp_path, opened):
        script = (
            "import os, sys; from retrieval import generations, index; from tests.fakes import BagEncoder\n"
            "generations._read_generation = lambda folder: os._exit(9)\n"  # dies between writing and the pointer
            "index.open_index(sys.argv[1], BagEncoder(), cache=index.Path(sys.argv[2]))"
        )
        died = subprocess.run([sys.executable, "-c", script, str(catalog_path), str(tmp_path / "cache")], check=False)
        assert died.returncode == 9
        index, texts = opened()
        assert len(texts) == 6
        assert fits(index)


class TestWithoutDisk:
    def test_a_cache_that_cannot_be_written_means_memory(self, catalog_path, tmp_path, caplog):
        (tmp_path / "cache").write_text("a file where the folder should be")
        with caplog.at_level(logging.WARNING):
            index = open_index(catalog_path, BagEncoder(), cache=tmp_path / "cache")
        assert index.generation is None
        assert "stays in memory" in caplog.text
        assert fits(index)

    def test_a_full_disk_means_memory(self, catalog_path, tmp_path, monkeypatch, store, caplog):
        def full(*arguments, **options):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(generations_module.np, "save", full)
        index = open_index(catalog_path, BagEncoder(), cache=tmp_path / "cache")
        assert index.generation is None
        assert "No space left" in caplog.text
        assert not list(store.folder.glob("*.part"))


class TestErrors:
    @pytest.mark.parametrize("bad", [np.nan, 0.0, 2.0])
    def test_vectors_that_cannot_be_used(self, catalog_path, tmp_path, bad):
        class Broken(BagEncoder):
            def encode(self, texts):
                return super().encode(texts) * bad

        with pytest.raises(GenerationError, match="expected 6 finite unit rows of 256"):
            open_index(catalog_path, Broken(), cache=tmp_path / "cache")

    def test_bad_rows_are_refused_or_reported(self, catalog_path, tmp_path):
        write(catalog_path, [*ROWS, {"id": "x", "title": "X", "price": "cheap"}])
        with pytest.raises(CatalogError, match="price"):
            open_index(catalog_path, BagEncoder(), cache=tmp_path / "cache")
        index = open_index(catalog_path, BagEncoder(), skip_bad=True, cache=tmp_path / "cache")
        assert len(index) == 6
        assert [problem.column for problem in index.problems] == ["price"]


class TestEditedFacets:
    @staticmethod
    def catalog(rng, count):
        ids = rng.permutation(40)[:count]
        return Catalog(
            [
                Item(
                    id=str(at),
                    title=f"Title {rng.integers(3)} the space {at}",
                    genres=tuple(rng.choice(["drama", "comedy", "war"], rng.integers(3))),
                    attributes={"stars": float(at)} if at % 7 == 0 else {"mood": f"m{rng.integers(3)}"},
                )
                for at in ids
            ]
        )

    def test_equal_facets_that_are_read_anew(self):
        rng = np.random.default_rng(0)
        before = Facets(self.catalog(rng, 20))
        for count in (20, 5, 30, 1, 25):
            mixed = {item.id: item for item in self.catalog(rng, count)}
            for item in before.catalog:  # about half of the rows stay as they are
                if rng.random() < 0.5:
                    mixed[item.id] = item
            catalog = Catalog([mixed[key] for key in rng.permutation(list(mixed))])
            source = np.array([before.catalog.positions.get(item.id, -1) for item in catalog])
            edited, fresh = EditedFacets(catalog, before, source), Facets(catalog)
            assert vars(fresh).keys() <= vars(edited).keys()  # whatever Facets makes at once, an edit must make too
            assert edited.numeric_fields == fresh.numeric_fields
            pairs = [(edited.postings[field], fresh.postings[field]) for field in fresh.postings]
            assert set(edited.postings) == set(fresh.postings)
            for ours, theirs in [*pairs, (edited._topics, fresh._topics)]:
                assert {v: sorted(at) for v, at in ours.items()} == {v: sorted(at) for v, at in theirs.items()}
            before = edited


class TestItemText:
    ITEM = Item(
        id="s",
        title="Stalker",
        year=1979,
        kind="film",
        creators=("Andrei Tarkovsky",),
        genres=("drama",),
        description="A guide.",
        price=3.0,
        aliases=("潜行者",),
        attributes={"moods": ("slow", "dark"), "cover": "https://x.org/a.png", "popularity": 4.0, "note": "n" * 80},
    )

    def test_says_what_tells_most_first(self):
        expected = "Stalker (1979). film by Andrei Tarkovsky. drama. slow, dark. A guide."
        assert item_text(self.ITEM) == expected
        assert item_text(Item(id="a", title="Alone")) == "Alone"

    def test_the_digest_follows_what_is_searched(self):
        digest = text_digest(self.ITEM)
        assert text_digest(replace(self.ITEM, price=9.0, in_stock=False)) == digest
        assert text_digest(replace(self.ITEM, aliases=())) != digest
        assert text_digest(replace(self.ITEM, title="Solaris")) != digest


def test_importing_retrieval_loads_no_torch():
    script = (
        "import sys, retrieval.live, retrieval.build; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.models
def test_the_real_encoder_end_to_end(catalog_path, tmp_path):
    write(catalog_path, [{"id": "a", "title": "Bread at home"}, {"id": "b", "title": "Rockets and astronauts"}])
    index = open_index(catalog_path, SentenceEncoder(), cache=tmp_path / "cache")
    assert index.retrievers["dense"].scores(Query(text="space travel")).argmax() == 1
    assert open_index(catalog_path, SentenceEncoder(), cache=tmp_path / "cache").encoded == 0
