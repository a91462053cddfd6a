/** What this load of the page grants to stylesheets that scripts make; give it to `EditorView.cspNonce`. */
export const cspNonce: string = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";
