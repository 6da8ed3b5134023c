/**
 * A hub on this machine, over real HTTP: the routes of huggingface.co that Graft uses, with the headers that pages may read there,
 * for repositories made on the spot. Large files are redirected to a second port, as the hub sends on to its content network.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface TestRepository {
  readonly name: string;
  readonly revision: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly task?: string;
  readonly tags?: readonly string[];
  readonly modelType?: string;
  readonly parameters?: number;
  readonly downloads?: number;
  /** Who reads it needs this token. */
  readonly token?: string;
  readonly gated?: "auto";
}

/** What the server does to the next requests for file content, in turn, null for nothing; then it behaves. */
export type Mischief =
  | { readonly kind: "break"; readonly after: number }
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "stall"; readonly after: number }
  | { readonly kind: "no-ranges" };

export interface TestHub {
  readonly url: string;
  /** Where it keeps large files. */
  readonly storageUrl: string;
  /** What was asked for content: the path, and from which byte on. */
  readonly asked: { readonly path: string; readonly range: string | undefined; readonly authorization: string | undefined; readonly ifRange: string | undefined }[];
  readonly mischief: (Mischief | null)[];
  readonly repositories: TestRepository[];
  /** Slows content down to `bytes` every 20 ms, so that a person could cancel. */
  pace: number | null;
  close(): Promise<void>;
}

/** Larger files lie in the large file storage: with a SHA-256, and on another host. */
const largeFrom = 1000;

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const listen = (server: Server): Promise<string> => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)));

export async function startHub(repositories: readonly TestRepository[]): Promise<TestHub> {
  const state = { asked: [] as TestHub["asked"][number][], mischief: [] as TestHub["mischief"], repositories: [...repositories], pace: null as number | null };
  const content = new Map<string, Uint8Array>();

  const allow = (request: IncomingMessage, response: ServerResponse): boolean => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Expose-Headers", "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag");
    if (request.method !== "OPTIONS") return false;
    response.writeHead(204, { "Access-Control-Allow-Headers": "authorization" }).end();
    return true;
  };

  const send = (request: IncomingMessage, response: ServerResponse, bytes: Uint8Array, etag: string): void => {
    const { range, authorization, "if-range": ifRange } = request.headers;
    state.asked.push({ path: request.url ?? "", range, authorization, ifRange: ifRange as string | undefined });
    const trick = state.mischief.shift();
    if (trick?.kind === "status") return void response.writeHead(trick.status).end("no");
    const from = trick?.kind === "no-ranges" ? 0 : Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
    if (from >= bytes.byteLength && from > 0) return void response.writeHead(416, { "Content-Range": `bytes */${bytes.byteLength}` }).end();
    const rest = bytes.subarray(from);
    const headers = { ETag: etag, "Accept-Ranges": "bytes", "Content-Length": rest.byteLength, "Content-Type": "application/octet-stream" };
    if (from > 0) response.writeHead(206, { ...headers, "Content-Range": `bytes ${from}-${bytes.byteLength - 1}/${bytes.byteLength}` });
    else response.writeHead(200, headers);
    if (trick?.kind === "break") return void response.write(rest.subarray(0, trick.after), () => setTimeout(() => response.destroy(), 20));
    if (trick?.kind === "stall") return void response.write(rest.subarray(0, trick.after));
    if (state.pace === null) return void response.end(rest);
    const { pace } = state;
    const drip = (at: number): void => {
      if (at >= rest.byteLength) return void response.end();
      response.write(rest.subarray(at, at + pace));
      setTimeout(() => drip(at + pace), 20);
    };
    drip(0);
  };

  // Like the hub's content network, it grants pages nothing that has to be asked for first.
  const network = createServer((request, response) => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Expose-Headers", "ETag,Content-Range,Accept-Ranges");
    if (request.method === "OPTIONS") return void response.writeHead(403).end();
    const bytes = content.get(request.url ?? "");
    if (bytes) send(request, response, bytes, `"${sha256(bytes).slice(0, 32)}"`);
    else response.writeHead(404).end();
  });
  const networkUrl = await listen(network);

  const api = createServer((request, response) => {
    if (allow(request, response)) return;
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const path = decodeURIComponent(pathname);
    const json = (value: unknown): void => void response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
    const error = (status: number, code: string): void => void response.writeHead(status, { "X-Error-Code": code, "Content-Type": "application/json" }).end(JSON.stringify({ error: code }));
    if (path === "/api/models") return json(search(state.repositories, searchParams).map(about));
    const repository = state.repositories.find(({ name }) => path.startsWith(`/api/models/${name}/`) || path.startsWith(`/${name}/resolve/`));
    if (!repository) return error(401, "RepoNotFound");
    const allowed = repository.token === undefined || request.headers.authorization === `Bearer ${repository.token}`;
    if (path.startsWith(`/api/models/${repository.name}/revision/`)) return repository.gated || allowed ? json(about(repository)) : error(401, "RepoNotFound");
    if (path.startsWith(`/api/models/${repository.name}/tree/`)) return json([...repository.files].map(([file, bytes]) => entry(file, bytes)));
    if (!allowed) return repository.gated ? error(401, "GatedRepo") : error(401, "RepoNotFound");
    const file = path.slice(`/${repository.name}/resolve/`.length).split("/").slice(1).join("/");
    const bytes = repository.files.get(file);
    if (!bytes) return error(404, "EntryNotFound");
    response.setHeader("X-Repo-Commit", repository.revision);
    if (bytes.byteLength < largeFrom) return send(request, response, bytes, `"${sha256(bytes).slice(0, 40)}"`);
    const place = `/${sha256(bytes)}`;
    content.set(place, bytes);
    response.writeHead(302, { Location: `${networkUrl}${place}`, "X-Linked-Size": bytes.byteLength, "X-Linked-ETag": `"${sha256(bytes)}"` }).end();
  });
  const url = await listen(api);

  return Object.assign(state, {
    url,
    storageUrl: networkUrl,
    close: async () => {
      for (const server of [api, network]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  });
}

function search(repositories: readonly TestRepository[], query: URLSearchParams): readonly TestRepository[] {
  const words = (query.get("search") ?? "").toLowerCase();
  const filters = query.getAll("filter");
  const found = repositories.filter(({ name, tags = [], token, gated }) => (token === undefined || gated !== undefined) && name.toLowerCase().includes(words) && filters.every((tag) => tags.includes(tag)));
  return found.toSorted((a, b) => (b.downloads ?? 0) - (a.downloads ?? 0)).slice(0, Number(query.get("limit") ?? 1000));
}

function about({ name, revision, task, tags = [], modelType, parameters, downloads = 0, gated }: TestRepository): unknown {
  return { _id: name, id: name, sha: revision, private: false, gated: gated ?? false, downloads, likes: 1, lastModified: "2024-05-06T07:08:09.000Z", pipeline_tag: task, tags, library_name: "transformers", config: modelType === undefined ? undefined : { model_type: modelType }, safetensors: parameters === undefined ? undefined : { parameters: { F32: parameters }, total: parameters }, cardData: {} };
}

function entry(path: string, bytes: Uint8Array): unknown {
  const common = { type: "file", path, size: bytes.byteLength, oid: createHash("sha1").update(bytes).digest("hex") };
  return bytes.byteLength < largeFrom ? common : { ...common, lfs: { oid: sha256(bytes), size: bytes.byteLength, pointerSize: 134 } };
}
