// The whole demo in a real browser: `node tests/browser/demo.mjs SOPD OUT`, on a wide screen and on a phone,
// light and dark, with and without scripts; ONLY names some of them. Needs `playwright-core` and `axe-core` in TOOLS/node_modules, and CHROMIUM naming the browser.
import { createRequire } from "node:module";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
const require = createRequire(process.env.TOOLS ? `${process.env.TOOLS}/` : import.meta.url);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const rules = { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] };

const [sopd, out] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
let bad = 0;
const wrong = (...words) => { bad += 1; console.log(...words); };
const must = (holds, words) => { if (!holds) throw new Error(words); };

// The demo, with its desk on a port of its own; gives its address and the links it prints.
async function demo(folder) {
  execFileSync(sopd, ["init", folder]);
  const settings = join(folder, "sopd.yaml");
  const text = `desk: { listen: "127.0.0.1:0" }\n${readFileSync(settings, "utf8")}`;
  require("node:fs").writeFileSync(settings, text);
  const child = spawn(sopd, ["demo", "--serve", folder], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  await new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      said += chunk;
      if ((said.match(/\/sign-in\/\S+\n/g) ?? []).length >= 2) resolve();
    });
    child.on("exit", (code) => reject(new Error(`the demo ended with ${code}: ${said}`)));
  });
  const links = [...said.matchAll(/as (\S+), who[^\n]*\n\s+(\S+)/g)].map(([, party, link]) => ({ party, link }));
  return { child, links, address: new URL(links[0].link).origin };
}

async function drive(browser, { width, scheme, scripts, name }) {
  const folder = mkdtempSync(join(tmpdir(), "sopd-browser-"));
  const { child, links, address } = await demo(folder);
  let shot = 0;
  const contexts = [];
  const open = async (link) => {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, javaScriptEnabled: scripts });
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on("console", (message) => { if (message.type() === "error" && !/409/.test(message.text())) wrong("console:", page.url(), message.text()); });
    page.on("pageerror", (error) => wrong("error:", page.url(), error.message));
    await page.goto(link);
    await look(page, "sign-in");
    await page.getByRole("button", { name: /^Sign in as/ }).click();
    await page.waitForURL("**/inbox");
    return page;
  };
  const link = (party) => {
    const told = JSON.parse(execFileSync(sopd, ["-w", folder, "sign-in", party, "--json"], { encoding: "utf8" }));
    return `${address}${new URL(told.link).pathname}`;
  };
  async function twin(page) {
    const storageState = await page.context().storageState();
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, storageState });
    const other = await context.newPage();
    await other.goto(page.url(), { waitUntil: "load" });
    return other;
  }
  // A picture, and everything axe has to say.
  async function look(page, what) {
    shot += 1;
    const file = `${out}/${name}-${String(shot).padStart(2, "0")}-${what}.png`;
    await page.screenshot({ path: file, fullPage: what !== "source" });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) wrong(`${what} at ${width}: ${wide} px too wide`);
    // Axe is a script itself: where the page has none, it looks at the same page in a window that has.
    const judged = scripts ? page : await twin(page);
    await judged.evaluate(axe);
    const { violations } = await judged.evaluate((rules) => window.axe.run(document, rules), rules);
    if (judged !== page) await judged.context().close();
    for (const one of violations) wrong(`${name} ${what}: ${one.id}: ${one.help}: ${one.nodes[0].html.slice(0, 200)}`);
  }
  // Reloads until something is there: without scripts a page does not change by itself.
  const until = async (page, path, found) => {
    for (const end = Date.now() + 90_000; Date.now() < end; await new Promise((r) => setTimeout(r, 300))) {
      await page.goto(address + path);
      if (await found().count()) return;
    }
    throw new Error(`${path} never showed what was waited for`);
  };
  // Whether words stand where somebody looks first.
  async function onFirstScreen(page, words) {
    const box = await page.locator("main").getByText(words).first().boundingBox();
    return box !== null && box.y + box.height <= 900;
  }
  // A comment on a line outlives comparing, a closed window and a link from another site.
  async function neverLost(staff, source) {
    const path = new URL(staff.url()).pathname;
    const words = "Say who pays for it.";
    const comment = (page) => page.locator(".src textarea").evaluateAll((all) => all.map((one) => one.value).join(""));
    await source.locator("textarea").fill(words);
    if (scripts) {
      await staff.getByText("1 comment not sent yet").waitFor();
    }
    await staff.locator("select[name=against]").selectOption({ index: 1 });
    await staff.getByRole("button", { name: "Compare" }).click();
    await staff.waitForURL("**#compare");
    must(await comment(staff) === words, "comparing keeps the comment");
    await look(staff, "unsent");
    // Another site: the same machine under another name. Its link arrives, signed in; signed out it arrives after signing in.
    const elsewhere = require("node:http").createServer((_, answer) => {
      answer.setHeader("content-type", "text/html");
      answer.end(`<a href="${address}${path}">the decision</a>`);
    });
    await new Promise((ready) => elsewhere.listen(0, "127.0.0.1", ready));
    const mail = `http://localhost:${elsewhere.address().port}/`;
    await staff.goto(mail);
    await staff.getByText("the decision").click();
    await staff.waitForURL(`**${path}`);
    must(await comment(staff) === words, "a link from elsewhere arrives signed in, and the comment is there");
    const context = await browser.newContext({ viewport: { width, height: 900 }, javaScriptEnabled: scripts });
    contexts.push(context);
    const anew = await context.newPage();
    await anew.goto(mail);
    await anew.getByText("the decision").click();
    await anew.waitForURL(/\/sign-in\?next=/);
    await anew.goto(link("chief.staff"));
    await anew.getByRole("button", { name: /^Sign in as/ }).click();
    await anew.waitForURL(`**${path}`);
    must(await comment(anew) === words, "signed in anew one arrives where the link led, and the comment is there");
    elsewhere.close();
    await staff.goto(address + path);
  }
  // What is short of deciding: claimed, given back, put off, asked about, and passed to somebody else and back.
  async function careFor(staff) {
    const path = new URL(staff.url()).pathname;
    const shows = async (page, words) => {
      await page.waitForURL(`**${path}*`);
      await page.locator("main").getByText(words).first().waitFor({ state: "attached" });
    };
    const press = async (page, deed, name, fill = async () => {}) => {
      await fill((field) => page.locator(`[name="${deed}.${field}"]`));
      // The very page that answers, also where it has the address of the one before.
      const answered = page.waitForResponse((response) => response.url().startsWith(address + path) && response.request().method() === "GET");
      await page.locator(`button[formaction="${path}/${deed}"]`, { hasText: name }).click();
      await answered;
      await page.waitForLoadState("load");
    };
    await press(staff, "claim", "Claim");
    await shows(staff, "You are at it");
    await press(staff, "release", "Give it back");
    await shows(staff, "Others who are asked see for four hours");
    await press(staff, "defer", "Defer", async (field) => {
      await field("by").selectOption("1 business day");
      await field("text").fill("travelling");
    });
    await shows(staff, "first 20");
    await press(staff, "ask", "Ask", async (field) => {
      await field("to").selectOption("cro");
      await field("text").fill("Who follows up on a lead nobody takes?");
    });
    await shows(staff, "Who follows up on a lead nobody takes?");
    await look(staff, "cared-for");
    const asked = await open(link("cro"));
    await asked.locator("a.title", { hasText: "Who follows up" }).click();
    await look(asked, "question");
    await asked.locator("#way-answer textarea").fill("Sales operations, the next morning.");
    await asked.locator("#way-answer button").click();
    await asked.waitForURL("**/decisions/*");
    await until(staff, path, () => staff.getByText("Sales operations, the next morning."));
    await press(staff, "delegate", "Delegate", async (field) => {
      await field("to").selectOption("finance.controller");
      await field("text").fill("on leave");
    });
    await shows(staff, "passed on by chief.staff");
    const stand = await open(link("finance.controller"));
    await stand.goto(address + path);
    await look(stand, "delegated");
    await press(stand, "delegate", "Delegate", (field) => field("to").selectOption("chief.staff"));
    await shows(stand, "passed on by chief.staff, finance.controller");
    await staff.goto(address + path);
  }
  try {
    const staff = await open(links[0].link);
    const forward = () => staff.locator("a.title", { hasText: /^Forward SOP-/ });
    must(await forward().count() === 1, "the inbox holds the demo's decision");
    await look(staff, "inbox");
    await forward().click();
    const first = new URL(staff.url()).pathname;
    await look(staff, "decision");
    const source = staff.locator(".src", { has: staff.locator("code") }).first();
    await source.locator("button").focus();
    must(await source.locator(".card").isVisible(), "focus shows where a line comes from");
    must(/%/.test(await source.locator(".card").innerText()), "with how alike it is");
    await look(staff, "source");
    const stale = await staff.locator("#words input[name=hash]").inputValue();
    await neverLost(staff, source);
    await staff.locator("#way-revise textarea").fill('Add to Scope: "Partners of the reseller programme are treated like any other source."');
    await staff.getByRole("button", { name: /^Request changes/ }).click();
    await staff.waitForURL(`**${first}`);
    must(await onFirstScreen(staff, "You sent it back"), "what came of it stands on the first screen");
    must((await staff.locator("main").innerText()).includes("(about the line"), "comments on lines travel");
    await until(staff, "/inbox", forward);
    // A page that was opened before the draft changed cannot approve it.
    const csrf = await staff.locator("input[name=csrf]").first().inputValue();
    const late = await staff.request.post(address + first + "/approve", { form: { csrf, hash: stale }, headers: { Origin: address } });
    const told = await late.text();
    must(late.status() === 409 && told.includes("What changed since you opened the page"), `a stale page is refused: ${late.status()}`);
    await forward().click();
    must(new URL(staff.url()).pathname !== first, "the next round is another decision");
    await careFor(staff);
    await staff.locator("select[name=against]").selectOption("round");
    await staff.getByRole("button", { name: "Compare" }).click();
    await staff.waitForURL("**#compare");
    must(await staff.locator("tr.new").count() > 0, "the rounds differ");
    await look(staff, "compared");
    // Comments that an answer would leave behind: they are asked about, and nothing is decided before.
    await staff.locator("#way-revise textarea").fill("Shorter, next time.");
    await staff.locator("#way-approve").getByRole("button", { name: "Forward" }).click();
    await staff.getByRole("heading", { name: "Send your comments along?" }).waitFor();
    // Without scripts axe needs an address of its own, and the answer to a form has none.
    if (scripts) await look(staff, "along");
    await staff.getByRole("button", { name: "Forward, and send them along" }).click();
    await staff.waitForURL("**/decisions/*");
    must(await onFirstScreen(staff, "You forwarded"), "forwarded");
    must((await staff.locator("blockquote").first().innerText()).includes("Shorter, next time."), "with the comment");
    await look(staff, "answered");

    const ceo = await open(links[1].link);
    const sign = () => ceo.locator("a.title", { hasText: /^Publish SOP-/ });
    await until(ceo, "/inbox", sign);
    await sign().click();
    await look(ceo, "signature");
    await ceo.locator("#way-approve").getByRole("button", { name: "Sign" }).click();
    await ceo.waitForURL("**/decisions/*");
    must(await onFirstScreen(ceo, "it is active"), "signed, and in force");
    must(await onFirstScreen(ceo, "Nothing else waits for you"), "and what is next");
    await until(ceo, "/sops", () => ceo.locator("td a[href^='/sops/SOP-']"));
    await look(ceo, "sops");
    const index = readFileSync(join(folder, "sops", "INDEX.md"), "utf8");
    must(/SOP-REV-lead-qualification.*active/i.test(index), `INDEX.md has it: ${index}`);
    await ceo.goto(`${address}/missions`);
    await look(ceo, "missions");
    await ceo.locator(".card a").first().click();
    await look(ceo, "mission");
    await ceo.goto(`${address}/missions/new`);
    await look(ceo, "new-mission");

    const cro = await open(link("cro"));
    await cro.goto(`${address}/sops/SOP-REV-lead-qualification`);
    await look(cro, "sop");
    await cro.locator("summary", { hasText: "Start a run" }).click();
    await cro.locator("[name='input.lead_id']").fill("L-1042");
    await cro.locator("[name='input.source']").selectOption("demo_form");
    await cro.locator("[name='input.employees']").fill("40");
    await cro.locator("select[name=mode]").selectOption("step_by_step");
    await cro.getByRole("button", { name: "Start", exact: true }).click();
    await cro.waitForURL("**/runs/*");
    const run = new URL(cro.url()).pathname;
    await until(cro, run, () => cro.locator("section.notice a[href^='/decisions/']"));
    await look(cro, "run");
    const gate = await cro.locator("section.notice li").first().innerText();
    const path = await cro.locator("section.notice a[href^='/decisions/']").first().getAttribute("href");
    const asked = gate.match(/([a-z]+\.[a-z.]+|ceo|cro|coo)\s*(?:,|$|you)/m)?.[1];
    const owner = await open(link(asked));
    await owner.goto(address + path);
    await look(owner, "gate");
    await owner.locator("#way-approve button").click();
    await owner.waitForURL(`**${path}`);
    must(await onFirstScreen(owner, "You approved"), "the gate is answered");
    await until(cro, run, () => cro.locator(".tag", { hasText: /running|completed|awaiting approval/ }));
    await look(cro, "run-goes-on");
    await cro.goto(`${address}/runs`);
    await look(cro, "runs");
    await staff.goto(`${address}/inbox?who=all`);
    await look(staff, "inbox-all");
    console.log(`${name}: the whole demo was done`);
  } catch (error) {
    wrong(`${name}: ${error.stack}`);
  } finally {
    // First: a page whose server is gone would complain.
    for (const context of contexts) await context.close();
    child.kill("SIGTERM");
  }
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const ways = [
  { name: "wide-light", width: 1440, scheme: "light", scripts: true },
  { name: "phone-dark", width: 390, scheme: "dark", scripts: false },
  { name: "phone-light", width: 390, scheme: "light", scripts: true },
  { name: "wide-dark", width: 1440, scheme: "dark", scripts: false },
];
// All four ways, or those that ONLY names.
for (const way of ways) if ((process.env.ONLY ?? way.name).split(",").includes(way.name)) await drive(browser, way);
await browser.close();
console.log(bad === 0 ? "everything is fine" : `${bad} things are not`);
process.exit(bad === 0 ? 0 : 1);
