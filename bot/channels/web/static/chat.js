// The web chat: one socket, one log. What is sent stays marked as waiting until the server says it is kept. One
// message is on its way at a time, so that they arrive in order; it goes out again under the same id after a
// reconnect, or when the server asks to wait, so that it arrives once. Everything that is shown is set as text,
// never as markup.
"use strict";
(() => {
  const words = {
    zh: { send: "发送", hint: "想问什么？直接说就行", online: "在线", connecting: "连接中…", offline: "网络断开，正在重连…", busy: "服务暂时不可用，正在重试…",
      demo: "这是演示店：商品、订单和客户都是虚构的。", tooLong: "消息太长了，请分开发送。", tooFast: "发得有点快，稍后会自动发出。",
      notSent: "这条没有发出去。", other: "English", otherCode: "en", system: "系统", questions: "常见问题" },
    en: { send: "Send", hint: "Ask anything", online: "Online", connecting: "Connecting…", offline: "Connection lost, trying again…", busy: "We can't be reached just now, trying again…",
      demo: "This is a demo shop: products, orders and customers are made up.", tooLong: "Too long; please split it.", tooFast: "A little too fast: it will be sent in a moment.",
      notSent: "This one was not sent.", other: "中文", otherCode: "zh", system: "System", questions: "You may ask" },
  };
  const base = new URL("../../", document.currentScript.src);
  const given = takeFromAddress();
  const store = safeStorage(() => localStorage), session = safeStorage(() => sessionStorage);
  const log = document.getElementById("log");
  const form = document.getElementById("form");
  const text = document.getElementById("text");
  const quick = document.getElementById("questions");
  let language = words[given.lang] ? given.lang : store.get("language");
  if (!words[language]) language = navigator.language.startsWith("zh") ? "zh" : "en";
  let shop = {}, bot = {}, questions = {}, asked = true, demo = false, socket = null, attempt = 0, newest = 0, dots = null, dotsEnd = 0, status = "connecting";
  let me = stranger(), onScreen = null, token = given.token, renewed = false, hearToken = null;
  let greeting = null;       // the bot's hello, until the server keeps it with the first message
  let onItsWay = null, slowedUntil = 0;
  let open = !given.closed, unread = 0;  // the widget's frame may be closed
  let leaving = null, email = {};  // the form for an e-mail, and its texts
  const shown = new Map();   // the server's id or our own -> row
  const unsent = new Map();  // our own id -> frame, in order

  // A link that connects an account, or a token, must not stay where it can be copied or seen.
  function takeFromAddress() {
    const query = new URLSearchParams(location.search), hash = new URLSearchParams(location.hash.slice(1));
    const found = { token: hash.get("token") || query.get("token"), start: query.get("start"), lang: query.get("lang") || hash.get("lang"), closed: hash.has("closed") };
    if (query.has("start") || query.has("token")) {
      query.delete("start"); query.delete("token");
      if (found.token) hash.set("token", found.token);
      const rest = query.toString(), tail = hash.toString();
      history.replaceState(null, "", location.pathname + (rest ? "?" + rest : "") + (tail ? "#" + tail : ""));
    }
    return found;
  }

  function safeStorage(place) {
    const memory = new Map();
    return {
      get(key) { try { return place().getItem("liuke." + key); } catch { return memory.get(key) ?? null; } },
      set(key, value) { try { place().setItem("liuke." + key, value); } catch { memory.set(key, value); } },
    };
  }

  // Whom this browser is known as without a token; a signed-in visitor leaves nothing here.
  function stranger() {
    return { visitor: store.get("visitor"), key: store.get("key") };
  }

  function say() {
    const w = words[language];
    document.documentElement.lang = language;
    document.getElementById("send").textContent = w.send;
    document.getElementById("language").textContent = w.other;
    document.querySelector("#status span").textContent = w[status];
    document.getElementById("status").dataset.state = status;
    const name = shop[language] || "Liuke 留客";
    document.getElementById("shop").textContent = name;
    document.title = (unread ? `(${unread}) ` : "") + name;
    const mark = document.getElementById("mark");
    // A shop without a logo goes by the first letter of its name.
    if (!mark.firstElementChild) mark.textContent = [...name.trim()].slice(0, 1).join("").toUpperCase();
    text.placeholder = w.hint;
    text.setAttribute("aria-label", w.hint);
    const banner = document.getElementById("demo");
    banner.hidden = !demo;
    banner.textContent = w.demo;
    offer();
  }

  // What may be asked, until the visitor has asked anything.
  function offer() {
    const texts = asked ? [] : questions[language] || [];
    if (quick.dataset.shown === texts.join("\n")) return;
    quick.dataset.shown = texts.join("\n");
    quick.hidden = !texts.length;
    quick.setAttribute("aria-label", words[language].questions);
    quick.replaceChildren(...texts.map((content) => {
      const press = element("button", "", content);
      press.type = "button";
      press.onclick = () => { send({ type: "message", text: content }); log.focus({ preventScroll: true }); };
      return press;
    }));
  }

  function connect() {
    if (!attempt) status = "connecting";
    say();
    const address = new URL("chat/ws", base);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(address);
    socket.onopen = hello;
    socket.onmessage = (event) => receive(JSON.parse(event.data));
    socket.onclose = (event) => {
      status = event.code === 1013 ? "busy" : "offline"; // 1013: try again later
      attempt += 1;
      say();
      working(false);
      setTimeout(connect, Math.min(10000, 400 * 2 ** Math.min(attempt, 5)) * (0.7 + Math.random() * 0.6));
    };
  }

  function hello() {
    if (socket.readyState !== WebSocket.OPEN) return;  // it is said when the socket opens
    socket.send(JSON.stringify({
      type: "hello", visitor: me.visitor, key: me.key, token: token || undefined,
      start: given.start || undefined, open, language, after: me.visitor === onScreen ? newest : 0,
    }));
  }

  function receive(frame) {
    if (frame.type === "welcome") welcome(frame);
    else if (frame.type === "message") { show(frame); count(); }
    else if (frame.type === "working") working(true);
    else if (frame.type === "kept") kept(frame.id);
    else if (frame.type === "signed_out") renew();
    else if (frame.type === "email") ask(frame);
    else if (frame.type === "email_kept") emailKept(frame.text);
    else if (frame.type === "error") refuse(frame);
  }

  function welcome(frame) {
    if (token && !frame.signed_in) return renew();
    renewed = renewed && !frame.signed_in;
    if (onScreen !== frame.visitor) clear();
    onScreen = frame.visitor;
    leaving?.remove();  // it comes again if it is still wanted
    me = { visitor: frame.visitor, key: frame.key };
    if (frame.key) { store.set("visitor", frame.visitor); store.set("key", frame.key); }
    given.start = null;
    shop = frame.shop; bot = frame.bot; demo = frame.demo; questions = frame.questions; status = "online"; attempt = 0;
    asked = Boolean(log.querySelector(".mine")) || frame.messages.some((message) => message.mine);
    say();
    if (frame.greeting && !greeting) place(greeting = answerOf({ author: "bot", reply: frame.greeting }));
    frame.messages.forEach(show);
    count();
    onItsWay = null;
    sendNext();
    log.scrollTop = log.scrollHeight;
  }

  // Another visitor's conversation must not stay on the screen.
  function clear() {
    shown.forEach((row, id) => { if (!unsent.has(id)) { row.remove(); shown.delete(id); } });
    greeting?.remove();
    greeting = leaving = null;
    log.querySelectorAll(".leaving").forEach((row) => row.remove());
    newest = 0;
  }

  // The token has run out, or is not good: ask the shop's page for another, once, or go on as a stranger.
  async function renew() {
    status = "connecting";
    say();
    token = renewed ? null : await freshToken();
    renewed = true;
    if (!token) me = stranger();
    hello();
  }

  function freshToken() {
    if (window.parent === window) return null;
    return new Promise((resolve) => {
      hearToken = resolve;
      setTimeout(() => { hearToken = null; resolve(null); }, 5000);
      window.parent.postMessage({ type: "liuke:token-wanted" }, "*");
    });
  }

  // How much has come that the visitor has not seen, by what this browser keeps; of a signed-in visitor it keeps that
  // until the tab is closed. What was there before it kept anything counts as seen.
  function count() {
    if (!onScreen) return;
    const place = me.key ? store : session;
    const [who, last] = (place.get("seen") || "").split(" ");
    const seen = who === onScreen ? Number(last) : newest;
    const looking = open && !document.hidden;
    if (looking || who !== onScreen) place.set("seen", onScreen + " " + Math.max(seen, newest));
    const theirs = looking ? [] : log.querySelectorAll(".row:not(.mine)[data-id]");
    unread = Array.from(theirs).filter((row) => Number(row.dataset.id) > seen).length;
    say();
    if (window.parent !== window) window.parent.postMessage({ type: "liuke:unread", count: unread }, "*");
  }
  document.addEventListener("visibilitychange", count);
  window.addEventListener("storage", count);

  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.source === window) return;
    if (event.data?.type === "liuke:open") {
      open = Boolean(event.data.open);
      // A customer is greeted when they have opened it.
      if (open && onScreen && !log.childElementCount) hello();
      count();
      if (open) log.scrollTop = log.scrollHeight;
    }
    if (event.data?.type !== "liuke:token") return;
    const fresh = typeof event.data.token === "string" ? event.data.token : null;
    if (hearToken) { hearToken(fresh); hearToken = null; return; }
    token = fresh;
    renewed = false;
    if (!token) me = stranger();
    hello();
  });

  function sendNext() {
    if (onItsWay || status !== "online" || Date.now() < slowedUntil) return;
    const [id, frame] = unsent.entries().next().value ?? [];
    if (!id) return;
    onItsWay = id;
    socket.send(JSON.stringify(frame));
  }

  function kept(id) {
    settle(id);
    shown.get(id)?.classList.remove("waiting");
  }

  function settle(id) {
    unsent.delete(id);
    if (onItsWay === id) onItsWay = null;
    sendNext();
  }

  function refuse(frame) {
    if (leaving && frame.id === leaving.dataset.sent) return emailRefused(frame);
    if (frame.code === "too_fast") return wait(frame);
    if (onItsWay === frame.id) onItsWay = null;
    const row = shown.get(frame.id);
    // Before hello, as when a session has just ended, it waits for the welcome.
    if (frame.code === "hello_first" || !row || !unsent.has(frame.id)) return;
    row.classList.remove("waiting");
    row.classList.add("failed");
    row.append(element("div", "note", words[language][frame.code === "too_long" ? "tooLong" : "notSent"]));
    settle(frame.id);
  }

  function wait(frame) {
    const pause = 1000 * frame.retry_after, row = shown.get(frame.id);
    if (!frame.id) { setTimeout(hello, pause); return; }
    onItsWay = null;
    slowedUntil = Date.now() + pause;
    const note = element("div", "note", words[language].tooFast);
    row?.append(note);
    setTimeout(() => { note.remove(); slowedUntil = 0; sendNext(); }, pause);
  }

  function show(message) {
    if (message.id > newest) newest = message.id;
    const known = shown.get(message.id) || (message.ref && shown.get(message.ref));
    if (known) {
      if (message.id) { shown.set(message.id, known); known.dataset.id = message.id; }
      if (message.ref) kept(message.ref);
      return;
    }
    const row = message.mine ? rowOf("", message.reply.text, true) : answerOf(message);
    if (message.id) { row.dataset.id = message.id; shown.set(message.id, row); }
    if (message.ref) shown.set(message.ref, row);
    if (message.mine && !asked) { asked = true; offer(); }
    row.title = new Date(message.at).toLocaleString(language === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle: "short" });
    if (!message.mine) working(false);
    // The first thing that the bot is known to have said is its hello.
    if (greeting && message.id && !message.mine) { greeting.replaceWith(row); greeting = null; } else place(row);
  }

  function answerOf(message) {
    const row = rowOf(message.author === "bot" ? bot[language] : words[language][message.author] || message.author, message.reply.text, false);
    const reply = message.reply;
    if (reply.cards?.length) {
      const cards = element("div", "cards");
      reply.cards.forEach((card) => cards.append(cardOf(card, message.id)));
      row.append(cards);
      row.classList.add("wide");
    }
    (reply.buttons || []).forEach((line) => row.append(buttonsOf(line, message.id)));
    return row;
  }

  function cardOf(card, carrier) {
    const box = element("article", "card");
    const pictures = [card.picture, ...(card.more_pictures || [])].filter(Boolean).map((path) => pictureOf(path, card.title));
    if (pictures.length > 1) {
      const strip = element("div", "pictures");
      strip.tabIndex = 0;
      strip.append(...pictures);
      box.append(strip);
    } else box.append(...pictures);
    const body = element("div", "body");
    const title = element("h2", "", card.title), content = element("p", "", card.text);
    title.dir = content.dir = "auto";
    body.append(title, content);
    if (card.buttons?.length) body.append(buttonsOf(card.buttons, carrier));
    box.append(body);
    return box;
  }

  function pictureOf(path, title) {
    const picture = document.createElement("img");
    picture.src = /^https:/.test(path) ? path : new URL("media/" + path, base).href;
    picture.alt = title;
    picture.loading = "lazy";
    picture.referrerPolicy = "no-referrer";
    picture.onerror = () => picture.remove();
    return picture;
  }

  function buttonsOf(buttons, carrier) {
    const line = element("div", "buttons");
    buttons.forEach((button) => {
      if (button.url) {
        if (/^https?:\/\//.test(button.url)) line.append(linkOf(button.label, button.url));
        return;
      }
      const press = element("button", "", button.label);
      press.type = "button";
      press.onclick = () => send({ type: "press", action: button.action, text: button.label, message: carrier > 0 ? carrier : undefined });
      line.append(press);
    });
    return line;
  }

  function linkOf(label, address) {
    const link = element("a", "", label);
    link.href = address; link.target = "_blank"; link.rel = "noopener noreferrer nofollow";
    return link;
  }

  function element(tag, name, content) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (content !== undefined) made.textContent = content;
    return made;
  }

  function rowOf(name, content, mine) {
    const row = element("div", mine ? "row mine" : "row");
    if (name) row.append(element("div", "name", name));
    if (content) {
      const bubble = element("div", "bubble");
      bubble.dir = "auto";
      content.split(/(https?:\/\/[^\s<>"'，。！？、）】]+)/).forEach((part, index) => bubble.append(index % 2 ? linkOf(part, part) : part));
      row.append(bubble);
    }
    return row;
  }

  // By the server's order; what has no number yet stays last.
  function place(row) {
    const near = log.scrollHeight - log.scrollTop - log.clientHeight < 160;
    const id = Number(row.dataset.id || Infinity);
    let before = dots;
    for (let last = (dots || { previousElementSibling: log.lastElementChild }).previousElementSibling;
      last && Number(last.dataset.id || 0) > id; last = last.previousElementSibling) before = last;
    log.insertBefore(row, before);
    if (near || row.classList.contains("mine")) log.scrollTop = log.scrollHeight;
  }

  // Whoever may leave before a person has answered is asked for an e-mail, until they say no.
  function ask(frame) {
    leaving?.remove();
    if (!frame.wanted || session.get("declined") === onScreen) return;
    email = frame.words;
    place(leaving ??= emailForm());
  }

  function emailForm() {
    const w = email[language], row = element("form", "row leaving"), field = element("input");
    row.noValidate = true;
    row.setAttribute("aria-label", w.ask);
    Object.assign(field, { type: "email", autocomplete: "email", maxLength: 200 });
    field.setAttribute("aria-describedby", "consent wrong");
    const label = element("label", "", w.label), consent = element("p", "small", w.consent), wrong = element("p", "wrong");
    label.append(field);
    consent.id = "consent";
    wrong.id = "wrong";
    wrong.setAttribute("role", "alert");
    const line = element("div", "buttons"), keep = element("button", "", w.keep), decline = element("button", "", w.decline);
    keep.type = "submit";
    decline.type = "button";
    decline.onclick = () => { session.set("declined", onScreen); row.remove(); text.focus(); };
    line.append(keep, decline);
    row.append(element("p", "", w.ask), label, consent, wrong, line);
    row.onsubmit = (event) => {
      event.preventDefault();
      row.dataset.sent = newId();
      if (status === "online") socket.send(JSON.stringify({ type: "email", id: row.dataset.sent, email: field.value, language }));
    };
    return row;
  }

  function emailKept(content) {
    leaving?.remove();
    const row = element("div", "row leaving"), line = element("div", "buttons"), change = element("button", "", email[language].change);
    change.type = "button";
    change.onclick = () => { row.replaceWith(leaving = emailForm()); leaving.querySelector("input").focus(); };
    line.append(change);
    row.append(element("p", "", content), line);
    leaving = null;
    place(row);
    text.focus({ preventScroll: true });
  }

  function emailRefused(frame) {
    if (frame.code === "too_late") return leaving.remove();
    const field = leaving.querySelector("input");
    leaving.querySelector(".wrong").textContent = frame.code === "not_an_email" ? email[language].wrong : words[language].notSent;
    field.setAttribute("aria-invalid", "true");
    field.focus();
    leaving.scrollIntoView({ block: "nearest" });
  }

  function working(on) {
    clearTimeout(dotsEnd);
    if (on && !dots) {
      dots = element("div", "row");
      const box = element("div", "bubble dots");
      box.append(element("i"), element("i"), element("i"));
      dots.append(box);
      log.append(dots);
      log.scrollTop = log.scrollHeight;
    } else if (!on && dots) { dots.remove(); dots = null; }
    if (on) dotsEnd = setTimeout(() => working(false), 15000);
  }

  function newId() {
    return Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
  }

  function send(frame) {
    const id = newId();
    const row = rowOf("", frame.text, true);
    row.classList.add("waiting");
    shown.set(id, row);
    place(row);
    unsent.set(id, { ...frame, id });
    if (!asked && !frame.action?.startsWith("language:")) { asked = true; offer(); }
    sendNext();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const content = text.value.trim();
    if (!content) return;
    send({ type: "message", text: content });
    text.value = "";
    grow();
    text.focus();
  });
  text.addEventListener("keydown", (event) => {
    // 229: Safari tells of the Enter that ends the choice of a Chinese word after the choice is over.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  });
  function grow() {
    text.style.height = "auto";
    text.style.height = Math.min(140, text.scrollHeight + 2) + "px";
    document.getElementById("send").disabled = !text.value.trim();
  }
  text.addEventListener("input", grow);
  grow();  // something may have been typed before this ran
  document.getElementById("language").addEventListener("click", () => {
    const chosen = words[language].otherCode, label = words[language].other;
    language = chosen;
    store.set("language", chosen);
    say();
    if (leaving?.isConnected) {
      const typed = leaving.querySelector("input").value;
      leaving.replaceWith(leaving = emailForm());
      leaving.querySelector("input").value = typed;
    }
    send({ type: "press", action: "language:set:" + chosen, text: label });
  });
  window.addEventListener("online", () => { if (socket.readyState === WebSocket.CLOSED) attempt = 1; });

  const logo = document.documentElement.dataset.logo;
  if (logo) {
    const picture = document.createElement("img");
    picture.alt = "";
    picture.referrerPolicy = "no-referrer";
    picture.onload = () => document.getElementById("mark").replaceChildren(picture);
    picture.src = new URL(logo, base).href;
  }
  document.documentElement.classList.toggle("framed", window.top !== window);
  if (window.parent !== window) window.parent.postMessage({ type: "liuke:ready" }, "*");
  say();
  connect();
})();
