/** htmx, as far as our modules call it. */
interface Window {
  htmx?: { process(element: Element): void };
}
