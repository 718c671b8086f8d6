// Namedrop's chat on any page: <script src="https://chat.shop.example/widget.js" defer></script>; see docs/widget.md.
// What people, shops and models write goes into the page as text nodes only.
"use strict";
(() => {
const script = document.currentScript || document.querySelector('script[src*="/widget.js"]');
if (!script || document.querySelector("namedrop-chat")) return;
const data = script.dataset;
const base = script.src.replace(/\/widget\.js([?#].*)?$/, "");

const WORDS = {
  en: {
    title: "Ask us", open: "Open the chat", close: "Close the chat", log: "Conversation", message: "Your message", send: "Send", stop: "Stop",
    hello: "Hello! I am this shop's automated assistant. Ask me for ideas, about an order or about our terms.",
    starters: "Recommend something|Where is my order?|Can I return it?", here: "Is this in stock?|Something like this|",
    place: "Write a message…", hint: "Enter: send. Shift+Enter: new line. Escape: close.", auto: "Automated answers", forget: "Forget this chat",
    sure: "Delete this chat and what we remember of you, here and on our server?", yes: "Delete", no: "Keep", gone: "Deleted.",
    keep: "Remember your taste for next time?", remember: "Yes", dont: "No",
    keeping: "Keeping to", remove: "Remove", removed: "No longer", why: "Why", ad: "Sponsored",
    like: "I like it", dislike: "Not for me", noted: "Noted.", stock: "In stock", out: "Out of stock", source: "From our terms",
    person: "Request for a person", looking: "Looking…", again: "Try again", stopped: "Stopped.",
    busy: "Very busy just now. Try again in {} s.", starting: "Still starting. Try again in a moment.",
    lost: "The assistant cannot be reached.", offline: "You are offline.", signin: "Please sign in again.", trouble: "Something went wrong on our side.",
  },
  zh: {
    title: "在线咨询", open: "打开聊天", close: "关闭聊天", log: "对话", message: "你的消息", send: "发送", stop: "停止",
    hello: "你好！我是本店的自动助手。想找点好看好玩的、查订单，或了解本店条款，都可以问我。",
    starters: "推荐点什么|我的订单到哪了？|可以退货吗？", here: "这个有货吗？|类似这个的|",
    place: "输入消息……", hint: "Enter 发送，Shift+Enter 换行，Esc 关闭。", auto: "自动回复", forget: "删除对话",
    sure: "要在本机和服务器上删除对话和对你的记忆吗？", yes: "删除", no: "保留", gone: "已删除。",
    keep: "下次也记得你的喜好吗？", remember: "好", dont: "不用",
    keeping: "条件", remove: "移除", removed: "不再限制", why: "推荐理由", ad: "赞助",
    like: "喜欢", dislike: "不合适", noted: "已记下。", stock: "有货", out: "缺货", source: "本店条款",
    person: "人工服务请求", looking: "正在查找……", again: "再试一次", stopped: "已停止。",
    busy: "咨询的人较多，请 {} 秒后再试。", starting: "助手正在启动，请稍后再试。",
    lost: "暂时无法连接助手。", offline: "网络已断开。", signin: "请重新登录。", trouble: "我们这边出了点问题。",
  },
};
const wanted = /^(en|zh)/.test(data.lang) ? data.lang : document.documentElement.lang || navigator.language;
const lang = /^zh/i.test(wanted) ? "zh" : "en";
const say = WORDS[lang];
const label = (name, value) => say[name] + (lang === "zh" ? "：" : ": ") + value;

const ICONS = {
  chat: "M4 5.5h16v11H11l-4.5 4v-4H4z", close: "M6 6l12 12M18 6 6 18", send: "M12 19V5M5.5 11.5 12 5l6.5 6.5", stop: "M8 8h8v8H8z",
  like: "M12 20s-7.5-4.6-7.5-10A4.2 4.2 0 0 1 12 7.3 4.2 4.2 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10z", dislike: "M6 6l12 12M12 3.5a8.5 8.5 0 1 0 .1 0",
};
const SMALL = "(max-width: 520px), (max-height: 440px)";
const STYLE = `
:host {all: initial; color-scheme: light dark; --accent: #0b5f58; --on: #fff}
:host([theme=light]) {color-scheme: light} :host([theme=dark]) {color-scheme: dark} :host([dir=rtl]) .root {text-align: right}
.root {
--ground: light-dark(#fff, #17191b); --sunken: light-dark(#f3f1ed, #25282b); --ink: light-dark(#1e1c1a, #eeece8); --muted: light-dark(#5f5850, #b0aca5);
--line: light-dark(#d9d2c8, #43484c);
font: 15px/1.5 system-ui, sans-serif; color: var(--ink); text-align: left;
}
.left {--side: 20px auto}
* {box-sizing: border-box; margin: 0; padding: 0; font: inherit; color: inherit}
p, b, span, summary, blockquote {unicode-bidi: plaintext; overflow-wrap: anywhere} p, blockquote {white-space: pre-wrap}
button, textarea {border: 0; background: none; cursor: pointer}
svg {width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round}
[hidden] {display: none !important} .sr {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)}
:focus-visible {outline: 2.5px solid; outline-offset: -4px} a:focus-visible {outline-offset: 1px}
.launch, dialog {position: fixed; z-index: 2147483000; inset: auto auto max(20px, env(safe-area-inset-bottom)); inset-inline: var(--side, auto 20px)}
.icon, .go {display: grid; place-items: center; flex: none; width: 40px; height: 40px; border-radius: 50%}
.launch {width: 58px; height: 58px; box-shadow: 0 4px 18px #0005} .launch svg {scale: 1.3}
.launch, header, .said, .go, .main {background: var(--accent); color: var(--on)}
dialog {width: 396px; height: min(660px, 100dvh - 40px); max-width: none; max-height: none; border: 1px solid var(--line); border-radius: 18px; overflow: hidden; background: var(--ground); box-shadow: 0 12px 48px #0004; animation: up .2s}
dialog[open] {display: flex; flex-direction: column}
header {display: flex; align-items: center; padding: 6px; padding-inline-start: 18px} h2, b {font-weight: 650} h2 {flex: 1; font-size: 17px}
.log {flex: 1; position: relative; overflow: hidden auto; overscroll-behavior: contain; padding: 0 16px}
.turn {padding: 14px 0 0} .turn:last-child {min-height: 100%; padding-bottom: 14px} .turn>*+* {margin-top: 10px}
.said {width: fit-content; max-width: 85%; margin-inline-start: auto; padding: 8px 14px; border-radius: 16px} .quiet {opacity: .8}
.wait {animation: wait 1s infinite alternate}
.row {display: flex; flex-wrap: wrap; align-items: center; gap: 7px 9px} .bar {padding: 8px 16px; border-top: 1px solid var(--line); font-size: 14px} [role=status] {background: var(--sunken)}
.chip {padding: 6px 14px; border: 1px solid var(--line); border-radius: 18px; text-align: start} button:hover {filter: contrast(.8)}
.chip:has(.icon) {display: flex; align-items: center; padding: 0; padding-inline-start: 12px} .chip .icon {width: 32px; height: 32px}
.card {display: flex; gap: 11px; padding: 12px 0; border-top: 1px solid var(--line)} .card>div {flex: 1; min-width: 0}
img {flex: none; width: 66px; height: 92px; border-radius: 7px; object-fit: cover; background: var(--sunken)} .soft {color: var(--muted); font-size: 13.5px}
.card>.acts {flex: none; display: grid; gap: 6px; align-content: start} .acts .icon {border: 1px solid var(--line)} [aria-pressed=true] {background: var(--ink); color: var(--ground)}
details, .bad {padding: 8px 12px; border-inline-start: 4px solid var(--accent); border-radius: 6px; background: var(--sunken); font-size: 14px} .bad {border-color: #d9480f} .bad button {margin-top: 8px}
blockquote {margin-top: 6px}
form {display: flex; align-items: flex-end; margin: 6px 12px 0; padding: 3px; padding-inline-start: 14px; border: 1px solid var(--muted); border-radius: 24px} form:focus-within {outline: 2px solid var(--ink)}
textarea {flex: 1; min-width: 0; max-height: 120px; padding: 9px 0; resize: none; outline: 0 !important; font-size: 16px; line-height: 22px; field-sizing: content; cursor: text} ::placeholder {unicode-bidi: plaintext; color: var(--muted); opacity: 1}
.foot {justify-content: center; padding: 3px 12px max(5px, env(safe-area-inset-bottom))} .foot button {text-decoration: underline; min-height: 26px}
@media ${SMALL} {.bar {flex-wrap: nowrap; overflow-x: auto; white-space: nowrap} .bar>* {flex: none} .bar p {flex: 1; white-space: normal}
dialog {inset: 0 !important; width: 100%; height: var(--h, 100dvh); border: 0; border-radius: 0; padding: env(safe-area-inset-top) env(safe-area-inset-right) 0 env(safe-area-inset-left)}}
@media (max-height: 440px) {dialog {overflow-y: auto} header, .bar {padding-block: 2px} .bar {flex: none} .log {flex: 1 0 96px} form {margin-top: 2px} .foot {padding-block: 0}}
@media (prefers-reduced-motion) {* {animation: none !important}} @media (prefers-contrast: more) {.root {--muted: var(--ink); --line: var(--ink)}}
@media (forced-colors: active) {[aria-pressed=true] {outline: 3px solid} .launch, .said, .go {border: 1px solid}} @media print {.root {display: none}}
@keyframes up {from {opacity: 0; translate: 0 12px}} @keyframes wait {to {opacity: .4}}`;

// --- tools
function h(name, properties, ...children) { // h("p.words", { lang: "en" }, "text", child)
  const [tag, ...classes] = name.split(".");
  const node = document.createElement(tag);
  node.className = classes.join(" ");
  if (properties?.constructor === Object) for (const key in properties) key in node ? (node[key] = properties[key]) : node.setAttribute(key, properties[key]);
  else children.unshift(properties);
  node.append(...children.filter(Boolean));
  return node;
}
function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}
const button = (kind, text, onclick) => h(`button.${kind}`, { type: "button", onclick }, text);
const iconButton = (name, ariaLabel, onclick) => h("button.icon", { type: "button", title: ariaLabel, ariaLabel, onclick }, icon(name));
const emit = (type, detail) => document.dispatchEvent(new CustomEvent(`namedrop:${type}`, { detail, cancelable: true }));
function address(text) {
  try { const url = new URL(text || "about:", document.baseURI); return /^https?:$/.test(url.protocol) && url; } catch { return null; }
}
function money({ price, currency }) {
  try { return new Intl.NumberFormat(lang, currency ? { style: "currency", currency } : {}).format(price); } catch { return `${price} ${currency}`; }
}

// --- what the browser keeps: for the tab, the conversation's id; with consent, the visitor's
const newId = () => crypto.getRandomValues(new Uint8Array(16)).reduce((id, byte) => id + (256 + byte).toString(16).slice(1), "");
let kept = {}, visitor; // visitor: "" is a customer, whom the token names
try { visitor = localStorage.namedrop; kept = JSON.parse(sessionStorage.namedrop); } catch { /* nothing of ours */ }
if (!/^\w{32}$/.test(kept?.session)) kept = { session: newId() };
function save() {
  try {
    sessionStorage.namedrop = JSON.stringify(kept);
    if (visitor == null) delete localStorage.namedrop;
    else localStorage.namedrop = visitor;
  } catch { /* storage is off: forgotten on reload */ }
}

// --- the server
const trouble = (text, status = 0) => Object.assign(Error(text), { status }); // may be shown
async function call(method, path, body, options) {
  const headers = {};
  let response, token;
  try {
    token = await (typeof api.token === "function" ? api.token() : api.token ?? data.customerToken);
    if (token && !/^[\w.-]+$/.test(token)) throw TypeError("not a token");
  } catch (error) { console.error("Namedrop.token", error); throw trouble(say.trouble); }
  try {
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body) headers["Content-Type"] = "application/json";
    if (visitor && method === "DELETE") headers["Namedrop-Visitor"] = visitor;
    if (options) headers.Accept = "text/event-stream";
    response = await fetch(base + path, { method, headers, body: body && JSON.stringify(body), credentials: "omit", ...options });
  } catch (error) {
    throw error.name === "AbortError" ? error : trouble(navigator.onLine ? say.lost : say.offline);
  }
  const { status } = response;
  if (response.ok) return response;
  const known = { 401: say.signin, 429: say.busy.replace("{}", response.headers.get("Retry-After") || 5), 503: say.starting };
  throw trouble(known[status] || say.trouble, status);
}
const session = (rest = "") => `/api/sessions/${kept.session}${rest}`;
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let buffer = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    buffer += value;
    for (let end; (end = buffer.indexOf("\n\n")) >= 0; buffer = buffer.slice(end + 2)) {
      const { event, data } = Object.fromEntries(buffer.slice(0, end).split("\n").map((line) => line.split(/: (.*)/s)));
      if (data) yield [event, JSON.parse(data)];
    }
  }
}

// --- the panel
const title = data.title || say.title;
const log = h("div.log", { role: "log", ariaLive: "off", ariaLabel: say.log, tabIndex: 0 });
const live = h("p.sr", { ariaLive: "polite" });
const [person, limits, question] = ["status", "group", "group"].map((role) => h("div.bar.row", { role, hidden: true }));
const input = h("textarea", { rows: 1, maxLength: 2000, placeholder: say.place, enterKeyHint: "send", ariaLabel: say.message, ariaDescription: say.hint });
const go = h("button.go");
const form = h("form", input, go);
const panel = h("dialog", { ariaLabel: title },
  h("header", h("h2", title), iconButton("close", say.close, close)), log, person, limits, question, form,
  h("p.foot.row.soft", say.auto, button("link", say.forget, () => pose(say.sure, [say.yes, forget], [say.no, unpose]).focus())), live);
const launch = iconButton("chat", `${say.open}: ${title}`, () => open(true));
launch.classList.add("launch");
const root = h(/left/.test(data.position) ? "section.root.left" : "section.root", { ariaLabel: title, lang }, launch, panel);
const host = h("namedrop-chat", { theme: data.theme || "auto" });
const announce = (text) => { live.textContent = text; };
let judged = {}, running = null, restored, sent = Promise.resolve();

function name(item) {
  const url = address(item.url || data.link?.replace("{id}", encodeURIComponent(item.id)));
  if (!url) return h("b", item.title);
  return h("a", {
    href: url.href, rel: "noopener noreferrer nofollow", target: url.origin === location.origin ? "" : "_blank",
    onclick: (event) => { if (!emit("select", { id: item.id, url: url.href })) event.preventDefault(); },
  }, h("b", item.title));
}
function cover({ id, image_url: own }) {
  const drawn = `${base}/api/covers/${encodeURIComponent(id)}.svg`;
  const { origin, href } = address(own) || {};
  const known = [location.origin, ...(data.images || "").split(" ")].includes(origin);
  return h("img", { alt: "", loading: "lazy", src: known ? href : drawn, onerror() { this.onerror = null; this.src = drawn; } });
}
function card(item) {
  const acts = ["like", "dislike"].map((signal) => {
    const node = iconButton(signal, label(signal, item.title), () => judge(item, signal, node));
    node.dataset.signal = signal;
    return node;
  });
  return h("li.card", { "data-id": item.id }, cover(item), h("div", name(item),
    h("p.soft", [item.year, ...item.creators].filter(Boolean).join(" · ")),
    h("p.row", item.price != null && h("b", money(item)), h("span", item.in_stock ? say.stock : say.out), item.sponsored && h("span.soft", say.ad)),
    item.why && h("p.soft", label("why", item.why))), h("div.acts", ...acts));
}
function paintCards(parts, items = []) {
  parts.cards.replaceChildren(...items.map(card));
  parts.cards.hidden = !items.length;
  paintJudged();
}
function paintJudged() {
  for (const node of log.querySelectorAll("[data-signal]")) node.ariaPressed = String(!!judged[node.dataset.signal]?.some((item) => (item.id || item) === node.closest("li").dataset.id));
}
function learn({ liked, disliked }) {
  judged = { like: liked, dislike: disliked };
  paintJudged();
}
async function judge({ id }, signal, node) {
  const body = { session: kept.session, item_id: id, signal: node.ariaPressed === "true" ? "undo" : signal };
  try {
    learn(await (await call("POST", "/api/feedback", body)).json());
    announce(say.noted);
    emit("feedback", body);
  } catch (error) { pose(error.message); }
}
function paintBar(bar, text, ...children) {
  bar.replaceChildren(text || "", ...children);
  bar.hidden = !text;
}
function paintLimits(chips = []) {
  paintBar(limits, chips.length && say.keeping, ...chips.map((chip) => h("span.chip", chip.label, iconButton("close", label("remove", chip.label), () => drop(chip)))));
}
function paintPerson(ticket) {
  paintBar(person, ticket && label("person", ticket));
}
// ask or tell something above the message box; return the first button
function pose(text, ...choices) {
  paintBar(question, h("p", { role: "alert" }, text), ...choices.map(([word, act], at) => button(at ? "chip" : "chip.main", word, act)));
  return question.querySelector("button");
}
function unpose() {
  paintBar(question);
  input.focus();
}

// --- turns
function addTurn(message, quiet = "") {
  const words = h("p.words"), cards = h("ul", { hidden: true });
  const turn = h("div.turn", message && h(`p.said${quiet}`, message), words, cards);
  log.append(turn);
  log.scrollTop = turn.offsetTop;
  return { turn, words, cards };
}
function paintReply(parts, { text, items, citations = [], handoff }) {
  for (const { title: passage, quote } of citations) {
    const open = citations.length < 2 && text.endsWith(quote); // said once, as a quote
    if (open) text = text.slice(0, -quote.length).trim().replace(/(From |关于)“[^”]*”(:|，本店的说明是：)$/, "").trim();
    parts.turn.append(h("details", { open }, h("summary", label("source", passage)), h("blockquote", quote)));
  }
  parts.words.textContent = text;
  parts.words.hidden = !text;
  paintCards(parts, items);
  if (handoff) paintPerson(handoff.ticket);
}
function greet() {
  const words = data.starters || (pageItem() ? say.here : "") + say.starters;
  log.replaceChildren(h("div.turn", h("p", data.greeting || say.hello), h("div.row", ...words.split("|").map((text) => button("chip", text, () => ask(text))))));
}
function paintGo() {
  go.ariaLabel = running ? say.stop : say.send;
  go.replaceChildren(icon(running ? "stop" : "send"));
}
async function exchange(message, quiet, work, retry) {
  if (running) return;
  const mine = running = new AbortController();
  kept.begun = true;
  save();
  const parts = addTurn(message, quiet);
  parts.words.append(h("span.wait", say.looking));
  announce(say.looking);
  paintGo();
  try {
    const reply = await work(parts, mine.signal);
    paintReply(parts, reply);
    paintLimits(reply.constraints);
    announce([reply.text, ...reply.items.map((item) => item.title)].join(" · "));
    visitor = reply.visitor || visitor;
    if ("consent" in data && !kept.asked && visitor == null && reply.items[0]) {
      kept.asked = true;
      pose(say.keep, [say.remember, remember], [say.dont, unpose]);
    }
    emit("reply", reply);
    if (reply.handoff) emit("handoff", reply.handoff);
  } catch (error) {
    if (mine !== running) return; // forgotten
    parts.words.querySelector(".wait")?.remove();
    if (error.name === "AbortError") { parts.words.append(` ${say.stopped}`); return; }
    const text = error.status === undefined ? say.trouble : error.message;
    const again = button("chip.main", say.again, () => { parts.turn.remove(); input.focus(); retry(); });
    parts.turn.append(h("div.bad", { role: "alert" }, h("p", text), again));
    if (panel.open) again.focus();
    emit("error", { message: text, status: error.status });
  } finally {
    if (mine === running) running = null;
    paintGo();
    save();
  }
}
const pageItem = () => api.pageItem ?? data.pageItem;
async function ask(message) {
  const text = message.trim().slice(0, 2000);
  await restored;
  if (!text || running) return;
  paintBar(question);
  emit("message", { text });
  return exchange(text, "", async (parts, signal) => {
    const post = () => call("POST", "/api/chat", { message: text, session: kept.session, page_item: pageItem() || undefined, visitor: visitor || undefined }, { signal });
    const response = await post().catch((error) => {
      if (error.status !== 403) throw error; // it belongs to someone who has signed out
      log.replaceChildren(parts.turn);
      paintPerson();
      kept.session = newId();
      return post();
    });
    let words = "";
    for await (const [type, event] of events(response)) {
      if (type === "items") { paintCards(parts, event.items); paintLimits(event.constraints); }
      if (type === "text") parts.words.textContent = words += event.text;
      if (type === "done") return event;
      if (type === "error") throw trouble(say.trouble);
    }
    throw trouble(say.lost);
  }, () => ask(text));
}
function drop(chip) {
  const { field, op, value } = chip;
  input.focus();
  exchange(label("removed", chip.label), ".quiet", async (_, signal) => (await call("POST", session("/constraints/remove"), { field, op, value }, { signal })).json(), () => drop(chip));
}
async function restore() {
  try {
    const view = await (await call("GET", session())).json();
    let message = "";
    log.replaceChildren();
    for (const { role, text, items = [], whys = [], sponsored = [], citations } of view.messages) {
      if (role === "user") { message = text; continue; }
      paintReply(addTurn(message), { text, citations, items: items.map((id, at) => view.cards[id] && { ...view.cards[id], why: whys[at], sponsored: sponsored.includes(id) }).filter(Boolean) });
      message = "";
    }
    learn(view);
    paintLimits(view.constraints);
    paintPerson(view.handoff?.ticket);
  } catch (error) {
    if (error.status === 403 || error.status === 404) reset();
    else pose(error.message);
  }
}

// --- remembering and forgetting
async function remember() {
  unpose();
  try { visitor = (await (await call("PUT", session("/memory"), { consent: true })).json()).visitor || ""; } catch (error) { pose(error.message); }
  save();
}
function reset() {
  running?.abort();
  running = null;
  kept = { session: newId(), open: panel.open };
  visitor = null;
  save();
  learn({});
  paintLimits();
  paintPerson();
  greet();
}
async function forget() {
  try {
    if (visitor != null) await call("DELETE", "/api/memory");
    await call("DELETE", session());
  } catch (error) { if (error.status !== 404) return pose(error.message); }
  reset();
  unpose();
  announce(say.gone);
  emit("forget");
}

// --- opening and closing
const small = matchMedia(SMALL);
const show = () => (small.matches ? panel.showModal() : panel.show());
function open(focus) {
  if (panel.open) return;
  const before = document.activeElement;
  show();
  launch.hidden = true;
  if (focus) input.focus();
  else { host.shadowRoot.activeElement?.blur(); before.focus(); }
  if (!log.childElementCount) { greet(); if (kept.begun) restored = restore(); }
  kept.open = true;
  save();
  emit("open");
}
function close() {
  if (!panel.open) return;
  panel.close();
  launch.hidden = false;
  launch.focus();
  kept.open = false;
  save();
  emit("close");
}
panel.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
panel.addEventListener("keydown", (event) => {
  event.stopPropagation();
  if (event.isComposing) return;
  if (event.key === "Escape") { event.preventDefault(); close(); }
  if (event.key === "Enter" && event.target === input && !event.shiftKey) { event.preventDefault(); running || form.requestSubmit(); }
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) return running.abort();
  ask(input.value);
  input.value = "";
});
small.addEventListener("change", () => { if (panel.open) { panel.close(); show(); } });
visualViewport.addEventListener("resize", () => host.style.setProperty("--h", `${visualViewport.height}px`));

const api = {
  ...window.Namedrop, open: () => open(true), close, forget,
  send(text) { open(true); sent = sent.then(() => ask(String(text))); },
};
window.Namedrop = api;

function paintColour(hex) {
  if (!/^#[\da-f]{6}$/i.test(hex)) return;
  const [r, g, b] = [1, 3, 5].map((at) => (parseInt(hex.slice(at, at + 2), 16) / 255) ** 2.2);
  host.style.setProperty("--accent", hex);
  host.style.setProperty("--on", 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff");
}
function start() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  const shadow = host.attachShadow({ mode: "open" });
  shadow.adoptedStyleSheets = [sheet]; // no 'unsafe-inline'
  shadow.append(root);
  host.dir = data.dir || getComputedStyle(document.body).direction;
  paintColour(data.color);
  paintGo();
  document.body.append(host);
  if (!small.matches && (kept.open ?? "open" in data)) open(false);
  emit("ready");
}
document.body ? start() : addEventListener("DOMContentLoaded", start);
})();
