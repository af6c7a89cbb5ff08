// Opens every page of a report in Chromium, found by following links from the overview, and holds each to what the project promises of its pages:
//   nothing is requested but the file itself, the console stays silent under the page's own security policy,
//   links lead to files that are there,
//   the page itself never scrolls sideways,
//   with the keyboard alone the skip link works, Tab reaches everything that can be used, in order and visibly,
//   axe finds no violation (WCAG 2.2 AA and best practice) in light, dark and print, wide and at 320 px,
//   a PDF comes out.
// Of rules and resources there are hundreds of pages, which differ in words: the last three hold for the first of each, and for every fourth of the others
// as it is light or narrow.
//
//   npm ci && node check.mjs FOLDER/report.html [SCREENSHOT.png]
//
// The browser is Debian's (CHROMIUM names another). Further pictures of the overview are written beside the first: -dark, -narrow, and a PDF.

import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const ARGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const VIEWS = [
  { name: 'light', width: 1280, colorScheme: 'light', media: 'screen' },
  { name: 'dark', width: 1280, colorScheme: 'dark', media: 'screen' },
  { name: 'narrow', width: 320, colorScheme: 'light', media: 'screen' },
  { name: 'narrow and dark', width: 320, colorScheme: 'dark', media: 'screen' },
  { name: 'print', width: 1000, colorScheme: 'light', media: 'print' },
];
// So many pages of rules and of resources are looked at in every view; of the others one in so many, light or narrow.
const WHOLE = 10;
const ONE_IN = 4;
const FEW = VIEWS.filter((view) => view.name === 'light' || view.name === 'narrow');

const [file, picture] = process.argv.slice(2);
if (!file) {
  console.error('usage: node check.mjs FOLDER/report.html [SCREENSHOT.png]');
  process.exit(2);
}
const overview = pathToFileURL(resolve(file)).href;
const faults = [];
const found = new Set([overview]);
const waiting = [overview];
const ofTemplate = {};

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });
try {
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work));
  await pictures();
} finally {
  await browser.close();
}
for (const fault of faults) console.error(`fault: ${fault}`);
console.log(`${file}: ${found.size} pages in up to ${VIEWS.length} views, ${faults.length === 0 ? 'no fault' : `${faults.length} faults`}`);
process.exit(faults.length === 0 ? 0 : 1);

/** Takes pages from the list until it is empty and nobody else can add to it. */
async function work() {
  const plain = await browser.newContext({ offline: true });
  const tested = await browser.newContext({ offline: true, bypassCSP: true });
  for (let idle = 0; idle < 100;) {
    const url = waiting.shift();
    if (url === undefined) {
      idle += 1;
      await new Promise((done) => setTimeout(done, 50));
      continue;
    }
    idle = 0;
    const fault = (text) => faults.push(`${decodeURI(url).split('/').slice(-2).join('/')}: ${text}`);
    try {
      const views = viewsOf(url);
      await asReadersGetIt(plain, url, views, fault);
      if (views.length > 0) await withAxe(tested, url, views, fault);
    } catch (error) {
      fault(error.message.split('\n')[0]);
    }
  }
  await plain.close();
  await tested.close();
}

/** The page under its own policy: what it asks for, where its links lead, whether it fits, and what the keyboard reaches. */
async function asReadersGetIt(context, url, views, fault) {
  const page = await open(context, url, VIEWS[0], fault);
  follow(url, await page.evaluate(() => [...document.querySelectorAll('a[href]')].map((link) => link.getAttribute('href'))), fault);
  if (views.length > 0) await keyboard(page, fault);
  for (const view of views.length > 0 ? VIEWS.filter((view) => view.media === 'screen') : FEW) {
    await look(page, view);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) fault(`${view.name}: the page is ${wide} px wider than the window`);
  }
  const print = views.find((view) => view.media === 'print');
  if (print) {
    await look(page, print);
    const bytes = await page.pdf({ preferCSSPageSize: true, tagged: true });
    if (bytes.length === 0) fault('print: no page came out');
  }
  await page.close();
}

/** The page with axe inside, which its own policy would refuse. */
async function withAxe(context, url, views, fault) {
  const page = await open(context, url, VIEWS[0], fault);
  await page.evaluate(AXE);
  for (const view of views) {
    await look(page, view);
    const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }), TAGS);
    for (const violation of violations) {
      const where = violation.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} (${node.any.concat(node.all, node.none).map((check) => check.message).join('; ')})`);
      fault(`${view.name}: axe ${violation.id}: ${violation.help} at ${violation.nodes.length} places: ${where.join(' | ')}`);
    }
  }
  await page.close();
}

/** All views of a page; of what is the like of many others one or none. */
function viewsOf(url) {
  const [, template] = /\/(rule|resource)-[^/]*$/.exec(url) ?? [];
  if (template === undefined) return VIEWS;
  ofTemplate[template] = (ofTemplate[template] ?? 0) + 1;
  const turn = ofTemplate[template] - WHOLE;
  if (turn <= 0) return VIEWS;
  return turn % ONE_IN === 0 ? [FEW[(turn / ONE_IN) % FEW.length]] : [];
}

/** A page in which every request but for itself, and every word on the console, is a fault. */
async function open(context, url, view, fault) {
  const page = await context.newPage();
  await page.route('**/*', (route) => (route.request().url() === url ? route.continue() : route.abort()));
  page.on('request', (request) => { if (request.url().split('#')[0] !== url) fault(`requests ${request.url()}`); });
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) fault(`console: ${message.text()}`); });
  page.on('pageerror', (error) => fault(`error: ${error.message}`));
  await look(page, view);
  await page.goto(url, { waitUntil: 'load' });
  return page;
}

async function look(page, view) {
  await page.setViewportSize({ width: view.width, height: 900 });
  await page.emulateMedia({ media: view.media, colorScheme: view.colorScheme });
}

/** Puts the pages that a page links to on the list; what leaves the report leaves by https. */
function follow(from, links, fault) {
  for (const href of links) {
    const url = new URL(href, from);
    if (url.protocol !== 'file:') {
      if (url.protocol !== 'https:') fault(`links to ${href}`);
      continue;
    }
    url.hash = '';
    if (found.has(url.href)) continue;
    found.add(url.href);
    if (existsSync(fileURLToPath(url))) waiting.push(url.href);
    else fault(`links to ${href}, which is not there`);
  }
}

/** The skip link leads into the page, and Tab goes through everything that can be used, in the order of the document, each time visibly. */
async function keyboard(page, fault) {
  const usable = await page.evaluate(() => {
    window.reached = [];
    const usable = [...document.querySelectorAll('a[href], [tabindex="0"]')];
    document.addEventListener('focusin', ({ target }) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(target);
      const box = target.getBoundingClientRect();
      const seen = box.width > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
      window.reached.push({ at: usable.indexOf(target), marked: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2, seen });
    });
    return usable.length;
  });
  for (let press = 0; press < usable; press += 1) await page.keyboard.press('Tab');
  const reached = await page.evaluate(() => window.reached);
  if (reached.length !== usable) fault(`keyboard: ${usable} things can be used, Tab reaches ${reached.length}`);
  const wrong = reached.findIndex((one, place) => one.at !== place);
  if (wrong >= 0) fault(`keyboard: thing ${wrong} is not reached in its turn`);
  const hidden = reached.filter((one) => !one.marked || !one.seen).length;
  if (hidden > 0) fault(`keyboard: ${hidden} things have the focus and do not show it`);

  await page.evaluate(() => { document.activeElement?.blur(); window.scrollTo(0, 0); document.body.focus(); });
  await page.locator('a.skip').focus();
  await page.keyboard.press('Enter');
  const inside = await page.evaluate(() => document.activeElement?.id === 'main' || location.hash === '#main');
  await page.keyboard.press('Tab');
  // Where nothing in the page can be used, Tab goes round to its beginning.
  const after = await page.evaluate(() => document.activeElement === document.body || document.querySelector('main, footer')?.contains(document.activeElement)
    || document.querySelector('main')?.querySelector('a[href], [tabindex="0"]') === null);
  if (!inside || !after) fault('keyboard: the skip link does not lead to the content');
}

/** Pictures of the overview for people to look at. */
async function pictures() {
  if (!picture) return;
  const context = await browser.newContext({ offline: true });
  const page = await open(context, overview, VIEWS[0], () => {});
  for (const view of VIEWS.slice(0, 3)) {
    await look(page, view);
    const suffix = view.name === 'light' ? '' : `-${view.name}`;
    await page.screenshot({ path: picture.replace(/\.png$/, `${suffix}.png`), fullPage: true });
  }
  await look(page, VIEWS.find((view) => view.media === 'print'));
  await page.pdf({ preferCSSPageSize: true, tagged: true, path: picture.replace(/\.png$/, '.pdf') });
  await context.close();
}
