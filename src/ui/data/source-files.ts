/** From the browser's three ways of naming a chosen or dropped file to one relative path. */
import type { SourceFile } from "../../protocol/data.ts";

/** A drop carries `path`, a folder input `webkitRelativePath`, a plain input only `name`. */
interface NamedFile {
  readonly name: string;
  readonly path?: string;
  readonly webkitRelativePath?: string;
}

/** `/pets/cat/1.jpg` and `./1.jpg` become `pets/cat/1.jpg` and `1.jpg`. */
export function relativePath({ name, path, webkitRelativePath }: NamedFile): string {
  const given = webkitRelativePath || path || name;
  return given.replaceAll("\\", "/").replace(/^(\.?\/)+/, "");
}

export function toSourceFiles(files: readonly File[]): readonly SourceFile[] {
  return files.map((file) => ({ path: relativePath(file), blob: file }));
}
