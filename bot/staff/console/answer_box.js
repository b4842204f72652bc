// The box to answer in. What is typed is kept in this browser, for each member and conversation: a reload, a lost
// connection or a restart of the server takes nothing away, and the server sees nothing of it before it is sent. What
// is sent has an id and is kept until the server says that it has it; asked for again, the server sends it once.
export default {
  template: `
    <div class="answer-box">
      <div v-if="!writable" class="soft text-sm">{{ why }}</div>
      <div v-if="late" v-for="one in sending" :key="one.id" class="bubble ours unsent" dir="auto">{{ one.text }}</div>
      <div v-if="writable || text" class="answer-line">
        <q-input ref="box" v-model="text" type="textarea" outlined dense autogrow :autofocus="writable"
          :readonly="!writable" :placeholder="words.hint" input-style="max-height: 180px"
          @keydown="press" @update:model-value="typed" />
        <q-btn v-if="writable" unelevated no-caps color="primary" :label="words.send" @click="submit" />
      </div>
      <div role="status" class="text-xs text-negative">{{ note }}</div>
    </div>`,
  props: {
    member: Number, conversation: Number, words: Object,
    caseId: { type: Number, default: null },  // the case to answer; none while the bot has the conversation
    writable: Boolean, why: String,
  },
  emits: ["send"],
  data() {
    const kept = read(this.key());
    return { text: this.caseId === null ? "" : kept.text, sending: kept.sending, back: kept.back, underWay: null,
      late: false, problem: "", restored: Boolean(kept.text), connected: true };
  },
  computed: {
    note() {
      if (!this.connected && (this.text || this.sending.length)) return this.words.offline;
      if (this.late && this.sending.length) return this.words.sending;
      return this.problem || (this.text && (this.restored || !this.writable) ? this.words.unsent : "");
    },
  },
  watch: {
    writable(now) { if (now) this.$nextTick(() => this.$refs.box.focus()); },
    caseId() { this.keep(); },
  },
  mounted() {
    window.socket?.on("connect", this.again);
    window.socket?.on("disconnect", this.cut);
    this.keep();
    this.again();
  },
  beforeUnmount() {
    window.socket?.off("connect", this.again);
    window.socket?.off("disconnect", this.cut);
    clearTimeout(this.timer);
  },
  methods: {
    key() { return `liuke.staff.${this.member}.${this.conversation}`; },
    // Once the case has ended nothing of what was typed is kept, though it can be read until the page is left.
    keep() {
      write(this.key(), { text: this.caseId === null ? "" : this.text, sending: this.sending, back: this.back });
    },
    typed() {
      this.problem = "";
      this.restored = false;
      this.keep();
    },
    // Enter alone sends, unless it ends the choice of a Chinese word; Safari says so by the key's code alone.
    press(event) {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.submit();
    },
    submit() {
      // From the element: it has every key of before this one. It is empty at once, for the next.
      const box = this.$refs.box.getNativeElement(), text = box.value.trim();
      if (!text || !this.writable || !this.connected) return;
      // The same words after a refusal may have arrived the first time.
      const id = this.back?.text === text ? this.back.id : newId();
      this.sending.push({ id, case: this.caseId, text });
      this.text = box.value = "";
      this.back = null;
      this.typed();
      this.next();
    },
    // One at a time, so that they arrive in order.
    next() {
      const first = this.sending[0];
      if (!first || this.underWay || !this.connected) return;
      this.underWay = first.id;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => (this.late = true), 1000);
      this.$emit("send", { ...first });
    },
    sent(id) {
      this.sending = this.sending.filter((one) => one.id !== id);
      this.settle();
      this.next();
    },
    // What was to follow is not sent without it: all of it is back in the box, in order.
    refused(id, why) {
      if (this.sending[0]?.id !== id) return;
      this.back = { id, text: this.sending[0].text };
      this.text = [...this.sending.map((one) => one.text), this.text].filter(Boolean).join("\n");
      this.sending = [];
      this.problem = why;
      this.settle();
      this.$nextTick(() => this.$refs.box?.focus());
    },
    settle() {
      this.underWay = null;
      this.late = false;
      clearTimeout(this.timer);
      this.keep();
    },
    again() {
      this.connected = window.socket?.connected ?? true;
      this.underWay = null;
      this.next();
    },
    cut() {
      this.connected = false;
      this.restored = true;
    },
  },
};

const NOTHING = '{"text": "", "sending": [], "back": null}';

// A browser may refuse to keep anything, by an error.
function read(key) {
  try { return JSON.parse(localStorage.getItem(key) ?? NOTHING); } catch { return JSON.parse(NOTHING); }
}

function write(key, kept) {
  try {
    if (kept.text || kept.sending.length) localStorage.setItem(key, JSON.stringify(kept));
    else localStorage.removeItem(key);
  } catch { /* what is typed stays on the page alone */ }
}

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
}
