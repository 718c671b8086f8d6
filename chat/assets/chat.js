// The behaviour of the chat page. Whatever people, shops or models write goes into the page as text nodes only.
"use strict";
(() => {
  const KINDS_SEEN = { film: "seen", book: "read", game: "played", album: "heard", course: "taken" };
  const WORDS = {
    en: {
      skip: "Skip to the message box", dark: "Dark mode", new: "New chat", log: "Conversation", message: "Your message",
      hello: "What are you in the mood for?", openings: "Ways to begin", helloGoods: "What are you looking for?", placeholderGoods: "I need…",
      leadGoods: "Say what it is for, what it must have, or what you can spend. Everything you are shown is really in the catalogue, at the price it shows.",
      have: "Have it",
      lead: "Say what you loved, what you have had enough of, or what you can spend. Every title you get is really in the catalogue, at the price it shows.",
      placeholder: "Something like…", send: "Send", stop: "Stop", limits: "Limits in force", keeping: "Keeping to",
      hint: "Enter sends, Shift+Enter starts a new line.", remove: (label) => `Remove: ${label}`, removed: (label) => `No longer: ${label}`,
      like: "Like", dislike: "Not for me", seen: "Seen it", read: "Read it", played: "Played it", heard: "Heard it", taken: "Took it",
      view: (title) => `What you think of ${title}`, why: "Why this one", ad: "Sponsored", inStock: "In stock", outOfStock: "Out of stock",
      noted: { like: (t) => `Noted: you like ${t}.`, dislike: (t) => `Noted: ${t} is not for you.`, seen: (t) => `Noted: you know ${t} already.`, undo: (t) => `Taken back for ${t}.` },
      loading: "Getting the catalogue and the model ready. You can already write.", waiting: "Your message goes out as soon as everything is ready.",
      failed: "The assistant could not start. Its log says why.", again: "Try again", againIn: (seconds) => `Try again in ${seconds} s`, crowded: "Many people are asking just now. Your message is still here.", offline: "The connection to the assistant was lost.",
      trouble: "Something went wrong on our side.", stopped: "Stopped.", thinking: "Looking…", titles: "Titles", source: "From", person: "Request for a person",
      restored: "Your conversation is back.",
    },
    zh: {
      skip: "跳到输入框", dark: "深色模式", new: "新对话", log: "对话", message: "你的消息",
      hello: "今天想看点、听点、玩点什么？", openings: "可以这样开始", helloGoods: "你想找什么？", placeholderGoods: "我需要……",
      leadGoods: "说说用途、必须具备的条件或者预算。展示的每一样都真实在售，价格如实显示。",
      have: "已有",
      lead: "说说你喜欢过什么、看腻了什么，或者预算多少。推荐的每一个标题都真实在售，价格如实显示。",
      placeholder: "比如：类似……", send: "发送", stop: "停止", limits: "当前条件", keeping: "条件",
      hint: "Enter 发送，Shift+Enter 换行。", remove: (label) => `移除：${label}`, removed: (label) => `不再限制：${label}`,
      like: "喜欢", dislike: "不合适", seen: "看过", read: "读过", played: "玩过", heard: "听过", taken: "学过",
      view: (title) => `你对《${title}》的看法`, why: "推荐理由", ad: "赞助", inStock: "有货", outOfStock: "缺货",
      noted: { like: (t) => `已记下：你喜欢《${t}》。`, dislike: (t) => `已记下：《${t}》不适合你。`, seen: (t) => `已记下：你已经知道《${t}》。`, undo: (t) => `已撤销：《${t}》。` },
      loading: "正在准备目录和模型，你可以先写。", waiting: "准备好后会立即发送你的消息。",
      failed: "助手未能启动，请查看服务器日志。", again: "再试一次", againIn: (seconds) => `${seconds} 秒后再试`, crowded: "现在提问的人很多，你的消息还在这里。", offline: "与助手的连接已断开。",
      trouble: "我们这边出了点问题。", stopped: "已停止。", thinking: "正在查找……", titles: "标题", source: "来源", person: "人工服务请求",
      restored: "已恢复你的对话。",
    },
  };
  const language = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";
  const say = WORDS[language];
  const ICONS = {
    like: "M12 20s-7.5-4.6-7.5-10A4.2 4.2 0 0 1 12 7.3 4.2 4.2 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10z",
    dislike: "M6 6l12 12M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
    seen: "M4.5 12.5l5 5 10-11",
    close: "M6 6l12 12M18 6 6 18",
  };

  // --- theme: follows the system until the person chooses otherwise; choosing what the system has is following it ---
  const root = document.documentElement;
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("namedrop.theme"); } catch { return null; } };
  const isDark = () => (chosen() ? chosen() === "dark" : systemDark.matches);
  function paintTheme() {
    root.dataset.theme = isDark() ? "dark" : "light";
    document.getElementById("nd-theme")?.setAttribute("aria-pressed", String(isDark()));
  }
  function toggleTheme() {
    const dark = !isDark();
    try {
      if (dark === systemDark.matches) localStorage.removeItem("namedrop.theme");
      else localStorage.setItem("namedrop.theme", dark ? "dark" : "light");
    } catch { /* a browser that stores nothing keeps the system's theme */ }
    paintTheme();
  }
  systemDark.addEventListener("change", paintTheme);
  root.lang = language === "zh" ? "zh-CN" : "en";
  paintTheme();

  // --- what the browser keeps: the session's id per tab, so that two tabs are two conversations; and, once the person
  //     has asked to be remembered, the id by which they are known again ------------------------------------------------
  const KEY = "namedrop.session";
  const stored = () => { try { return sessionStorage.getItem(KEY); } catch { return null; } };
  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  const state = { session: stored() || newId(), ready: false, pending: null, running: null, limits: [], liked: new Set(), disliked: new Set(), seen: new Set() };
  function keepSession() { try { sessionStorage.setItem(KEY, state.session); } catch { /* the tab forgets on reload */ } }

  const visitor = () => { try { return localStorage.getItem("namedrop.visitor") || undefined; } catch { return undefined; } };
  function keepVisitor(id) { try { localStorage.setItem("namedrop.visitor", id); } catch { /* known in this tab only */ } }

  // --- small tools ----------------------------------------------------------------------------------------------
  const $ = (id) => document.getElementById(id);
  function el(tag, properties = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name in node) node[name] = value;
      else node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== ""));
    return node;
  }
  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }
  function announce(text) { $("nd-live").textContent = text; }
  function money(price, currency) {
    try { return new Intl.NumberFormat(root.lang, currency ? { style: "currency", currency } : { minimumFractionDigits: 2 }).format(price); }
    catch { return `${price.toFixed(2)} ${currency}`; }
  }
  const isLink = (url) => /^(https?:\/\/|\/(?!\/))/i.test(url || "");

  class Trouble extends Error {}
  async function call(path, options = {}) {
    const { body, ...rest } = options;
    let response;
    try {
      response = await fetch(path, { ...rest, headers: { ...(body && { "Content-Type": "application/json" }), ...rest.headers }, body: body && JSON.stringify(body) });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Trouble(say.offline);
    }
    if (!response.ok) {
      const answer = await response.json().catch(() => ({}));
      const crowded = response.status === 429;
      const trouble = new Trouble((!crowded && answer.error?.message) || (crowded ? say.crowded : say.trouble));
      trouble.status = response.status;
      trouble.wait = crowded ? Number(response.headers.get("Retry-After")) || 2 : 0; // seconds
      throw trouble;
    }
    return response;
  }
  const send = (path, body, options = {}) => call(path, { method: "POST", body, ...options });
  async function* events(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let buffer = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      buffer += value;
      for (let end; (end = buffer.indexOf("\n\n")) >= 0; buffer = buffer.slice(end + 2)) {
        const lines = buffer.slice(0, end).split("\n");
        const field = (name) => lines.filter((line) => line.startsWith(name)).map((line) => line.slice(name.length)).join("\n");
        if (field("data: ")) yield { type: field("event: "), data: JSON.parse(field("data: ")) };
      }
    }
  }

  // --- cards and limits -----------------------------------------------------------------------------------------
  function card(item) {
    const heading = el("h2", { className: "name", title: item.title });
    heading.append(isLink(item.url) ? el("a", { href: item.url, target: "_blank", rel: "noopener noreferrer nofollow", textContent: item.title }) : item.title);
    const meta = [item.year, (item.creators || []).join(", ")].filter(Boolean).join(" · ");
    const stock = el("span", { className: item.in_stock ? "stock" : "stock out", textContent: item.in_stock ? say.inStock : say.outOfStock });
    const facts = el("div", { className: "facts" }, heading);
    if (meta) facts.append(el("p", { className: "meta", textContent: meta }));
    facts.append(el("p", { className: "offer" }, item.price === null ? "" : el("b", { textContent: money(item.price, item.currency) }), stock));
    if (item.sponsored) facts.append(el("p", { className: "ad", textContent: say.ad }));
    if (item.why) facts.append(el("p", { className: "why" }, el("span", { textContent: say.why }), item.why));
    const acts = el("div", { className: "acts", role: "group", "aria-label": say.view(item.title) });
    for (const signal of ["like", "dislike", "seen"]) {
      const label = signal === "seen" ? say[KINDS_SEEN[item.kind] || (state.ofGoods ? "have" : "seen")] : say[signal];
      acts.append(el("button", { type: "button", "data-signal": signal, "aria-pressed": "false", "aria-label": `${label}: ${item.title}` }, icon(signal), el("span", { textContent: label })));
    }
    const picture = el("img", { src: `/api/covers/${encodeURIComponent(item.id)}.svg`, alt: "", width: 300, height: 420, decoding: "async" });
    return el("li", { className: "card", "data-id": item.id, "data-kind": item.kind, "data-title": item.title }, el("div", { className: "frame" }, picture), facts, acts);
  }
  function paintCards(answer, items) {
    const shown = JSON.stringify(items);
    if (answer.dataset.shown === shown) return;
    answer.dataset.shown = shown;
    answer.querySelector(".cards")?.remove();
    if (items.length) answer.querySelector(".words").after(el("ul", { className: "cards", "aria-label": say.titles }, ...items.map(card)));
    paintSignals();
  }
  function paintSignals() {
    const sets = { like: state.liked, dislike: state.disliked, seen: state.seen };
    for (const button of document.querySelectorAll("#namedrop .acts button")) {
      button.setAttribute("aria-pressed", String(sets[button.dataset.signal].has(button.closest(".card").dataset.id)));
    }
  }
  function paintLimits(limits) {
    state.limits = limits;
    const box = $("nd-limits");
    box.hidden = !limits.length;
    box.replaceChildren(el("span", { textContent: say.keeping }), ...limits.map((limit, index) =>
      el("span", { className: "limit" }, el("span", { textContent: limit.label, title: limit.label }),
        el("button", { type: "button", "data-limit": index, "aria-label": say.remove(limit.label) }, icon("close")))));
  }
  function learn(judged) {
    for (const name of ["liked", "disliked", "seen"]) state[name] = new Set(judged[name].map((entry) => entry.id || entry));
    paintSignals();
  }
  async function judge(button) {
    const { id, title } = button.closest(".card").dataset;
    const signal = button.getAttribute("aria-pressed") === "true" ? "undo" : button.dataset.signal;
    try {
      learn(await (await send("/api/feedback", { session: state.session, item_id: id, signal })).json());
      announce(say.noted[signal](title));
    } catch (error) { announce(error.message); flash(error.message); }
  }
  function flash(text) {
    paintStatus(text, true);
    setTimeout(() => { if (state.ready) paintStatus(""); }, 5000);
  }

  // --- turns ----------------------------------------------------------------------------------------------------
  function addTurn(message, { quiet = false } = {}) {
    $("namedrop").dataset.state = "talking";
    const words = el("p", { className: "words" });
    const answer = el("div", { className: "answer", "aria-busy": "true" }, words);
    const turn = el("article", { className: "turn" }, message ? el("p", { className: quiet ? "said quiet" : "said", textContent: message }) : "", answer);
    $("nd-log").append(turn);
    return { turn, answer, words };
  }
  function paintReply({ answer, words }, reply) {
    const { citations = [] } = reply;
    const alone = citations.length === 1 && reply.text.endsWith(citations[0].quote); // then it is said once, as a quote
    words.textContent = alone ? reply.text.slice(0, -citations[0].quote.length).trim() : reply.text;
    words.hidden = /[:：]$/.test(words.textContent);
    if (reply.visitor) keepVisitor(reply.visitor);
    answer.setAttribute("aria-busy", "false");
    paintCards(answer, reply.items || []);
    for (const citation of citations) {
      answer.append(el("figure", { className: "quote" }, el("blockquote", { textContent: citation.quote }), el("figcaption", { textContent: `${say.source}: ${citation.title}` })));
    }
    if (reply.handoff) answer.append(el("p", { className: "notice", textContent: `${say.person}: ${reply.handoff.ticket}` }));
  }
  function paintTrouble({ turn, answer }, error, retry) {
    answer.setAttribute("aria-busy", "false");
    answer.querySelector(".thinking")?.remove();
    const again = el("button", { type: "button" });
    again.addEventListener("click", () => { turn.remove(); $("nd-input").focus(); retry(); });
    answer.append(el("div", { className: "trouble", role: "alert" }, el("p", { textContent: error.message }), again));
    const count = (left) => {
      again.disabled = left > 0;
      again.textContent = left > 0 ? say.againIn(left) : say.again;
      if (left > 0) setTimeout(count, 1000, left - 1);
    };
    count(error.wait || 0);
    (again.disabled ? $("nd-input") : again).focus();
  }

  /** Run one exchange: `work(parts, signal)` returns the reply; errors offer to do it again with `retry`. */
  async function exchange(message, options, work, retry) {
    if (state.running) return;
    const running = (state.running = new AbortController());
    const parts = addTurn(message, options);
    parts.words.append(el("span", { className: "thinking", "aria-hidden": "true" }, el("i"), el("i"), el("i")));
    parts.turn.scrollIntoView({ block: "start" });
    busy(true);
    announce(say.thinking);
    try {
      const reply = await work(parts, running.signal);
      paintReply(parts, reply);
      paintLimits(reply.constraints || []);
      announce([reply.text, ...(reply.items || []).map((item) => item.title)].join(" · "));
    } catch (error) {
      if (running !== state.running) return; // a new chat has begun meanwhile
      if (error.name === "AbortError") { parts.answer.setAttribute("aria-busy", "false"); parts.words.textContent ||= say.stopped; announce(say.stopped); }
      else paintTrouble(parts, error instanceof Trouble ? error : new Trouble(say.trouble), retry);
    } finally {
      if (running === state.running) { state.running = null; busy(false); }
    }
  }
  function ask(message) {
    if (!state.ready) {
      state.pending = message;
      $("nd-input").value = message;
      paintStatus(say.waiting);
      return;
    }
    keepSession();
    $("nd-input").value = "";
    exchange(message, {}, async (parts, signal) => {
      const response = await send("/api/chat", { message, session: state.session, visitor: visitor() }, { signal, headers: { Accept: "text/event-stream" } });
      let text = "";
      for await (const { type, data } of events(response)) {
        if (type === "items") { paintCards(parts.answer, data.items); paintLimits(data.constraints); }
        else if (type === "text") parts.words.textContent = text += data.text;
        else if (type === "done") return data;
        else if (type === "error") throw new Trouble(data.error?.message || say.trouble);
      }
      throw new Trouble(say.offline);
    }, () => ask(message));
  }
  function dropLimit({ field, op, value, label }) {
    $("nd-input").focus();
    exchange(say.removed(label), { quiet: true }, async (_, signal) =>
      (await send(`/api/sessions/${state.session}/constraints/remove`, { field, op, value }, { signal })).json(),
      () => dropLimit({ field, op, value, label }));
  }
  function newChat() {
    const running = state.running;
    state.running = null;
    running?.abort();
    busy(false);
    Object.assign(state, { session: newId(), pending: null });
    try { sessionStorage.removeItem(KEY); } catch { /* nothing was stored */ }
    $("nd-log").replaceChildren();
    $("namedrop").dataset.state = "empty";
    learn({ liked: [], disliked: [], seen: [] });
    paintLimits([]);
    $("nd-input").value = "";
    $("nd-input").focus();
    $("nd-scroll").scrollTop = 0;
    announce(say.hello);
  }
  async function restore() {
    let view;
    try { view = await (await call(`/api/sessions/${state.session}`)).json(); }
    catch (error) { if (error.status === 404) newChat(); else paintStatus(error.message, true); return; }
    $("nd-log").replaceChildren();
    let message = "";
    for (const { role, text, items, whys = [], sponsored = [], citations } of view.messages) {
      if (role === "user") { if (message) addTurn(message).turn.querySelector(".answer").remove(); message = text; continue; }
      const parts = addTurn(message);
      paintReply(parts, { text, citations, items: items.map((id, at) => view.cards[id] && { ...view.cards[id], why: whys[at] ?? "", sponsored: sponsored.includes(id) }).filter(Boolean) });
      message = "";
    }
    learn(view);
    paintLimits(view.constraints);
    $("nd-log").lastElementChild?.scrollIntoView({ block: "start" });
    announce(say.restored);
  }

  // --- readiness ------------------------------------------------------------------------------------------------
  function busy(is) {
    $("namedrop").toggleAttribute("data-busy", is);
    $("nd-send").setAttribute("aria-label", is ? say.stop : say.send);
  }
  function paintStatus(text, failed = false) {
    const box = $("nd-status");
    box.hidden = !text;
    box.classList.toggle("failed", failed);
    box.querySelector("span").textContent = text;
  }
  async function paintOpenings() {
    const list = document.querySelector(".openings");
    try {
      const { of_goods: ofGoods, openings } = await (await call(`/api/openings?language=${language}`)).json();
      state.ofGoods = ofGoods;
      if (ofGoods) {
        $("nd-hello-title").textContent = say.helloGoods;
        document.querySelector("[data-t=lead]").textContent = say.leadGoods;
        $("nd-input").placeholder = say.placeholderGoods;
      }
      if (openings.length) list.replaceChildren(...openings.map(opening));
    } catch { /* the page's own are as good as any */ }
    list.removeAttribute("aria-busy");
  }
  function opening({ text, item_id: id }) {
    const picture = Object.assign(new Image(45, 63), { alt: "", src: `/api/covers/${encodeURIComponent(id)}.svg` });
    const button = Object.assign(document.createElement("button"), { type: "button", className: "opening" });
    button.append(picture, Object.assign(document.createElement("span"), { textContent: text }));
    const entry = document.createElement("li");
    entry.append(button);
    return entry;
  }
  async function awaitReady() {
    for (;;) {
      let health = {};
      try { health = await (await call("/healthz")).json(); } catch { /* shown as not ready */ }
      if (health.assistant === "ready") break;
      if (health.assistant === "loading") paintStatus(state.pending ? say.waiting : say.loading);
      else paintStatus(health.assistant === "failed" ? say.failed : say.offline, true);
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    state.ready = true;
    paintStatus("");
    await paintOpenings();
    if (stored()) await restore();
    const { pending } = state;
    state.pending = null;
    if (pending) ask(pending);
  }

  // --- wiring ---------------------------------------------------------------------------------------------------
  function wire(page) {
    for (const node of page.querySelectorAll("[data-t]")) node.textContent = say[node.dataset.t];
    for (const node of page.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", say[node.dataset.tLabel]);
    for (const node of page.querySelectorAll("[data-t-placeholder]")) node.placeholder = say[node.dataset.tPlaceholder];
    paintTheme();
    const input = $("nd-input");
    page.addEventListener("click", (event) => {
      const button = event.target.closest("button, .skip");
      if (!button) return;
      if (button.id === "nd-theme") toggleTheme();
      else if (button.id === "nd-new") newChat();
      else if (button.id === "nd-send" && state.running) { event.preventDefault(); state.running.abort(); }
      else if (button.matches(".skip")) { event.preventDefault(); input.focus(); }
      else if (button.matches(".opening")) { input.focus(); ask(button.textContent.trim()); }
      else if (button.matches(".acts button")) judge(button);
      else if (button.dataset.limit && !state.running) dropLimit(state.limits[Number(button.dataset.limit)]);
    });
    $("nd-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const message = input.value.trim();
      if (message && !state.running) ask(message);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      if (!state.running) $("nd-form").requestSubmit();
    });
    if (stored()) page.dataset.state = "talking";
    if (matchMedia("(hover: hover)").matches) input.focus();
    awaitReady();
  }
  function find() {
    const page = $("namedrop");
    if (!page || page.dataset.wired) return Boolean(page);
    page.dataset.wired = "yes";
    wire(page);
    return true;
  }
  if (!find()) {
    const observer = new MutationObserver(() => { if (find()) observer.disconnect(); });
    observer.observe(root, { childList: true, subtree: true });
  }
})();
