import readme from "./README.md" with { type: "text" };
import guide from "../README.md" with { type: "text" };

/** For tests: the example policy of this package's README. */
export const SIEVE: string = blockWith(readme, "export default function sieve");

/** For tests: the driver of the root's README, as a module for `--driver`. */
export const CARD: string = `${
  blockWith(guide, "function blockingCard").split("\nawait using")[0]?.replace(/^.*@std.assert.*\n/m, "")
}\n${blockWith(readme, "=> blockingCard(")}`;

function blockWith(page: string, text: string): string {
  const blocks = [...page.matchAll(/^```ts[^\n]*\n(.*?)^```/gms)].map(([, code]) => code as string);
  const block = blocks.find((code) => code.includes(text));
  if (block === undefined) throw new Error(`no example has ${text}`);
  return block;
}
