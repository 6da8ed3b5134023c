/** Arrow keys over buttons that are laid out in lines, whatever number fits a line. */

/** Moves the focus among the children of `container`; returns whether the key was for it. */
export function moveFocus(container: HTMLElement, key: string): boolean {
  const tiles = [...container.children].filter((child): child is HTMLElement => child instanceof HTMLElement);
  const from = tiles.findIndex((tile) => tile === document.activeElement);
  if (from < 0) return false;
  const top = tiles[0]?.offsetTop ?? 0;
  const columns = Math.max(1, tiles.filter((tile) => tile.offsetTop === top).length);
  const to = targetIndex(key, from, columns, tiles.length);
  if (to === null) return false;
  tiles[to]?.focus();
  return true;
}

/** Where a key leads from `from` in a grid of `count` cells, or null if the key means nothing here. */
export function targetIndex(key: string, from: number, columns: number, count: number): number | null {
  const within = (index: number): number => (index >= 0 && index < count ? index : from);
  switch (key) {
    case "ArrowRight":
      return within(from + 1);
    case "ArrowLeft":
      return within(from - 1);
    case "ArrowDown":
      return within(from + columns);
    case "ArrowUp":
      return within(from - columns);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
