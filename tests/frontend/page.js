// As much of a browser's page as the modules use. To be imported before them.

class Element extends EventTarget {
  children = [];

  append(child) {
    this.children.push(child);
  }
}

const elements = new Map();

// What the modules make of elements that are defined, or of others, by their names.
const createElement = (name) => {
  const Defined = elements.get(name) ?? Element;
  return Object.assign(new Defined(), { localName: name });
};

export const page = { hass: undefined, intervals: [], elements };

Object.assign(globalThis, {
  HTMLElement: Element,
  window: globalThis,
  customElements: {
    get: (name) => elements.get(name),
    define(name, element) {
      if (elements.has(name)) {
        throw new Error(`${name} has already been defined`);
      }
      elements.set(name, element);
    },
    whenDefined: async () => {},
  },
  document: { createElement, querySelector: () => ({ hass: page.hass }) },
  setInterval: (callback, delay) => page.intervals.push({ callback, delay }),
});
