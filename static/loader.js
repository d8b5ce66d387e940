/** Unpacks the styles and the script of a page that is one file. */
(async () => {
  const trusted = globalThis.trustedTypes?.createPolicy("gradviz-loader", { createScript: (text) => text });
  const part = (id) => document.getElementById(id);
  const unpack = (id) => {
    const bytes = Uint8Array.from(atob(part(id).textContent), (character) => character.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
  };
  const add = (tag, text) => {
    const element = document.createElement(tag);
    if (tag === "script") element.type = "module";
    element.textContent = tag === "script" && trusted ? trusted.createScript(text) : text;
    document.head.append(element);
  };
  try {
    const [styles, carried, code] = await Promise.all(["styles", "carried", "code"].map(unpack));
    add("style", styles);
    document.body.append(part("page").content);
    globalThis.gradvizCarried = carried;
    add("script", code);
  } catch (error) {
    document.body.append("This page needs a browser of 2023 or later.");
    throw error;
  }
})();
