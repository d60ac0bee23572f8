"""When a page has come to rest: nothing is asked for any more, and nothing is added."""

from playwright.async_api import BrowserContext, Page

SCRIPT = """
const asked = new Map();
let last = 0;
let parts = '';
window.requests = 0;
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (!this.watched) {
    this.watched = true;
    this.addEventListener('message', ({ data }) => {
      for (const each of [JSON.parse(data)].flat()) {
        if (each.type === 'result' && asked.delete(each.id)) last = performance.now();
      }
    });
  }
  for (const each of [JSON.parse(data)].flat()) {
    if (each.id && each.type !== 'ping') {
      asked.set(each.id, each.type);
      window.requests += 1;
    }
  }
  return send.call(this, data);
};
const count = (root, found) => {
  for (const each of root.querySelectorAll('*')) {
    found.all += 1;
    found.charts += each.localName === 'canvas' && each.width > 0;
    found.cards += each.localName === 'hui-card';
    if (each.shadowRoot) count(each.shadowRoot, found);
  }
  return found;
};
window.restsSince = (quiet) => {
  window.found = count(document, { all: 0, charts: 0, cards: 0 });
  const now = JSON.stringify(window.found);
  const moves = document.getAnimations().some(
    ({ playState, effect }) =>
      playState === 'running' && effect?.getComputedTiming().endTime < Infinity,
  );
  if (now !== parts || moves) [parts, last] = [now, performance.now()];
  return !asked.size && performance.now() - last > quiet ? last : false;
};
"""

# A moment in which nothing happens.
QUIET = 500


async def watch(context: BrowserContext) -> None:
    """Let every page that is opened from now on notice what it asks for."""
    await context.add_init_script(SCRIPT)


async def rest(page: Page, quiet: int = QUIET, *, charts: bool = False) -> float:
    """Wait until it was still for some milliseconds; return since when it is.

    That is in milliseconds since it was opened. With `charts`, one has to be drawn.
    """
    handle = await page.wait_for_function(
        "([quiet, charts]) => window.restsSince(quiet)"
        " && (!charts || window.found.charts) && window.restsSince(quiet)",
        arg=[quiet, charts],
        polling=100,
        timeout=60_000,
    )
    return float(await handle.json_value())
