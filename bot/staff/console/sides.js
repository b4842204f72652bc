// The lists on one side and a conversation on the other; on a narrow screen one of the two. Which conversation is open
// stands in the address: a reload opens it again and, where the list gave way to it, "back" leads to the list.
const DRAFTS = "liuke.staff.";
const narrow = window.matchMedia("(max-width: 768px)");

export default {
  template: `<div :class="{ chosen: chosen !== null }"><slot></slot></div>`,
  props: { member: Number, chosen: { type: Number, default: null } },
  emits: ["moved", "kept"],
  mounted() {
    window.addEventListener("popstate", this.moved);
    const own = `${DRAFTS}${this.member}.`, drafts = keys().filter((key) => key.startsWith(DRAFTS));
    // What somebody else has left here is nobody's to read.
    drafts.filter((key) => !key.startsWith(own)).forEach(forget);
    const kept = drafts.filter((key) => key.startsWith(own)).map((key) => Number(key.slice(own.length)));
    if (kept.length) this.$emit("kept", kept);
  },
  beforeUnmount() {
    window.removeEventListener("popstate", this.moved);
  },
  methods: {
    opened(conversation) {
      const address = `${location.pathname}?conversation=${conversation}`;
      if (narrow.matches && inAddress() === null) history.pushState({ fromList: true }, "", address);
      else history.replaceState(history.state, "", address);
    },
    left() {
      if (history.state?.fromList) return history.back();
      history.replaceState(null, "", location.pathname);
      this.moved();
    },
    moved() {
      this.$emit("moved", inAddress());
    },
    drop(conversations) {
      conversations.forEach((conversation) => forget(`${DRAFTS}${this.member}.${conversation}`));
    },
  },
};

function inAddress() {
  const conversation = Number(new URLSearchParams(location.search).get("conversation"));
  return conversation > 0 ? conversation : null;
}

// A browser may refuse to keep anything, by an error.
function keys() {
  try { return Object.keys(localStorage); } catch { return []; }
}

function forget(key) {
  try { localStorage.removeItem(key); } catch { /* nothing is kept there */ }
}
