/** What can be told of a file by its path alone. */

const systemFiles = new Set(["thumbs.db", "desktop.ini"]);

/** Files that no person put there: dotfiles, macOS's resource forks, thumbnails of Windows. */
export function isHidden(path: string): boolean {
  const parts = path.split("/");
  return parts.some((part) => part === "__MACOSX" || (part.startsWith(".") && part !== ".")) || systemFiles.has((parts.at(-1) as string).toLowerCase());
}

/** `a/b.tar.GZ` -> `gz`; empty without a dot. */
export function extensionOf(path: string): string {
  const name = fileNameOf(path);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
}

export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The folders above a file, outermost first. */
export function foldersOf(path: string): string[] {
  return path.split("/").slice(0, -1).filter((part) => part !== "" && part !== ".");
}
