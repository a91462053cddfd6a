/** The nonce that this load of the page grants to stylesheets made by scripts; give it to `EditorView.cspNonce`. */
export const cspNonce: string = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";
