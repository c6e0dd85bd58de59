import { createHash } from "node:crypto";

/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | undefined | readonly Part[];

/** HTML from a template; everything put into it is escaped, unless it is HTML. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((before, text, index) => before + rendered(parts[index - 1]) + text));
}

function rendered(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  return typeof part === "object" ? part.map(rendered).join("") : escaped(String(part));
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");

/** Text with `code` in back quotes. */
export const prose = (text: string): Html =>
  new Html(
    escaped(text)
      .replace(/`([^`]+)`/g, "<code>$1</code>")
      .replaceAll("\n\n", "<br><br>"),
  );

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: light-dark(#0b5f8a, #7cc7ee); }
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: 19rem 1fr }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; border-right: 1px solid var(--line);
  font-size: 13px }
nav ul { list-style: none; margin: 0 0 1rem; padding: 0 }
main { padding: 1.5rem 2.5rem 4rem; max-width: 64rem; min-width: 0 }
a { color: var(--accent); text-decoration: none }
a:hover { text-decoration: underline }
h1 { margin-top: 0 }
h2 { margin-top: 3rem; border-bottom: 2px solid var(--line) }
section { border-top: 1px solid var(--line); padding: .5rem 0 1rem; scroll-margin-top: .5rem }
section:target { background: var(--soft) }
h3 { margin: .6rem 0 .2rem; font-size: 1rem }
h4 { margin: 1rem 0 .2rem; font-size: .85rem; opacity: .75 }
code, pre { font: 13px/1.45 ui-monospace, monospace }
code { background: var(--soft); padding: 0 .2em; border-radius: 3px; overflow-wrap: anywhere }
pre { background: var(--soft); padding: .7rem .9rem; border-radius: 6px; overflow: auto }
pre code { background: none; padding: 0 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line) }
th { font-size: 12px; font-weight: 600; opacity: .7 }
.method { font: 600 12px ui-monospace, monospace; color: var(--accent) }
.path { font: 600 14px ui-monospace, monospace; overflow-wrap: anywhere }
.quiet { opacity: .7; font-size: 13px }
details summary { cursor: pointer }
@media (max-width: 50rem) { body { display: block } nav { position: static; height: auto; border: 0 } main { padding: 1rem } }
`;

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/** What a page of ours may do in a browser: show itself in its own style, and nothing else. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

/** A whole page that needs nothing from elsewhere. */
export function page(title: string, navigation: Html, content: Html): string {
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>${new Html(STYLE)}</style>
      </head>
      <body>
        <nav>${navigation}</nav>
        <main>${content}</main>
      </body>
    </html>
`.text;
}
