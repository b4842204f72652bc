// The web chat: one socket, one log. What is sent stays marked as waiting until the server says it is kept,
// and goes out again after a reconnect under the same id, so that it arrives once.
"use strict";
(() => {
  const words = {
    zh: { send: "发送", hint: "想问什么？直接说就行", online: "在线", connecting: "连接中…", offline: "网络断开，正在重连…",
      demo: "这是演示店：商品、订单和客户都是虚构的。", tooLong: "消息太长了，请分开发送。", tooFast: "慢一点，刚才那条没有发出去。", you: "我", other: "EN",
      bot: "小留", system: "系统" },
    en: { send: "Send", hint: "Ask anything", online: "Online", connecting: "Connecting…", offline: "Connection lost, trying again…",
      demo: "This is a demo shop: products, orders and customers are made up.", tooLong: "That message is too long, please split it.", tooFast: "A little slower, please: that one was not sent.", you: "You", other: "中",
      bot: "Liuke", system: "System" },
  };
  const query = new URLSearchParams(location.search);
  const store = safeStorage();
  const log = document.getElementById("log");
  const form = document.getElementById("form");
  const text = document.getElementById("text");
  let language = query.get("lang") || store.get("language") || (navigator.language.startsWith("zh") ? "zh" : "en");
  if (!words[language]) language = "en";
  let shop = {}, demo = false, socket = null, attempt = 0, newest = 0, dots = null, status = "connecting";
  const shown = new Map();   // server id or own id -> row
  const unsent = new Map();  // own id -> frame

  function safeStorage() {
    const memory = new Map();
    return {
      get(key) { try { return localStorage.getItem("liuke." + key); } catch { return memory.get(key) ?? null; } },
      set(key, value) { try { localStorage.setItem("liuke." + key, value); } catch { memory.set(key, value); } },
    };
  }

  function say() {
    const w = words[language];
    document.documentElement.lang = language;
    document.getElementById("send").textContent = w.send;
    document.getElementById("language").textContent = w.other;
    document.getElementById("status").textContent = w[status];
    document.getElementById("shop").textContent = shop[language] || "Liuke 留客";
    document.title = shop[language] || "Liuke 留客";
    text.placeholder = w.hint;
    text.setAttribute("aria-label", w.hint);
    const banner = document.getElementById("demo");
    banner.hidden = !demo;
    banner.textContent = w.demo;
  }

  function connect() {
    status = attempt ? "offline" : "connecting";
    say();
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}/chat/ws`);
    socket.onopen = () => {
      socket.send(JSON.stringify({
        type: "hello", visitor: store.get("visitor"), key: store.get("key"),
        token: query.get("token") || undefined, language, after: newest,
      }));
    };
    socket.onmessage = (event) => receive(JSON.parse(event.data));
    socket.onclose = () => {
      status = "offline";
      attempt += 1;
      say();
      const wait = Math.min(10000, 400 * 2 ** Math.min(attempt, 5)) * (0.7 + Math.random() * 0.6);
      setTimeout(connect, wait);
    };
  }

  function receive(frame) {
    if (frame.type === "welcome") {
      store.set("visitor", frame.visitor);
      store.set("key", frame.key);
      shop = frame.shop; demo = frame.demo; status = "online"; attempt = 0;
      say();
      frame.messages.forEach(show);
      for (const waiting of unsent.values()) socket.send(JSON.stringify(waiting));
    } else if (frame.type === "message") {
      show(frame);
    } else if (frame.type === "working") {
      working(true);
    } else if (frame.type === "kept") {
      unsent.delete(frame.id);
      shown.get(frame.id)?.classList.remove("waiting");
    } else if (frame.type === "error") {
      refuse(frame);
    }
  }

  function refuse(frame) {
    unsent.delete(frame.id);
    const row = shown.get(frame.id);
    if (row) { row.classList.remove("waiting"); row.classList.add("failed"); }
    const reason = { too_long: "tooLong", too_fast: "tooFast" }[frame.code];
    if (reason) bubble(words[language].system, words[language][reason], false);
  }

  function show(message) {
    if (message.id > newest) newest = message.id;
    if (shown.has(message.id)) return;
    if (message.mine) {
      const own = message.ref && shown.get(message.ref);
      shown.set(message.id, own || bubble("", message.reply.text, true));
      if (message.ref) { shown.set(message.ref, shown.get(message.id)); unsent.delete(message.ref); }
      shown.get(message.id).classList.remove("waiting");
      return;
    }
    working(false);
    const name = words[language][message.author] || message.author;
    const row = document.createElement("div");
    row.className = "row";
    row.append(element("div", "name", name));
    const reply = message.reply;
    if (reply.text) row.append(element("div", "bubble", reply.text));
    if (reply.cards?.length) {
      const cards = element("div", "cards");
      reply.cards.forEach((card) => cards.append(cardOf(card)));
      row.append(cards);
    }
    (reply.buttons || []).forEach((line) => row.append(buttonsOf(line)));
    shown.set(message.id, row);
    append(row);
  }

  function cardOf(card) {
    const box = element("article", "card");
    if (card.picture) {
      const picture = document.createElement("img");
      picture.src = /^https:/.test(card.picture) ? card.picture : "/media/" + card.picture;
      picture.alt = card.title;
      picture.loading = "lazy";
      picture.onerror = () => picture.remove();
      box.append(picture);
    }
    const body = element("div", "body");
    body.append(element("h2", "", card.title), element("p", "", card.text));
    if (card.buttons?.length) body.append(buttonsOf(card.buttons));
    box.append(body);
    return box;
  }

  function buttonsOf(buttons) {
    const line = element("div", "buttons");
    buttons.forEach((button) => {
      if (button.url && /^https?:/.test(button.url)) {
        const link = element("a", "", button.label);
        link.href = button.url; link.target = "_blank"; link.rel = "noopener noreferrer";
        line.append(link);
      } else {
        const press = element("button", "", button.label);
        press.type = "button";
        press.onclick = () => send({ type: "press", action: button.action, text: button.label });
        line.append(press);
      }
    });
    return line;
  }

  function element(tag, name, content) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (content !== undefined) made.textContent = content;
    return made;
  }

  function bubble(name, content, mine) {
    const row = element("div", mine ? "row mine" : "row");
    if (name) row.append(element("div", "name", name));
    row.append(element("div", "bubble", content));
    append(row);
    return row;
  }

  function append(row) {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 120;
    log.insertBefore(row, dots);
    if (atEnd || row.classList.contains("mine")) log.scrollTop = log.scrollHeight;
  }

  function working(on) {
    if (on && !dots) {
      dots = element("div", "row");
      const box = element("div", "bubble dots");
      box.append(element("i"), element("i"), element("i"));
      dots.append(box);
      log.append(dots);
      log.scrollTop = log.scrollHeight;
    } else if (!on && dots) { dots.remove(); dots = null; }
  }

  function send(frame) {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
    const whole = { ...frame, id };
    const row = bubble("", frame.text, true);
    row.classList.add("waiting");
    shown.set(id, row);
    unsent.set(id, whole);
    if (status === "online" && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(whole));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const content = text.value.trim();
    if (!content) return;
    send({ type: "message", text: content });
    text.value = "";
    grow();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  });
  function grow() { text.style.height = "auto"; text.style.height = Math.min(140, text.scrollHeight + 2) + "px"; }
  text.addEventListener("input", grow);
  document.getElementById("language").addEventListener("click", () => {
    language = language === "zh" ? "en" : "zh";
    store.set("language", language);
    say();
  });

  say();
  connect();
})();
