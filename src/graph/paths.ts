/** Name paths: every name in a graph is segments joined by slashes, and a prefix of it is a layer group. */

/** `block_3/project/kernel` -> `block_3/project`; `""` where there is no slash. */
export function parentPath(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}

/** Whether `name` is `path` or lies within it. */
export function isWithin(name: string, path: string): boolean {
  return name === path || name.startsWith(`${path}/`);
}
