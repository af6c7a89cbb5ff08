// Opens a report in Chromium and holds it to what the project promises of its pages:
//   nothing is requested but the file itself, the console stays silent under the page's own security policy,
//   axe finds no violation (WCAG 2.2 AA and best practice) in light and dark, wide and at 320 px, with details closed and open,
//   the page itself never scrolls sideways at 320 px, and in print nothing stays folded away.
//
//   npm ci && node check.mjs FILE.html [SCREENSHOT.png]
//
// The browser is Debian's (CHROMIUM names another). Further pictures are written beside the first: -dark, -narrow.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const ARGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const VIEWS = [
  { name: 'light', width: 1280, colorScheme: 'light' },
  { name: 'dark', width: 1280, colorScheme: 'dark' },
  { name: 'narrow', width: 320, colorScheme: 'light' },
  { name: 'narrow and dark', width: 320, colorScheme: 'dark' },
  { name: 'tablet', width: 768, colorScheme: 'light' },
];

const [file, picture] = process.argv.slice(2);
if (!file) {
  console.error('usage: node check.mjs FILE.html [SCREENSHOT.png]');
  process.exit(2);
}
const page_url = pathToFileURL(resolve(file)).href;
const faults = [];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });
try {
  for (const view of VIEWS) {
    await look(view, false); // under the page's own policy
    await look(view, true); // with axe inside, which that policy would refuse
  }
  await print();
} finally {
  await browser.close();
}
for (const fault of faults) console.error(`fault: ${fault}`);
console.log(faults.length === 0 ? `${file}: ${VIEWS.length} views, no fault` : `${file}: ${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);

/** One view of the page: with axe, or without it as readers get it. */
async function look(view, withAxe) {
  const fault = (text) => faults.push(`${view.name}: ${text}`);
  const { page, close } = await open(view, withAxe, fault);
  if (withAxe) {
    await axe(page, fault);
    await page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = true; }));
    await axe(page, (text) => fault(`details open: ${text}`));
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) fault(`the page is ${wide} px wider than the window`);
  if (!withAxe && picture && !view.name.includes(' ') && view.name !== 'tablet') {
    const suffix = view.name === 'light' ? '' : `-${view.name}`;
    await page.screenshot({ path: picture.replace(/\.png$/, `${suffix}.png`), fullPage: true });
  }
  await close();
}

/** A window of its own in which every request but the page, and every word on the console, is a fault. */
async function open(view, bypassCSP, fault) {
  const context = await browser.newContext({
    viewport: { width: view.width, height: 900 }, colorScheme: view.colorScheme, bypassCSP, offline: true, javaScriptEnabled: true,
  });
  const page = await context.newPage();
  await page.route('**/*', (route) => (route.request().url() === page_url ? route.continue() : route.abort()));
  page.on('request', (request) => { if (request.url().split('#')[0] !== page_url) fault(`requests ${request.url()}`); });
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) fault(`console: ${message.text()}`); });
  page.on('pageerror', (error) => fault(`error: ${error.message}`));
  await page.goto(page_url, { waitUntil: 'load' });
  return { page, close: () => context.close() };
}

async function axe(page, fault) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags } }), TAGS);
  for (const violation of violations) {
    const where = violation.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} (${node.any.concat(node.all, node.none).map((check) => check.message).join('; ')})`);
    fault(`axe ${violation.id}: ${violation.help} at ${violation.nodes.length} places: ${where.join(' | ')}`);
  }
}

/** On paper, folded sections are open: text inside a closed `details` must have a height. */
async function print() {
  const { page, close } = await open({ width: 1000, colorScheme: 'light' }, false, (text) => faults.push(`print: ${text}`));
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))); // until it is laid out for paper
  const folded = await page.evaluate(() => [...document.querySelectorAll('details > .body')].filter((body) => !body.checkVisibility({ contentVisibilityAuto: true })).length);
  if (folded > 0) faults.push(`print: ${folded} sections stay folded`);
  const bytes = await page.pdf({ format: 'A4', tagged: true, ...(picture ? { path: picture.replace(/\.png$/, '.pdf') } : {}) });
  if (bytes.length === 0) faults.push('print: no page came out');
  await close();
}
