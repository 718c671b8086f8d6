from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from finetune.data import DialogueRecord, InteractionRecord, MentionsRecord
from finetune.readers import READERS, Amazon, Inspired, MovieLens, Own, ReDial
from finetune.readers.base import film_title, slug
from finetune.rows import DataError


def write(folder: Path, name: str, *lines: object, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines).encode(encoding)
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


def read(reader):
    """The items by id, the placed records, and the problems as text."""
    problems: list = []
    items = {placed.value.id: placed.value for placed in reader.items(problems.append)}
    records = list(reader.records(problems.append))
    return items, records, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("text", "title", "year", "aliases"),
    [
        ("Stalker (1979)", "Stalker", 1979, ()),
        ("Wages of Fear, The (Salaire de la peur, Le) (1953)", "The Wages of Fear", 1953, ("Le Salaire de la peur",)),
        ("Avventura, L' (a.k.a. The Adventure) (1960)", "L'Avventura", 1960, ("The Adventure",)),
        ("Beautiful Mind, A (2001)", "A Beautiful Mind", 2001, ()),
        ("Twin Peaks (1990–1991)", "Twin Peaks", 1990, ()),
        ("Good, the Bad and the Ugly, The (1966)", "The Good, the Bad and the Ugly", 1966, ()),
        ("2001: A Space Odyssey", "2001: A Space Odyssey", None, ()),
        ("(1900)", "(1900)", None, ()),
        ("Sorcerer  (1977)", "Sorcerer", 1977, ()),
        ("Me, Myself, I", "Me, Myself, I", None, ()),
    ],
)
def test_film_titles_are_taken_apart(text, title, year, aliases):
    found = film_title(text)
    assert (found.title, found.year, found.aliases) == (title, year, aliases)


def test_slugs_have_no_spaces_and_keep_other_scripts():
    assert slug("Amélie's WALL·E (2)") == "amelies-wall-e-2"
    assert slug("潜行者") == "潜-行-者"


def ml_100k(folder):
    drama = "|".join("1" if n == 8 else "0" for n in range(19))
    unknown = "|".join("1" if n == 0 else "0" for n in range(19))
    write(
        folder,
        "ml-100k/u.item",
        f"7|Wages of Fear, The (1953)|01-Jan-1953||http://example.org|{drama}",
        f"8|Misérables, Les (1995)|01-Jan-1995|||{drama}",
        f"9|unknown||||{unknown}",
        "10|cut",
        encoding="latin-1",
    )
    write(folder, "ml-100k/u.data", "1\t7\t4\t881250949", "1\t8\tfive\t881250949", "2\t7\t4", "2\t7\t1\t881250950")
    return folder


def ml_1m(folder):
    movies = "7::Wages of Fear, The (1953)::Drama|Thriller", "8::Misérables, Les (1995)::Drama", "x"
    write(folder, "movies.dat", *movies, encoding="latin-1")
    write(folder, "ratings.dat", "1::7::4::881250949", "1::8::five::881250949", "2::7::4", "2::7::1::881250950")
    return folder


def ml_25m(folder):
    header = "movieId,title,genres"
    films = (
        '7,"Wages of Fear, The (1953)",Drama|Thriller',
        '8,"Misérables, Les (1995)",(no genres listed)',
        '9,"x,Drama',
    )
    write(folder, "movies.csv", header, *films)
    ratings = "1,7,4.0,881250949", "1,8,five,881250949", "2,7,4", "2,7,1,881250950"
    write(folder, "ratings.csv", "userId,movieId,rating,timestamp", *ratings)
    write(folder, "tags.csv", "userId,movieId,tag,timestamp", "1,7,tense,881250949")
    return folder


def recbole(folder):
    header = "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq"
    films = "7\tWages of Fear, The\t1953\tDrama Thriller", "8\tMisérables, Les\tunkonwn\tDrama", "9\tcut"
    write(folder, "ml.item", header, *films)
    ratings = "1\t7\t4\t881250949", "1\t8\tfive\t881250949", "2\t7\t4", "2\t7\t1\t881250950"
    write(folder, "ml.inter", "user_id:token\titem_id:token\trating:float\ttimestamp:float", *ratings)
    return folder


@pytest.mark.parametrize("layout", [ml_100k, ml_1m, ml_25m, recbole])
def test_movielens_in_every_layout(tmp_path, layout):
    items, records, problems = read(MovieLens([layout(tmp_path)]))
    assert (items["7"].title, items["7"].year, items["7"].kind) == ("The Wages of Fear", 1953, "film")
    assert items["8"].title == "Les Misérables"
    assert "drama" in items["7"].genres
    assert [record.value for record in records] == [
        InteractionRecord(user_id="1", item_id="7", timestamp=881250949, event="rate", rating=4),
        InteractionRecord(user_id="2", item_id="7", timestamp=881250950, event="rate", rating=1),
    ]
    first = 1 if layout in (ml_100k, ml_1m) else 2
    assert [record.line for record in records] == [first, first + 3]
    assert len(problems) == 3  # a film that is cut off, a rating that is no number, a row without its time
    ratings = records[0].file
    assert problems[1].startswith(f"{ratings}:{first + 1}: rating = 'five': expected input should be a valid number")
    assert problems[2].startswith(f"{ratings}:{first + 2}: expected 4 cells separated by")


def test_movielens_genres_that_say_nothing_are_left_out(tmp_path):
    assert read(MovieLens([ml_100k(tmp_path / "a")]))[0]["9"].genres == ()
    assert read(MovieLens([ml_25m(tmp_path / "b")]))[0]["8"].genres == ()


META = {
    "parent_asin": "B1", "title": "Hex Key Set &amp; Case", "main_category": "Industrial &amp; Scientific",
    "average_rating": 4.6, "rating_number": 312, "features": ["Steel"], "description": ["For tight<br>corners."],
    "price": 12.99, "store": "Acme", "categories": ["Industrial", "Hand Tools"], "bought_together": None,
    "details": {"Brand": "Acme", "Color": "Black", "UPC": "123", "Best Sellers Rank": {"Tools": 1}, "Year": "2020"},
    "images": [{"large": "https://example.org/hex.jpg", "variant": "MAIN"}],
}  # fmt: skip
REVIEW = {"user_id": "AE", "parent_asin": "B1", "asin": "B1V", "rating": 5.0, "timestamp": 1588687728923, "text": "Ok"}
CSV = "user_id,parent_asin,rating,timestamp"


def test_amazon_products(tmp_path):
    write(tmp_path, "meta_Tools.jsonl", META)
    write(tmp_path, "Tools.jsonl", REVIEW)
    item = read(Amazon([tmp_path]))[0]["B1"]
    assert (item.title, item.price, item.currency, item.creators) == ("Hex Key Set & Case", 12.99, "USD", ("Acme",))
    assert (item.genres, item.description) == (("hand tools",), "For tight corners.")
    assert item.image_url == "https://example.org/hex.jpg"
    assert item.attributes == {
        "brand": "Acme",
        "color": "Black",
        "average_rating": 4.6,
        "rating_number": 312.0,
        "department": "industrial & scientific",
    }


@pytest.mark.parametrize(
    ("price", "expected"),
    [(None, None), ("None", None), ("from 16.79", None), ("$1,299.00", 1299.0), ("4.5", 4.5), (3, 3.0), ("—", None)],
)
def test_amazon_prices_that_cannot_be_quoted_are_none(tmp_path, price, expected):
    write(tmp_path, "meta_Tools.jsonl", {**META, "price": price})
    write(tmp_path, "Tools.csv", CSV)
    items, _, problems = read(Amazon([tmp_path]))
    assert items["B1"].price == expected
    assert bool(items["B1"].currency) == (expected is not None)
    assert problems == []


def test_amazon_bad_rows_are_reported(tmp_path):
    meta = ({**META, "title": None}, {**META, "title": "  "}, {**META, "parent_asin": None}, "{", {**META, "price": []})
    write(tmp_path, "meta_Tools.jsonl", *meta)
    write(tmp_path, "Tools.jsonl", {**REVIEW, "timestamp": "late"}, {**REVIEW, "user_id": ""}, REVIEW, {"rating": 1})
    items, records, problems = read(Amazon([tmp_path]))
    assert not items
    assert [record.line for record in records] == [3]
    for start in ("meta_Tools.jsonl:1: title", "meta_Tools.jsonl:2: title", "meta_Tools.jsonl:3: parent_asin",
                  "meta_Tools.jsonl:4: expected one JSON", "meta_Tools.jsonl:5: price", "Tools.jsonl:1: timestamp",
                  "Tools.jsonl:2: user_id", "Tools.jsonl:4: user_id"):  # fmt: skip
        assert any(problem.startswith(start) for problem in problems), start


def test_amazon_reviews_count_milliseconds_and_may_be_gzipped(tmp_path):
    write(tmp_path, "raw/meta_Tools.jsonl.gz", META)
    write(tmp_path, "raw/Tools.jsonl.gz", REVIEW)
    assert read(Amazon([tmp_path]))[1][0].value == InteractionRecord(
        user_id="AE", item_id="B1", timestamp=1588687728.923, event="review", rating=5
    )


def test_amazon_benchmark_files_keep_their_parts(tmp_path):
    write(tmp_path, "meta_Tools.jsonl", META)
    for part in ("train", "valid", "test"):
        write(tmp_path, f"Tools.{part}.csv", f"{CSV},history", "AE,B1,5.0,1588687728923,B2 B3")
    records = read(Amazon([tmp_path]))[1]
    assert sorted(record.part for record in records) == ["test", "train", "valid"]


@pytest.mark.parametrize("other", ["Tools.jsonl", "Tools.train.csv", "more/Tools.csv"])
def test_amazon_reviews_are_not_read_twice(tmp_path, other):
    write(tmp_path, "meta_Tools.jsonl", META)
    write(tmp_path, "Tools.csv", CSV)
    write(tmp_path, other, "")
    with pytest.raises(DataError, match="hold the same reviews; give one of them, file by file"):
        Amazon([tmp_path])


CONVERSATION = {
    "conversationId": "391", "initiatorWorkerId": 0, "respondentWorkerId": 1,
    "messages": [
        {"timeOffset": 0, "text": "Hi, I love @84779 and @99", "senderWorkerId": 0, "messageId": 1},
        {"timeOffset": 9, "text": "Try @122159, or @7", "senderWorkerId": 1, "messageId": 2},
        {"timeOffset": 12, "text": "  ", "senderWorkerId": 1, "messageId": 3},
        {"timeOffset": 20, "text": "I hated @122159. mail me@5", "senderWorkerId": 0, "messageId": 4},
    ],
    "movieMentions": {
        "84779": "The Wages of Fear (1953)", "122159": "Sorcerer  (1977)", "7": "Sorcerer (1977)", "99": None
    },
    "initiatorQuestions": {"84779": {"suggested": 0, "seen": 1, "liked": 1}, "122159": {"liked": 0}, "7": {"liked": 2}},
    "respondentQuestions": {"84779": {"suggested": 0, "seen": 1, "liked": 0}},
}  # fmt: skip


def test_redial_dialogues_and_mentions(tmp_path):
    write(tmp_path, "train_data.jsonl", CONVERSATION)
    items, (dialogue, mentions), problems = read(ReDial([tmp_path]))
    assert {id_: (item.title, item.year) for id_, item in items.items()} == {
        "84779": ("The Wages of Fear", 1953),
        "7": ("Sorcerer", 1977),  # two numbers of one film, under the lowest
    }
    assert isinstance(dialogue.value, DialogueRecord)
    assert [(t.role, t.text, t.items) for t in dialogue.value.turns] == [
        ("user", "Hi, I love The Wages of Fear (1953) and a film", ("84779",)),
        ("assistant", "Try Sorcerer (1977), or Sorcerer (1977)", ("7",)),
        ("user", "I hated Sorcerer (1977). mail me@5", ("7",)),
    ]
    assert isinstance(mentions.value, MentionsRecord)
    assert [(m.role, m.items, m.liked) for m in mentions.value.mentions] == [
        ("user", ("84779",), True),
        ("assistant", ("7",), False),
        ("assistant", ("7",), None),
        ("user", ("7",), False),
    ]
    assert (dialogue.part, dialogue.line, mentions.value.id) == ("train", 1, "391")
    assert problems == [
        "train_data.jsonl:1: movieMentions.99 = '': expected the name of the film; the dialogue is kept without it"
    ]


def test_redial_names_come_from_the_table_first(tmp_path):
    write(
        tmp_path,
        "movies_with_mentions.csv",
        "movieId,movieName,nbMentions",
        '84779,"Fear, The Wages of (1953)",9',
        "1,",
    )
    write(tmp_path, "test_data.jsonl", {**CONVERSATION, "movieMentions": [], "initiatorQuestions": []})
    items, records, problems = read(ReDial([tmp_path]))
    assert items["84779"].title == "Fear, The Wages of"
    assert {record.part for record in records} == {"test"}
    assert problems == ["movies_with_mentions.csv:3: expected 3 cells separated by ',', found 2; "
                        "the row is left out; correct or remove it"]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"messages": []}, "train_data.jsonl:1: messages = '[]'"),
        ({"messages": [{"text": "hi", "senderWorkerId": 5}]}, "senderWorkerId = '5': expected 0 or 1, two workers"),
        ({"messages": [{"text": " ", "senderWorkerId": 0}]}, "messages.text = '': expected any words"),
        ({"respondentWorkerId": 0}, "expected 0 or 0, two workers; the dialogue is left out"),
        ({"conversationId": None}, "conversationId = 'None'"),
        ({"messages": [{"senderWorkerId": 0}]}, "messages.0.text = '': expected a value, found none"),
    ],
)
def test_redial_bad_dialogues_are_reported(tmp_path, change, problem):
    write(tmp_path, "train_data.jsonl", {**CONVERSATION, "movieMentions": {}, **change})
    _, records, problems = read(ReDial([tmp_path]))
    assert records == []
    assert problem in problems[0]


HEADER = "dialog_id\tutt_id\tspeaker\tturn_id\ttext\ttext_with_placeholder\tmovies\tgenres"


def test_inspired_joins_sentences_and_finds_films(tmp_path):
    write(
        tmp_path,
        "dialog_data/train.tsv",
        HEADER,
        "d1\t1\tSEEKER\t1\tI like QUOTATION_MARKslowQUOTATION_MARK films.\tx\t\tdrama",
        "d1\t2\tSEEKER\t1\tLike Stalker.\tx\tStalker (1979)\t",
        'd1\t3\tRECOMMENDER\t1\tThen "Solaris, or Ran.\tx\tSolaris (1972); Ran (1985);\t',
        "d1\t4\tROBOT\t2\tBeep\tx\t\t",
        "d1\t5",
        "d2\t1\tRECOMMENDER\t1\tHi\tx\t\t",
    )
    write(tmp_path, "dialog_data/dev.tsv", HEADER, "d3\t1\tSEEKER\t1\tHi\tx\t\t")
    write(
        tmp_path,
        "movie_database.tsv",
        "title\tyear\tgenre\tdirector\tactors\tshort_plot",
        "Stalker\t1979\tDrama, Sci-Fi\tAndrei Tarkovsky\tAlisa Freindlich, N/A\tThree men.",
        "\t1980\tDrama\t\t\t",
    )
    items, records, problems = read(Inspired([tmp_path]))
    stalker = items["stalker-1979"]
    assert (stalker.creators, stalker.genres) == (("Andrei Tarkovsky",), ("drama", "sci-fi"))
    assert stalker.attributes == {"cast": ("Alisa Freindlich",)}
    assert set(items) == {"stalker-1979", "solaris-1972", "ran-1985"}
    by_id = {record.value.id: record for record in records}
    assert [(t.role, t.text, t.items) for t in by_id["d1"].value.turns] == [
        ("user", 'I like "slow" films. Like Stalker.', ("stalker-1979",)),
        ("assistant", 'Then "Solaris, or Ran.', ("solaris-1972", "ran-1985")),
    ]
    assert {record.value.id: (record.part, record.line) for record in records} == {
        "d1": ("train", 2), "d2": ("train", 7), "d3": ("valid", 2),
    }  # fmt: skip
    assert any(problem.startswith("movie_database.tsv:3: ") for problem in problems)
    assert any(problem.startswith("train.tsv:5: speaker = 'ROBOT'") for problem in problems)
    assert any(problem.startswith("train.tsv:6: expected 8 cells") for problem in problems)


def test_own_formats_with_parts_in_their_names(tmp_path):
    write(tmp_path, "catalog.csv", "id,title", "a,Alien", "b,", "c,Solaris")
    write(tmp_path, "dialogues.valid.jsonl", {"id": "1", "turns": [{"role": "user", "text": "hi"}]}, "{")
    write(tmp_path, "interactions.csv", "user_id,item_id,timestamp", "u,a,1")
    items, records, problems = read(Own([tmp_path]))
    assert set(items) == {"a", "c"}
    assert [(type(r.value).__name__, r.part) for r in records] == [
        ("DialogueRecord", "valid"),
        ("InteractionRecord", None),
    ]
    assert [problem.split(":")[:2] for problem in problems] == [["catalog.csv", "3"], ["dialogues.valid.jsonl", "2"]]


def test_own_files_given_by_hand_may_have_any_name(tmp_path):
    catalog = write(tmp_path, "our-catalog.jsonl", {"id": "a", "title": "Alien"})
    orders = write(tmp_path, "orders-2026.csv", "user_id,item_id,timestamp", "u,a,1")
    assert len(read(Own([catalog, orders]))[1]) == 1
    write(tmp_path, "catalog.csv", "id,title")
    with pytest.raises(DataError, match="expected one catalogue; give the files one by one"):
        Own([tmp_path, orders])


@pytest.mark.parametrize("name", READERS)
def test_a_folder_without_the_files_says_what_is_expected(tmp_path, name):
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(DataError) as error:
        READERS[name]([tmp_path])
    assert f"no {name} files there; expected {READERS[name].expects}" in str(error.value)
    with pytest.raises(DataError, match="no such file or folder"):
        READERS[name]([tmp_path / "missing"])


def test_readers_stream(tmp_path):
    """The first record comes before the last line is read: a broken end does not matter to who stops before it."""
    write(tmp_path, "meta_Tools.jsonl", META)
    path = write(tmp_path, "Tools.jsonl.gz", *[{**REVIEW, "user_id": f"u{n}"} for n in range(20_000)])
    path.write_bytes(path.read_bytes()[:-100])
    records = Amazon([tmp_path]).records([].append)
    assert next(records).value.user_id == "u0"
    with pytest.raises(DataError, match="the gzip data breaks off after line"):
        list(records)
