// One line on a shop's page: <script src="https://your-liuke/widget.js" data-token="…" data-lang="zh" async></script>
// `data-token` is optional: the token by which the shop's site vouches for its signed-in visitor.
"use strict";
(() => {
  const script = document.currentScript;
  const origin = new URL(script.src).origin;
  const address = new URL("/chat", origin);
  if (script.dataset.token) address.searchParams.set("token", script.dataset.token);
  if (script.dataset.lang) address.searchParams.set("lang", script.dataset.lang);
  const label = (script.dataset.lang || navigator.language).startsWith("zh") ? "联系客服" : "Chat with us";

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "closed" });
  const style = document.createElement("style");
  style.textContent = `
    :host { all: initial; }
    button { position: fixed; right: 20px; bottom: 20px; width: 60px; height: 60px; border: 0; border-radius: 50%;
      background: #0f766e; color: #fff; font: 600 24px system-ui, sans-serif; cursor: pointer; z-index: 2147483646;
      box-shadow: 0 6px 20px rgb(0 0 0 / .25); }
    button:focus-visible { outline: 3px solid #5eead4; }
    iframe { position: fixed; right: 20px; bottom: 92px; width: min(390px, calc(100vw - 24px));
      height: min(620px, calc(100vh - 120px)); border: 0; border-radius: 16px; z-index: 2147483647; display: none;
      box-shadow: 0 12px 40px rgb(0 0 0 / .3); background: #fff; }
    iframe.open { display: block; }
    @media (max-width: 480px) { iframe { right: 0; bottom: 0; width: 100vw; height: calc(100vh - 84px); border-radius: 16px 16px 0 0; } }`;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "留";
  button.setAttribute("aria-label", label);
  button.title = label;
  const frame = document.createElement("iframe");
  frame.title = label;
  button.addEventListener("click", () => {
    if (!frame.src) frame.src = address.href;
    const open = frame.classList.toggle("open");
    button.textContent = open ? "×" : "留";
    button.setAttribute("aria-expanded", String(open));
  });
  root.append(style, button, frame);
  document.body.append(host);
})();
