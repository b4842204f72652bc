// Messages below each other. Who is at the end stays there when more comes; who reads what is older is left in peace.
const NEAR = 40;

export default {
  template: `<div ref="box" class="scroll-log" @scroll="look"><div ref="messages"><slot></slot></div></div>`,
  mounted() {
    this.atEnd = true;
    this.watcher = new ResizeObserver(() => this.atEnd && this.toEnd());
    this.watcher.observe(this.$refs.box);
    this.watcher.observe(this.$refs.messages);
  },
  beforeUnmount() {
    this.watcher.disconnect();
  },
  methods: {
    look() {
      const box = this.$refs.box;
      this.atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    },
    toEnd() {
      this.atEnd = true;
      this.$refs.box.scrollTop = this.$refs.box.scrollHeight;
    },
  },
};
