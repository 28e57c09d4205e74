// A tour of the desk in a real browser: `node tests/browser/tour.mjs ADDRESS LINK… OUT`.
// Needs `playwright-core` and `axe-core` on NODE_PATH's side of the tree, and CHROMIUM naming the browser.
import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
const require = createRequire(process.env.TOOLS ? `${process.env.TOOLS}/` : import.meta.url);
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

const [address, link, out] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
// `bypassCSP` only lets axe in; what the policy refuses is listened for without it.
const first = await browser.newContext();
const start = await first.newPage();
await start.goto(link);
await start.getByRole("button").click();
await start.waitForURL("**/inbox");
const state = await first.storageState();
const pages = ["/inbox", "/inbox?who=all", "/missions", "/missions/new", "/runs", "/sops", "/agents", "/agents/vp.sales/edit", "/agents/new", "/dashboard", "/audit", "/audit?kind=published", "/account",
  "/settings", "/settings/council", "/files/sopd.yaml", "/files/prompts/draft.md", "/files/agents/vp.sales.md", "/sops/new", "/sops/drafts", "/sops?q=record"];
for (const path of ["/inbox?who=all", "/missions", "/sops", "/runs", "/sops/drafts", "/settings"]) {
  await start.goto(address + path);
  const found = await start.locator("main a[href]").evaluateAll((links) => links.map((one) => one.getAttribute("href")));
  const inner = found.find((one) => /^\/(decisions|missions|sops|runs|sops\/drafts)\/[A-Z]|^\/runs\/sop_run|^\/changes\//.test(one));
  if (inner) pages.push(inner);
}
let bad = 0;
for (const [width, scheme, scripts] of [[1440, "light", true], [1440, "dark", true], [390, "light", true], [390, "dark", false]]) {
  const plain = await browser.newContext({ storageState: state, viewport: { width, height: 900 }, colorScheme: scheme, javaScriptEnabled: scripts });
  const page = await plain.newPage();
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    bad += 1;
    console.log("console:", page.url(), message.text());
  });
  page.on("pageerror", (error) => { bad += 1; console.log("error:", page.url(), error.message); });
  for (const path of pages) {
    const answer = await page.goto(address + path, { waitUntil: "load" });
    if (answer.status() !== 200) { bad += 1; console.log(path, answer.status()); }
    const name = path.replace(/\W+/g, "_").replace(/^_|_$/g, "");
    await page.screenshot({ path: `${out}/${name}-${width}-${scheme}.png`, fullPage: false });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) { bad += 1; console.log(`${path} at ${width}: ${wide} px too wide`); }
  }
  await plain.close();
  if (!scripts) continue;
  const open = await browser.newContext({ storageState: state, viewport: { width, height: 900 }, colorScheme: scheme, bypassCSP: true });
  const judged = await open.newPage();
  for (const path of pages) {
    await judged.goto(address + path);
    await judged.addScriptTag({ path: axe });
    const { violations } = await judged.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] }));
    for (const one of violations) { bad += 1; console.log(`${path} ${width} ${scheme}: ${one.id}: ${one.help}: ${one.nodes[0].html.slice(0, 160)}`); }
  }
  await open.close();
}
await browser.close();
console.log(bad === 0 ? `${pages.length} pages are fine` : `${bad} things are not`);
process.exit(bad === 0 ? 0 : 1);
