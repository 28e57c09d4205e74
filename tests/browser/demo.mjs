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
  // What is short of deciding: claimed, given back, put off, asked about, and passed to somebody else and back.
  async function careFor(staff) {
    const path = new URL(staff.url()).pathname;
    const shows = async (page, words) => {
      await page.waitForURL(`**${path}`);
      must((await page.locator("main").innerText()).includes(words), `${path} shows "${words}"`);
    };
    const press = async (page, deed, name, fill = async () => {}) => {
      const form = page.locator(`form[action="${path}/${deed}"]`);
      await fill(form);
      // The very page that answers, also where it has the address of the one before.
      const answered = page.waitForResponse((response) => response.url() === address + path && response.request().method() === "GET");
      await form.getByRole("button", { name, exact: true }).click();
      await answered;
      await page.waitForLoadState("load");
    };
    await press(staff, "claim", "Claim");
    await shows(staff, "You are at it");
    await press(staff, "release", "Give it back");
    await shows(staff, "Others who are asked see for four hours");
    await press(staff, "defer", "Defer", async (form) => {
      await form.locator("select[name=by]").selectOption("1 business day");
      await form.locator("input[name=text]").fill("travelling");
    });
    await shows(staff, "first 20");
    await press(staff, "ask", "Ask", async (form) => {
      await form.locator("select[name=to]").selectOption("cro");
      await form.locator("textarea[name=text]").fill("Who follows up on a lead nobody takes?");
    });
    await shows(staff, "Who follows up on a lead nobody takes?");
    await look(staff, "cared-for");
    const asked = await open(link("cro"));
    await asked.locator("a.title", { hasText: "Who follows up" }).click();
    await look(asked, "question");
    await asked.locator("#way-answer textarea[name=text]").fill("Sales operations, the next morning.");
    await asked.locator("#way-answer button").click();
    await asked.waitForURL("**/decisions/*");
    await until(staff, path, () => staff.getByText("Sales operations, the next morning."));
    await press(staff, "delegate", "Delegate", async (form) => {
      await form.locator("select[name=to]").selectOption("finance.controller");
      await form.locator("input[name=text]").fill("on leave");
    });
    await shows(staff, "passed on by chief.staff");
    const stand = await open(link("finance.controller"));
    await stand.goto(address + path);
    await look(stand, "delegated");
    await press(stand, "delegate", "Delegate", (form) => form.locator("select[name=to]").selectOption("chief.staff"));
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
    await source.locator("input").fill("Say who pays for it.");
    const stale = await staff.locator("#way-approve input[name=hash]").inputValue();
    await staff.locator("#way-revise textarea[name=text]").fill('Add to Scope: "Partners of the reseller programme are treated like any other source."');
    await staff.getByRole("button", { name: "Request changes" }).click();
    await staff.waitForURL(`**${first}`);
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
    must(await staff.locator("tr.new").count() > 0, "the rounds differ");
    await look(staff, "compared");
    await staff.locator("#way-approve").getByRole("button", { name: "Forward" }).click();
    await staff.waitForURL("**/decisions/*");
    must((await staff.locator("main").innerText()).includes("Answered"), "forwarded");
    await look(staff, "answered");

    const ceo = await open(links[1].link);
    const sign = () => ceo.locator("a.title", { hasText: /^Publish SOP-/ });
    await until(ceo, "/inbox", sign);
    await sign().click();
    await look(ceo, "signature");
    await ceo.locator("#way-approve").getByRole("button", { name: "Sign" }).click();
    await ceo.waitForURL("**/decisions/*");
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
    must((await owner.locator("main").innerText()).includes("Answered"), "the gate is answered");
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
