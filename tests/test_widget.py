"""The widget in Chromium: on a page of another origin, under a strict policy; the assistant answers by rule."""

import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe

from chat.identity import Customer, Tokens
from chat.server import create_app
from tests import browsers, serving
from tests.fake_assistant import CARDS, RETURNS, SECRET, FakeAssistant

pytestmark = browsers.MARKS
DOCS = Path(__file__).parents[1] / "docs" / "widget.md"
PAGE = """<!doctype html><html lang="{lang}" dir="{dir}"><head><title>A shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><header><a href="/">A shop</a></header><main><h1>Stalker</h1><button id="buy">Buy</button></main>
<script src="/shop.js"></script><script src="{namedrop}/widget.js" {options}></script></body></html>"""
IDLE = ".go[aria-label=Send]"
TITLES = [card.title for card in CARDS if card.year and card.year < 1990]


def policy(namedrop):
    """Return the recipe of docs/widget.md."""
    recipe = next(line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("script-src"))
    return f"default-src 'self'; {recipe}".replace("https://chat.shop.example", namedrop)


@pytest.fixture(scope="module")
def world():
    """A shop that may embed the widget, one that may not, and Namedrop."""
    pages, headers, assistant = {}, {}, FakeAssistant(pace=0.002)
    with ExitStack() as stack:
        shop = stack.enter_context(serving.served(browsers.site(pages, headers)))
        other = stack.enter_context(serving.served(browsers.site(pages, headers)))
        namedrop = stack.enter_context(serving.served(create_app(assistant, origins=[shop])))
        headers["Content-Security-Policy"] = policy(namedrop)
        yield SimpleNamespace(shop=shop, other=other, namedrop=namedrop, pages=pages, assistant=assistant)


@pytest.fixture
def visit(browser, world):
    """Open pages that are watched: at the end none has complained."""
    contexts, complaints = [], []

    def visit(
        options="",
        *,
        lang="en",
        dir="ltr",
        script="",
        width=1280,
        height=800,
        origin=None,
        wait=True,
        **context_options,
    ):
        world.pages["/"] = PAGE.format(lang=lang, dir=dir, options=options, namedrop=world.namedrop)
        world.pages["/shop.js"] = script
        context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US", **context_options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.complaints = complaints
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{origin or world.shop}/")
        if wait:
            page.wait_for_selector("namedrop-chat", state="attached")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def until(page, condition):
    """Wait for what a script says of the page; Playwright's own wait evaluates text there, which the policy refuses."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never so: {condition}")


def ask(page, message, wait=IDLE):
    page.fill("namedrop-chat textarea", message)
    page.press("namedrop-chat textarea", "Enter")
    page.wait_for_selector(f"namedrop-chat .turn:last-child .said:has-text({message!r})")
    page.wait_for_selector(f"namedrop-chat {wait}")


def focused(page):
    """Return what the focus is on, in the widget or the page."""
    return page.evaluate(
        """() => { let e = document.activeElement; e = e.shadowRoot?.activeElement ?? e;
            return e.getAttribute("aria-label") || e.id || e.textContent.trim() || e.tagName }"""
    )


def test_a_conversation_on_a_page_of_another_origin_under_a_strict_policy(visit, world):
    page = visit('data-title="Ask Marquee" data-page-item="film-heat-1995" data-link="/item/{id}"')
    page.click(".launch")
    assert page.locator(".chip").first.inner_text() == "Is this in stock?"
    ask(page, "something before 1990")
    assert world.assistant.heard["page_item"] == "film-heat-1995"
    assert page.locator(".card a").all_inner_texts() == TITLES[:5]
    card = page.locator(".card").first
    for expected in ("1979 · Andrei Tarkovsky", "$7.99", "In stock", "Why: Slow, searching"):
        assert expected in card.inner_text()
    assert card.locator("a").get_attribute("href") == f"{world.shop}/item/film-stalker-1979"
    other = page.locator("a[target=_blank]")
    assert other.get_attribute("href") == "https://shop.example/2001"
    assert "noopener" in other.get_attribute("rel")
    card.locator("img").scroll_into_view_if_needed()
    until(page, "!!document.querySelector('namedrop-chat').shadowRoot.querySelector('img').naturalWidth")

    like = card.locator("[data-signal=like]")
    like.click()
    page.wait_for_selector(".card:first-child [data-signal=like][aria-pressed=true]")
    page.locator(".card").nth(1).locator("[data-signal=dislike]").click()
    page.wait_for_selector(".card:nth-child(2) [data-signal=dislike][aria-pressed=true]")
    page.click("[aria-label='Remove: before 1990']")
    page.wait_for_selector(".quiet:has-text('No longer: before 1990')")
    page.wait_for_selector(IDLE)
    assert "2001: A Space Odyssey" not in page.locator(".turn:last-child .card b").all_inner_texts()

    ask(page, "can I return it?")
    quote = page.locator("details blockquote")
    assert quote.inner_text() == RETURNS.quote
    assert page.locator(".turn:last-child .words").inner_text() == "Yes."  # the quote is said once
    page.click("summary:has-text('Returns and refunds')")
    assert not quote.is_visible()
    ask(page, "a person, please")
    assert page.locator("[role=status]").inner_text() == "Request for a person: H-1F3K"

    said = page.locator(".said").all_inner_texts()
    page.reload()  # the panel comes back as it was, with the conversation, and leaves the page its focus
    page.wait_for_selector(".turn:nth-child(4)")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    assert page.locator(".said").all_inner_texts() == [text for text in said if not text.startswith("No longer")]
    assert page.locator(".card:first-child [data-signal=like]").first.get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize("lead", ["From “Returns and refunds”: ", "关于“Returns and refunds”，本店的说明是："])
def test_what_is_said_before_a_quote_stays(visit, world, monkeypatch, lead):
    answer = world.assistant._answer

    def with_order(kept, message):
        told = "" if "returns" in message else "Order M-1042 is on its way. "
        return answer(kept, "return").model_copy(update={"text": f"{told}{lead}{RETURNS.quote}"})

    monkeypatch.setattr(world.assistant, "_answer", with_order)
    page = visit("data-open")
    ask(page, "where is M-1042, and can I send it back?")
    words = page.locator(".turn:last-child .words")
    assert words.is_visible()
    assert words.inner_text() == "Order M-1042 is on its way."
    ask(page, "how do returns work?")
    assert not words.is_visible()  # nothing but the quote's lead-in
    assert page.locator(".turn:last-child blockquote").inner_text() == RETURNS.quote


@pytest.mark.parametrize(("width", "height"), [(320, 256), (640, 360)])
def test_a_small_screen_keeps_room_for_the_answer(visit, width, height):
    page = visit("data-consent", width=width, height=height)
    page.click(".launch")
    ask(page, "before 1990")
    inside = "document.querySelector('namedrop-chat').shadowRoot"
    assert page.locator("text=Remember your taste").is_visible()
    assert page.evaluate(f"{inside}.querySelector('.log').clientHeight") >= 96
    cut = "(b) => b.scrollHeight > b.clientHeight + 1"
    assert page.evaluate(f"[...{inside}.querySelectorAll('.bar:not([hidden])')].filter({cut}).length") == 0
    page.click("text=Forget this chat")  # can be scrolled to
    page.click("text=Keep")
    ask(page, "and another")  # a question that is not answered goes with the next message
    assert not page.locator("text=Remember your taste").is_visible()
    assert page.evaluate(f"{inside}.querySelector('dialog').scrollWidth") <= width


def test_forgetting_deletes_here_and_on_the_server(visit, world):
    page = visit("data-open")
    ask(page, "hello")
    session = page.evaluate("JSON.parse(sessionStorage.namedrop).session")
    assert session in world.assistant.sessions
    page.click("text=Forget this chat")
    assert focused(page) == "Delete"
    page.click("text=Keep")
    assert session in world.assistant.sessions
    page.click("text=Forget this chat")
    page.keyboard.press("Enter")
    page.wait_for_selector(".said", state="detached")
    assert session not in world.assistant.sessions
    assert session not in page.evaluate("JSON.stringify([sessionStorage, localStorage])")
    assert focused(page) == "Your message"


def test_a_page_that_is_not_listed_is_refused(visit, world):
    world.assistant.heard = None
    page = visit(origin=world.other)
    page.click(".launch")
    ask(page, "hello", "[role=alert] button")
    assert "cannot be reached" in page.locator(".bad").inner_text()
    assert world.assistant.heard is None
    assert any("CORS policy" in text for text in page.complaints)
    page.complaints.clear()


def test_everything_works_from_the_keyboard(visit):
    page = visit(
        script="window.pressed = ''; document.addEventListener('keydown', (event) => { window.pressed += event.key })"
    )
    page.focus("#buy")
    page.keyboard.press("Tab")
    assert focused(page) == "Open the chat: Ask us"
    page.keyboard.press("Enter")
    assert focused(page) == "Your message"
    before = page.evaluate("window.pressed")
    page.keyboard.type("two")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("lines")
    assert page.locator("textarea").input_value() == "two\nlines"
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")
    page.wait_for_selector(IDLE)
    assert page.evaluate("window.pressed") == before  # the page's shortcuts hear nothing of it
    live = page.locator("[aria-live=polite]").inner_text()
    assert "I would begin with Stalker." in live
    assert all(card.title in live for card in CARDS[:5])

    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(focused(page))
        if seen[-1] == "Your message":
            break
    assert seen[0] == "Send"
    assert {"Forget this chat", "Close the chat", "Conversation", "I like it: Stalker", "2001: A Space Odyssey"} <= {
        *seen
    }
    assert "buy" in seen  # the panel beside the page is no dialog that one has to leave first
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()
    assert focused(page) == "Open the chat: Ask us"


def test_a_phone_is_filled_without_a_sideways_scroll(visit):
    page = visit(width=360, height=740, has_touch=True)
    page.tap(".launch")
    ask(page, "before 1990 " + "unbreakable" * 30)
    inside = "document.querySelector('namedrop-chat').shadowRoot"
    page.evaluate(f"Promise.all({inside}.querySelector('dialog').getAnimations().map((a) => a.finished))")
    box = page.evaluate(f"(() => {{ const r = {inside}.querySelector('dialog').getBoundingClientRect(); "
                        "return [r.x, r.y, r.width, r.height] })()")  # fmt: skip
    assert box == [0, 0, 360, 740]
    assert page.evaluate(f"{inside}.querySelector('dialog').matches(':modal')")
    assert page.evaluate(f"{inside}.querySelector('.log').scrollWidth") <= 360
    small = "(b) => b.checkVisibility() && Math.min(b.offsetWidth, b.offsetHeight) < 26"
    assert page.evaluate(f"[...{inside}.querySelectorAll('button')].filter({small}).length") == 0
    page.set_viewport_size({"width": 900, "height": 740})  # turned: a panel beside the page
    until(page, f"!{inside}.querySelector('dialog').matches(':modal')")
    assert page.evaluate(f"{inside}.querySelector('dialog').offsetWidth") < 420


def test_troubles_are_told_and_can_be_tried_again(visit, world):
    page = visit("data-open")
    ask(page, "break", "[role=alert]")
    assert "Something went wrong on our side." in page.locator(".bad").inner_text()
    assert focused(page) == "Try again"

    refusals = [
        (429, {"Retry-After": "7"}, "in 7 s"),
        (503, {}, "Still starting"),
        (401, {}, "sign in"),
        (418, {}, "on our side"),
    ]
    for status, headers, told in refusals:
        headers |= {"Access-Control-Allow-Origin": world.shop, "Access-Control-Expose-Headers": "Retry-After"}
        answer = {"status": status, "headers": headers, "json": {"error": {"message": "A teapot."}}}
        page.route("**/api/chat", lambda route, _, answer=answer: route.fulfill(**answer))
        ask(page, "hello", "[role=alert]")
        assert told in page.locator(".bad").last.inner_text()
    page.unroute("**/api/chat")
    page.context.set_offline(True)
    ask(page, "are you there?", "[role=alert]")
    page.wait_for_selector(".bad:has-text('You are offline.')")
    page.context.set_offline(False)
    page.locator(".bad button").last.click()
    page.wait_for_selector(".turn:last-child:has-text('are you there') .card")
    assert len(page.complaints) == 5
    page.complaints.clear()


def test_a_long_answer_can_be_stopped(visit, world, monkeypatch):
    monkeypatch.setattr(world.assistant, "pace", 0.2)  # four seconds a word
    page = visit("data-open")
    page.fill("textarea", "a slow one")
    page.press("textarea", "Enter")
    page.wait_for_selector(".card")
    page.click("[aria-label=Stop]")
    page.wait_for_selector(".turn:last-child:has-text('Stopped.')")
    assert page.locator(IDLE).is_visible()


def test_a_signed_in_customer_and_the_next_one(visit, world):
    tokens = Tokens(SECRET)
    ann = tokens.sign(Customer(id="C-1001", name="Ann", expires=int(time.time()) + 600))
    page = visit("data-open", script=f"window.Namedrop = {{ token: async () => {ann!r} }}")
    ask(page, "hello")
    assert world.assistant.heard["customer"].id == "C-1001"
    first = page.evaluate("JSON.parse(sessionStorage.namedrop).session")
    page.evaluate("Namedrop.token = null")  # signed out: the next one sees nothing of it
    ask(page, "who am I?")
    assert world.assistant.heard["customer"] is None
    assert page.evaluate("JSON.parse(sessionStorage.namedrop).session") != first
    assert page.locator(".said").all_inner_texts() == ["who am I?"]
    page.evaluate("Namedrop.token = 'forged'")
    ask(page, "and now?", "[role=alert]")
    assert "sign in again" in page.locator(".bad").inner_text()
    assert len(page.complaints) == 2  # the 403 and the 401
    page.complaints.clear()


def test_a_token_that_cannot_be_had_is_no_fault_of_the_server(visit, world):
    world.assistant.heard = None
    page = visit("data-open", script="window.Namedrop = { token: async () => { throw new Error('no such page') } }")
    ask(page, "hello", "[role=alert]")
    assert "on our side" in page.locator(".bad").inner_text()
    page.evaluate("Namedrop.token = async () => '<!doctype html><title>Sign in</title>'")
    ask(page, "and now?", "[role=alert] >> nth=1")
    assert "on our side" in page.locator(".bad").last.inner_text()
    assert world.assistant.heard is None
    assert ["no such page" in text or "not a token" in text for text in page.complaints] == [True, True]
    page.complaints.clear()


def test_messages_sent_at_once_follow_one_another(visit):
    page = visit()
    page.evaluate("Namedrop.send('one'); Namedrop.send('two')")
    page.wait_for_selector(".turn:nth-child(3) .card")
    assert page.locator(".said").all_inner_texts() == ["one", "two"]


def test_nothing_outlives_the_tab_without_consent(visit, world):
    page = visit("data-open data-consent")
    ask(page, "hello")
    page.click("text='No'")
    ask(page, "hello again")
    assert page.locator("text=Remember your taste").count() == 0
    assert page.evaluate("localStorage.length") == 0

    page = visit("data-open data-consent")
    ask(page, "hello")
    page.click("text='Yes'")
    until(page, "localStorage.namedrop?.length > 15")
    visitor = page.evaluate("localStorage.namedrop")
    tab = page.context.new_page()
    tab.goto(f"{world.shop}/")
    ask(tab, "a new conversation")
    assert world.assistant.heard["visitor"] == visitor
    assert tab.locator("text=Remember your taste").count() == 0


def test_the_page_can_drive_it_and_hears_of_it(visit, world):
    heard = """window.heard = [];
        for (const type of "ready open close message reply feedback select handoff forget error".split(" "))
            document.addEventListener(`namedrop:${type}`, (event) => {
                window.heard.push([type, event.detail]); if (type === "select") event.preventDefault(); });"""
    page = visit('data-link="/item/{id}"', script=heard)
    page.evaluate("Namedrop.pageItem = 'film-heat-1995'; Namedrop.send('hello')")
    page.wait_for_selector(".card")
    page.wait_for_selector(IDLE)
    assert world.assistant.heard["page_item"] == "film-heat-1995"
    page.locator(".card a").first.click()
    page.locator(".card [data-signal=like]").first.click()
    page.wait_for_selector("[aria-pressed=true]")
    page.evaluate("Namedrop.close()")
    heard = page.evaluate("window.heard")
    assert [type for type, _ in heard] == ["ready", "open", "message", "reply", "select", "feedback", "close"]
    details = dict(heard)
    assert details["reply"]["items"][0]["title"] == "Stalker"
    assert details["select"]["url"] == f"{world.shop}/item/film-stalker-1979"
    assert page.url == f"{world.shop}/"  # select was prevented


def test_chinese_right_to_left_and_the_shop_s_colour(visit):
    page = visit('data-open data-position="left" data-color="#ffcc00" data-theme="dark"', lang="zh-CN", dir="rtl")
    assert page.locator("h2").inner_text() == "在线咨询"
    ask(page, "科幻片", ".go[aria-label=发送]")
    assert "¥38.00" in page.locator(".card:has-text('星际穿越')").inner_text()
    style = """(selector) => { const e = document.querySelector('namedrop-chat').shadowRoot.querySelector(selector);
        const s = getComputedStyle(e);
        return [s.backgroundColor, s.color, s.direction, e.getBoundingClientRect().x] }"""
    assert page.evaluate(style, "header") == ["rgb(255, 204, 0)", "rgb(0, 0, 0)", "rtl", pytest.approx(864, abs=2)]
    ground, _, direction, left = page.evaluate(style, "dialog")
    assert (ground, direction) == ("rgb(23, 25, 27)", "rtl")
    assert left > 800  # left is meant along the lines: in a page from right to left it is the right
    page = visit("data-open", dir="rtl")
    assert page.evaluate(style, "dialog")[3] == pytest.approx(20, abs=2)


@pytest.mark.parametrize(
    ("lang", "dir", "scheme", "options", "width"),
    [("en", "ltr", "light", "", 1280), ("zh", "rtl", "dark", 'data-color="#ffcc00"', 360)],
)
def test_axe_finds_nothing(visit, lang, dir, scheme, options, width):
    page = visit(f"data-consent {options}", lang=lang, dir=dir, width=width, color_scheme=scheme)
    axe, found = Axe(), []

    def look():
        page.evaluate(
            "Promise.all(document.querySelector('namedrop-chat').shadowRoot.getAnimations().map((a) => a.finished))"
        )
        result = axe.run(page, options={"resultTypes": ["violations"]})
        found.extend(
            (entry["id"], node["target"], node["failureSummary"])
            for entry in result.response["violations"]
            for node in entry["nodes"]
        )

    look()
    page.click(".launch")
    look()
    idle = f".go[aria-label={'Send' if lang == 'en' else '发送'}]"
    ask(page, "before 1990", idle)
    page.locator("[data-signal=like]").first.click()
    page.wait_for_selector("[aria-pressed=true]")
    look()
    ask(page, "can I return it?", idle)
    look()
    ask(page, "a person", idle)
    ask(page, "break", "[role=alert] button")
    look()
    assert found == []
    page.locator("header .icon").evaluate("(e) => { e.removeAttribute('aria-label'); e.removeAttribute('title'); }")
    look()
    assert [name for name, *_ in found] == ["button-name"]  # it does look into the shadow root


def test_axe_finds_nothing_on_the_main_page(browser, world):
    for scheme, width in (("light", 1280), ("dark", 360)):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, locale="en-US")
        page = context.new_page()
        page.goto(f"{world.namedrop}/")
        page.wait_for_selector("#namedrop[data-wired]")
        page.wait_for_selector("#nd-status", state="hidden")
        for message in (None, "before 1990", "can I return it?"):
            if message:
                page.fill("#nd-input", message)
                page.press("#nd-input", "Enter")
                page.wait_for_selector(f"article:has-text({message!r}) .answer[aria-busy=false]")
                page.wait_for_timeout(500)  # cards rise for a moment
            violations = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
            assert [(v["id"], n["target"], n["failureSummary"]) for v in violations for n in v["nodes"]] == []
        context.close()
