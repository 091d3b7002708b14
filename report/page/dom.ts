/// <reference lib="dom" />

type Child = Node | string;

/** Makes an element. Texts become text nodes, so that nothing in them is ever markup. */
export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | boolean>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** A table of texts with a header row; the first `leading` columns are texts, all others figures. */
export function tableOf(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly Child[])[],
  leading = 1,
): HTMLTableElement {
  const align = (column: number) => column < leading ? {} : { class: "figure" };
  return h(
    "table",
    {},
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...head.map((text, column) => h("th", { scope: "col", ...align(column) }, text)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell, column) => h("td", align(column), cell))))),
  );
}

/** A part of the page: a heading, what the figures mean, and what shows them. */
export function section(id: string, title: string, meaning: string, ...children: readonly Node[]): HTMLElement {
  const heading = h("h2", { id: `${id}-title` }, title);
  return h(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    heading,
    h("p", { class: "meaning" }, meaning),
    ...children,
  );
}

/** A button, and what it does; a text without letters or digits is no name for it. */
export function button(text: string, does: string, onClick: () => void): HTMLButtonElement {
  const name = /[a-z0-9]/i.test(text) ? {} : { "aria-label": does };
  const made = h("button", { type: "button", title: does, ...name }, text);
  made.addEventListener("click", onClick);
  return made;
}

/** A list to choose from; calls back with the value. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  onChange: (value: string) => void,
): { readonly element: HTMLLabelElement; set(value: string): void } {
  const select = h("select", {}, ...options.map(([value, text]) => h("option", { value }, text)));
  select.addEventListener("change", () => onChange(select.value));
  return { element: h("label", {}, `${label} `, select), set: (value) => void (select.value = value) };
}
