"""The page in a real browser: headless Chromium against the real server, with an assistant that answers by rule."""

from types import SimpleNamespace

import pytest

from chat.server import create_app
from tests import browsers, serving
from tests.fake_assistant import RETURNS, VISITOR, FakeAssistant

pytestmark = browsers.MARKS
ASK = "I loved Arrival. Something slower, before 1990?"
DONE = ".turn:last-child .answer[aria-busy=false]"


@pytest.fixture(scope="module")
def served():
    assistant = FakeAssistant(pace=0.005)
    with serving.served(create_app(assistant)) as url:
        yield SimpleNamespace(url=f"{url}/", assistant=assistant)


@pytest.fixture
def open_page(browser, served):
    """Open pages that are watched: at the end none has complained or asked another host for anything."""
    contexts, complaints, foreign = [], [], []

    def open_one(width=1280, height=800, context=None, wait=True, **options):
        if context is None:
            context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US", **options)
            contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.complaints = complaints
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith((served.url, "data:")) else foreign.append(request.url),
        )
        page.goto(served.url)
        page.wait_for_selector("#namedrop[data-wired]")
        if wait:
            page.wait_for_selector("#nd-status", state="hidden")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert foreign == []
    assert complaints == []


def ask(page, message):
    page.fill("#nd-input", message)
    page.press("#nd-input", "Enter")
    page.wait_for_selector(f"article:has-text({message.splitlines()[0]!r}):last-child .answer[aria-busy=false]")


def titles(page):
    return page.locator(".turn:last-child .card .name").all_inner_texts()


def test_a_conversation_with_cards_feedback_limits_reload_and_a_new_chat(open_page, served):
    page = open_page()
    assert page.title() == "Namedrop"
    openings = page.locator(".opening")
    assert openings.count() == 6
    openings.first.click()
    page.wait_for_selector(DONE)

    assert page.locator(".said").inner_text() == ASK
    assert "Stalker" in page.locator(".words").inner_text()
    card = page.locator(".card").first
    text = card.inner_text()
    for expected in ("Stalker", "1979 · Andrei Tarkovsky", "$7.99", "In stock", "Why this one", "Slow, searching"):
        assert expected in text
    assert page.evaluate("[...document.querySelectorAll('.card img')].every((i) => i.complete && i.naturalWidth)")
    assert page.locator(".limit").inner_text() == "before 1990"
    assert page.locator(".card a").first.get_attribute("rel") == "noopener noreferrer nofollow"

    like, dislike, seen = (card.locator(f"[data-signal={name}]") for name in ("like", "dislike", "seen"))
    like.click()
    page.wait_for_selector(".card:first-child [data-signal=like][aria-pressed=true]")
    dislike.click()
    page.wait_for_selector(".card:first-child [data-signal=dislike][aria-pressed=true]")
    assert like.get_attribute("aria-pressed") == "false"
    dislike.click()
    page.wait_for_selector(".card:first-child [data-signal=dislike][aria-pressed=false]")
    seen.click()
    page.wait_for_selector(".card:first-child [data-signal=seen][aria-pressed=true]")
    ask(page, "something else")
    assert "Stalker" not in titles(page)
    assert "Outer Wilds" not in titles(page)  # 2019: the limit still holds

    page.click(".limit button")
    page.wait_for_selector("article:nth-child(3) .answer[aria-busy=false]")
    assert page.locator(".said.quiet").inner_text() == "No longer: before 1990"
    assert page.locator("#nd-limits").is_hidden()
    assert "Outer Wilds" in titles(page)

    before = page.locator(".card .name").all_inner_texts()
    page.reload()
    page.wait_for_selector("article:nth-child(3)")
    assert page.locator(".card .name").all_inner_texts() == before
    assert page.locator(".card:first-child [data-signal=seen]").first.get_attribute("aria-pressed") == "true"

    page.click("#nd-new")
    assert page.locator(".turn").count() == 0
    assert page.locator("#nd-hello").is_visible()
    ask(page, "hello again")
    assert titles(page)[0] == "Stalker"  # the new conversation knows nothing of the old one
    assert len(served.assistant.sessions) == 2


def test_who_asked_to_be_remembered_is_known_in_the_next_chat_and_tab(open_page, served):
    page = open_page()
    ask(page, "something slow")
    assert served.assistant.heard["visitor"] is None
    ask(page, "remember me")
    page.click("#nd-new")
    ask(page, "a new chat")
    assert served.assistant.heard["visitor"] == VISITOR
    ask(open_page(context=page.context), "another tab")
    assert served.assistant.heard["visitor"] == VISITOR


def test_two_tabs_are_two_conversations(open_page):
    first = open_page()
    second = open_page(context=first.context)
    ask(first, "before 1990")
    ask(second, "hello")
    assert first.locator(".limit").count() == 1
    assert second.locator(".limit").count() == 0
    first.reload()
    first.wait_for_selector("article")
    assert first.locator(".said").all_inner_texts() == ["before 1990"]


def test_everything_works_from_the_keyboard(open_page):
    page = open_page()
    assert page.evaluate("document.activeElement.id") == "nd-input"
    page.keyboard.type("two")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("lines")
    assert page.input_value("#nd-input") == "two\nlines"
    page.keyboard.press("Enter")
    page.wait_for_selector(DONE)
    assert "Stalker" in page.locator("#nd-live").inner_text()  # read out

    page.locator(".skip").focus()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
                return [e.id || e.dataset.signal || e.className || e.tagName,
                        e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent,
                        s.outlineStyle !== 'none' || getComputedStyle(e.parentElement).boxShadow !== 'none'] }"""
        )
        reached.append(seen)
        if seen[0] == "nd-send":
            break
    names = [name for name, _, _ in reached]
    assert names.index("nd-theme") < names.index("nd-new") < names.index("like") < names.index("nd-input")
    assert names.count("like") == names.count("dislike") == names.count("seen") == 5
    assert all(label.strip() for _, label, _ in reached), reached
    assert all(focus for _, _, focus in reached), [name for name, _, focus in reached if not focus]

    page.locator(".acts [data-signal=like]").nth(1).focus()
    page.keyboard.press("Space")
    page.wait_for_selector(".card:nth-child(2) [data-signal=like][aria-pressed=true]")
    assert "you like 2001" in page.locator("#nd-live").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_phone_has_no_sideways_scroll(open_page, scheme):
    page = open_page(360, 740, color_scheme=scheme, has_touch=True)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    wide = "Math.max(document.documentElement.scrollWidth, document.querySelector('#nd-scroll').scrollWidth)"
    assert page.evaluate(wide) == 360
    ask(page, "before 1990 " + "unbreakable" * 30)
    assert page.evaluate(wide) == 360
    assert page.evaluate("document.querySelector('.cards').scrollWidth") > 360  # the row itself scrolls
    small = """[...document.querySelectorAll('#namedrop button')]
        .filter((b) => b.offsetParent && (b.offsetHeight < 34 || b.offsetWidth < 34)).length"""
    assert page.evaluate(small) == 0


def test_the_theme_follows_the_system_until_it_is_chosen(open_page):
    page = open_page(color_scheme="light")
    theme = "document.documentElement.dataset.theme"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{theme} === 'dark'")
    page.click("#nd-theme")
    assert page.evaluate(theme) == "light"
    page.reload()
    page.wait_for_selector("#namedrop[data-wired]")
    assert page.evaluate(theme) == "light"
    page.click("#nd-theme")  # what the system has: it is followed again
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"{theme} === 'light'")


def test_what_people_and_shops_write_is_never_run(open_page):
    page = open_page()
    attack = "odd <img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"
    page.fill("#nd-input", attack)
    page.press("#nd-input", "Enter")
    page.wait_for_selector(f"{DONE} .card")
    assert page.locator(".said").inner_text() == attack
    assert "<script>" in page.locator(".card .name").inner_text()
    assert page.locator(".card a, .card script, .turn img[src=x]").count() == 0  # javascript: is no link
    page.reload()
    page.wait_for_selector(".card img")
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked") is None


def test_an_error_offers_to_try_again(open_page, served):
    page = open_page()
    page.fill("#nd-input", "break")
    page.press("#nd-input", "Enter")
    again = page.wait_for_selector(".trouble button")
    assert "secret" not in page.locator("#nd-log").inner_text()
    assert page.evaluate("document.activeElement.textContent") == "Try again"
    again.click()
    page.wait_for_selector(".trouble button")
    assert page.locator(".turn").count() == 1
    ask(page, "nothing at all")
    assert page.locator(".turn:last-child .card").count() == 0

    page.route("**/api/chat", lambda route: route.abort())
    page.fill("#nd-input", "hello")
    page.press("#nd-input", "Enter")
    page.wait_for_selector(".turn:last-child .trouble")
    assert "connection" in page.locator(".turn:last-child .trouble").inner_text()
    assert page.complaints == ["Failed to load resource: net::ERR_FAILED"]
    page.complaints.clear()


def test_when_many_ask_the_message_waits_and_goes_out_again(open_page):
    page = open_page()
    refusal = {"status": 429, "headers": {"Retry-After": "2"}, "json": {"error": {"message": "Too many people."}}}
    page.route("**/api/chat", lambda route: route.fulfill(**refusal), times=1)
    page.fill("#nd-input", "hello there")
    page.press("#nd-input", "Enter")
    again = page.locator(".trouble button")
    again.wait_for()
    assert "Your message is still here" in page.locator(".trouble").inner_text()
    assert again.is_disabled()
    assert again.inner_text().startswith("Try again in ")
    again.click()  # Playwright waits until it is enabled
    page.wait_for_selector(DONE)
    assert page.locator(".said").all_inner_texts() == ["hello there"]
    assert page.locator(".card").count() == 5
    assert [complaint for complaint in page.complaints if "429" not in complaint] == []
    page.complaints.clear()


def test_a_long_answer_can_be_stopped_and_a_new_chat_begun_meanwhile(open_page):
    page = open_page()
    page.fill("#nd-input", "slow one please")
    page.press("#nd-input", "Enter")
    page.wait_for_selector("#namedrop[data-busy]")
    page.click("#nd-send")
    page.wait_for_selector("#namedrop:not([data-busy])")
    page.fill("#nd-input", "slow two please")
    page.press("#nd-input", "Enter")
    page.wait_for_selector("#namedrop[data-busy]")
    page.click("#nd-new")
    ask(page, "hello")
    assert page.locator(".said").all_inner_texts() == ["hello"]


def test_while_loading_one_can_write_and_the_message_goes_out_by_itself(open_page, served):
    served.assistant.state = "loading"
    try:
        page = open_page(wait=False)
        page.wait_for_selector("#nd-status:has-text('ready')")
        page.fill("#nd-input", "hello")
        page.press("#nd-input", "Enter")
        page.wait_for_selector("#nd-status:has-text('goes out')")
        assert page.locator(".turn").count() == 0
    finally:
        served.assistant.state = "ready"
    page.wait_for_selector(f"{DONE} .card")
    assert page.locator("#nd-status").is_hidden()


def test_chinese(browser, served):
    context = browser.new_context(viewport={"width": 390, "height": 800}, locale="zh-CN")
    page = context.new_page()
    page.goto(served.url)
    page.wait_for_selector("#namedrop[data-wired]")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert "今天" in page.locator("#nd-hello h2").inner_text()
    page.locator(".opening", has_text="科幻片").click()
    card = page.locator(".card", has_text="星际穿越")
    card.wait_for()
    assert "¥38.00" in card.inner_text()
    assert "喜欢" in card.inner_text()
    context.close()


def test_a_policy_is_shown_as_its_quote_and_a_person_as_a_ticket(open_page):
    page = open_page()
    ask(page, "can I return it?")
    for _ in range(2):
        assert page.locator(".words").inner_text() == "Yes."  # the quote is said once
        assert page.locator(".quote blockquote").inner_text() == RETURNS.quote
        assert page.locator(".quote figcaption").inner_text() == f"From: {RETURNS.title}"
        page.reload()
        page.wait_for_selector(".quote")
    ask(page, "a person, please")
    assert page.locator(".turn:last-child .notice").inner_text() == "Request for a person: H-1F3K"
