/** Paper is white: while a page is printed it has its light colours, whatever was chosen for the screen. */
export function printLight(root, { addEventListener }) {
  let chosen = null;
  addEventListener("beforeprint", () => {
    chosen = root.getAttribute("data-theme");
    root.setAttribute("data-theme", "light");
  });
  addEventListener("afterprint", () => {
    if (chosen === null) root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", chosen);
  });
}
