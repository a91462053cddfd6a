import { defineConfig } from "vite";

export default defineConfig({
  // The node puts a nonce of its own in here on every load.
  html: { cspNonce: "cockpit-nonce" },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    // The oldest browsers that know light-dark() and all else that is used as it is written.
    target: ["chrome123", "firefox121", "safari17.5"],
    // The page's policy allows no inline script, which the polyfill for preloading would be.
    modulePreload: { polyfill: false },
    // Small files stay files: a data: address would need a wider policy.
    assetsInlineLimit: 0,
    // What a start needs is one file: cut up by what later parts share with it, it would compress less.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "start", tags: ["$initial"] }] } } },
    license: { fileName: "third-party-licenses.md" },
  },
});
