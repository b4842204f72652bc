// One line on a shop's page: <script src="https://your-liuke/widget.js" data-lang="zh" async></script>
// `data-token` is the token by which the shop's site vouches for its signed-in visitor; `data-token-url` is an
// address of the same site that answers with one, asked when the chat is opened and whenever a token has run out.
// `LiukeChat.setToken(token)` hands one over at any time; without a token it signs the visitor out.
"use strict";
(() => {
  const look = {};
  const script = document.currentScript;
  const address = new URL("chat", script.src);
  const { tokenUrl, lang } = script.dataset;
  const chinese = (lang || navigator.language).startsWith("zh");
  const label = chinese ? "联系客服" : "Chat with us";
  const USED = "liuke.used", MONTH = 2592e6;
  let token = script.dataset.token || null, loading = null, open = false, ready = false, unread = 0, prefix = "";

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = `
    :host { all: initial; }
    button { position: fixed; right: 20px; bottom: 20px; width: 60px; height: 60px; border: 0; border-radius: 50%;
      background: ${look.color || "#0f766e"}; color: ${look.ink || "#fff"}; padding: 0; font: 600 24px system-ui, sans-serif; cursor: pointer; z-index: 2147483647;
      box-shadow: 0 6px 20px rgb(0 0 0 / .25); transition: transform .15s; display: grid; place-items: center; }
    button:hover { transform: scale(1.05); }
    button:focus-visible { outline: 3px solid ${look.color || "#5eead4"}; outline-offset: 2px; }
    svg { width: 30px; height: 30px; fill: currentColor; }
    img { width: 52px; height: 52px; border-radius: 50%; object-fit: contain; background: #fff; }
    i { position: fixed; right: 14px; bottom: 60px; min-width: 24px; height: 24px; padding: 0 6px; border-radius: 12px;
      background: #c81e1e; color: #fff; font: 600 13px/24px system-ui, sans-serif; text-align: center; box-sizing: border-box;
      z-index: 2147483647; pointer-events: none; box-shadow: 0 0 0 2px #fff; }
    b { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    i:empty { opacity: 0; }
    iframe { position: fixed; right: 20px; bottom: 92px; width: min(390px, calc(100vw - 24px));
      height: min(640px, calc(100vh - 120px)); border: 0; border-radius: 18px; z-index: 2147483646; display: none;
      box-shadow: 0 12px 40px rgb(0 0 0 / .3); background: #fff; }
    iframe.open { display: block; }
    @media (max-width: 480px) { iframe { right: 0; bottom: 0; width: 100vw; height: calc(100dvh - 12px); border-radius: 18px 18px 0 0; }
      button.open { bottom: auto; top: 22px; right: 12px; width: 38px; height: 38px; font-size: 18px; box-shadow: none; } }`;
  const picture = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 5.5A2.5 2.5 0 0 1 6.500 3h11A2.500 2.500 0 0 1 20 5.500v8a2.500 2.500 0 0 1-2.500 2.500H11l-5 4.500V16h.5A2.500 2.500 0 0 1 4 13.500z"/></svg>`;
  const button = document.createElement("button");
  button.type = "button";
  const closed = document.createElement("span");
  closed.style.display = "grid";
  closed.innerHTML = picture;
  if (look.logo) {
    const logo = new Image();
    logo.alt = "";
    logo.referrerPolicy = "no-referrer";
    logo.onload = () => closed.replaceChildren(logo);
    logo.src = new URL(look.logo, script.src).href;
  }
  button.append(closed);
  button.setAttribute("aria-label", label);
  button.setAttribute("aria-expanded", "false");
  button.title = label;
  const frame = document.createElement("iframe");
  frame.title = label;
  const mark = document.createElement("i");
  mark.setAttribute("role", "status");
  button.addEventListener("click", () => {
    open = frame.classList.toggle("open");
    loading ??= load();
    button.classList.toggle("open", open);
    button.replaceChildren(open ? "×" : closed);
    button.setAttribute("aria-expanded", String(open));
    try { localStorage.setItem(USED, Date.now()); } catch { /* it is looked at when it is opened */ }
    tell();
    draw();
  });

  function tell() {
    if (ready) frame.contentWindow.postMessage({ type: "liuke:open", open }, address.origin);
  }

  // What has come and was not seen: on the button while the chat is closed, in the title while the tab is hidden.
  function draw() {
    const number = unread > 9 ? "9+" : String(unread);
    const said = chinese ? `${unread} 条未读消息` : `${unread} unread message${unread > 1 ? "s" : ""}`;
    const shown = unread && !open;
    button.setAttribute("aria-label", shown ? `${label}${chinese ? "，" : ", "}${said}` : label);
    mark.replaceChildren();
    if (shown) {
      mark.innerHTML = "<span aria-hidden=true></span><b></b>";
      mark.firstChild.textContent = number;
      mark.lastChild.textContent = said;
    }
    const before = unread && document.hidden ? `(${number}) ` : "";
    if (before === prefix) return;
    document.title = before + (document.title.startsWith(prefix) ? document.title.slice(prefix.length) : document.title);
    prefix = before;
  }

  // Whoever has used the chat in the last month is told on other pages, too, that something has come.
  function watch() {
    draw();
    if (document.hidden || loading) return;
    try { if (Date.now() - localStorage.getItem(USED) < MONTH) loading = load(); } catch { /* nothing is known */ }
  }
  document.addEventListener("visibilitychange", watch);

  async function load() {
    token ??= await fetchToken();
    // Behind the #, so that no server and no Referer sees the token.
    const facts = new URLSearchParams();
    if (token) facts.set("token", token);
    if (lang) facts.set("lang", lang);
    facts.set("closed", "");
    address.hash = facts.toString();
    frame.src = address.href;
  }

  async function fetchToken() {
    if (!tokenUrl) return null;
    try {
      const answer = await fetch(tokenUrl, { credentials: "same-origin", cache: "no-store" });
      return answer.ok ? (await answer.text()).trim() || null : null;
    } catch { return null; }
  }

  function hand(fresh) {
    token = fresh || null;
    frame.contentWindow?.postMessage({ type: "liuke:token", token }, address.origin);
  }

  window.addEventListener("message", async (event) => {
    if (event.source !== frame.contentWindow || event.origin !== address.origin) return;
    if (event.data?.type === "liuke:ready") { ready = true; tell(); }
    if (event.data?.type === "liuke:token-wanted") hand(await fetchToken());
    if (event.data?.type === "liuke:unread") { unread = Number(event.data.count) || 0; draw(); }
  });
  window.LiukeChat = { setToken(fresh) { if (frame.src) hand(fresh); else token = fresh || null; } };

  root.append(style, button, mark, frame);
  watch();
  if (document.body) document.body.append(host);
  else document.addEventListener("DOMContentLoaded", () => document.body.append(host));
})();
