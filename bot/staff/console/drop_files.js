// Where files are dropped or chosen. They are sent one after the other, each as the body of a request of its own; the
// server says why it takes one not.
export default {
  template: `
    <div class="drop" :class="{ hovered: hovering }" @dragover.prevent="hovering = !disable" @dragleave="hovering = false"
      @drop.prevent="dropped">
      <div class="drop-line">
        <span>{{ words.drop }}</span>
        <q-btn outline no-caps color="primary" :label="words.choose" :disable="disable || sending !== null"
          @click="$refs.input.click()" />
        <input ref="input" type="file" multiple hidden :aria-label="words.choose" @change="chosen"
          accept=".csv,.tsv,.txt,.gz,.parquet,.pq">
      </div>
      <div class="text-xs soft">{{ words.limit }}</div>
      <div v-if="sending !== null" class="drop-sending">
        <span>{{ words.sending }} {{ sending }}</span>
        <progress :value="share" max="1" :aria-label="words.sending"></progress>
      </div>
      <div role="alert" class="text-sm text-negative">{{ problem }}</div>
    </div>`,
  props: { words: Object, address: String, room: Number, disable: Boolean },
  emits: ["sent"],
  data() {
    return { hovering: false, sending: null, share: 0, problem: "" };
  },
  methods: {
    dropped(event) {
      this.hovering = false;
      if (!this.disable) this.send([...event.dataTransfer.files]);
    },
    chosen(event) {
      const files = [...event.target.files];
      this.send(files).then(() => (this.$refs.input.value = ""));
    },
    async send(files) {
      if (this.sending !== null) return;
      this.problem = "";
      for (const file of files) {
        this.sending = file.name;
        this.share = 0;
        const why = file.size > this.room ? "data-too-large" : await this.post(file);
        if (why) {
          this.problem = `${file.name}: ${this.words[why] || this.words["data-not-sent"]}`;
          break;
        }
      }
      this.sending = null;
      this.$emit("sent");
    },
    // Not by fetch, which doesn't say how much has left.
    post(file) {
      return new Promise((done) => {
        const request = new XMLHttpRequest();
        request.open("POST", `${this.address}?name=${encodeURIComponent(file.name)}`);
        request.setRequestHeader("Content-Type", "application/octet-stream");
        request.upload.onprogress = (event) => (this.share = event.total ? event.loaded / event.total : 0);
        request.onload = () => done(request.status === 200 ? null : refusal(request));
        request.onerror = () => done("data-not-sent");
        request.send(file);
      });
    },
  },
};

// A proxy that takes no body so large answers with a page of its own.
function refusal(request) {
  try {
    return JSON.parse(request.responseText).refused || "data-not-sent";
  } catch {
    return request.status === 413 ? "data-proxy" : "data-not-sent";
  }
}
