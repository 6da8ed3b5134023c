/** Every request to the hub goes through here: it adds the token, for the hub alone, and turns what can go wrong into sentences. */
import { CancelledError, GraftError } from "../core/errors.ts";
import type { HubAccess } from "../protocol/hub.ts";

export type Fetch = typeof globalThis.fetch;

export interface AskOptions {
  readonly signal?: AbortSignal;
  /** The network; tests give another. */
  readonly fetch?: Fetch;
}

/** Passing trouble: worth another try. Carries the sentence for when there is none left. */
export class TroubleOnTheWay extends Error {
  readonly sentence: GraftError;
  constructor(sentence: GraftError) {
    super(sentence.message);
    this.sentence = sentence;
  }
}

/** @throws GraftError where it is no address. @returns it without a slash at the end */
export function hubBase({ base }: HubAccess): string {
  const url = URL.canParse(base) ? new URL(base) : null;
  if (url && (url.protocol === "https:" || url.protocol === "http:")) return url.href.replace(/\/+$/, "");
  throw new GraftError({ where: "the hub's address", what: `"${base}" is no web address`, wanted: "one such as https://huggingface.co", next: "Correct it in the hub's settings" });
}

function refusal(response: Response, access: HubAccess): GraftError {
  const { host, pathname } = new URL(response.url);
  const path = decodeURIComponent(pathname);
  // The repository; which of its files or routes answered tells a person nothing more.
  const where = /^\/(?:api\/models\/)?([^/]+\/[^/]+)\/(?:resolve|revision|tree)\//.exec(path)?.[1] ?? `${host}${path}`;
  const code = response.headers.get("X-Error-Code");
  const withToken = access.token ? "Check that your token may read it" : "Give a token that may read it in the hub's settings; it is kept for this session only";
  if (code === "GatedRepo") return new GraftError({ where, what: "its owner wants you to accept terms first", next: `Open it on ${host} and accept them there. ${withToken}` });
  switch (response.status) {
    case 401:
    case 403:
      return new GraftError({ where, what: `there is no such public repository: it is private, or its name is another${access.token ? ", or the token is not valid" : ""}`, next: `Check the name. ${withToken}` });
    case 404:
      return new GraftError({ where, what: "the hub has nothing there", next: "Check the name; it may have been deleted or renamed" });
    case 429:
      return new GraftError({ where: host, what: "it asks for a pause: too many requests from your address", next: "Wait a few minutes and try again" });
    default:
      return new GraftError({ where, what: `the hub answered ${response.status}`, next: "Try again in a while" });
  }
}

function noAnswer(url: string): GraftError {
  const { host } = new URL(url);
  if (globalThis.navigator?.onLine === false) return new GraftError({ where: host, what: "this device is offline", next: "Models that are stored here still work" });
  return new GraftError({ where: host, what: "no answer that this page may read", next: "Check the connection and try again. A hub at another address has to allow pages of other sites (CORS), and Graft has to be started with --hub and that address" });
}

/** `fetch` as the hub's library wants it; an answer that is not ok is thrown. */
export function asker(access: HubAccess, { signal, fetch = globalThis.fetch }: AskOptions = {}): Fetch {
  const { origin } = new URL(hubBase(access));
  return async (input, init) => {
    const url = typeof input === "string" ? input : input instanceof URL ? input.href : input.url;
    const headers = new Headers(init?.headers);
    // Never to where a link or a redirect leads.
    if (access.token && new URL(url).origin === origin) headers.set("Authorization", `Bearer ${access.token}`);
    let response: Response;
    try {
      response = await fetch(url, { ...init, headers, signal: init?.signal ?? signal, referrerPolicy: "no-referrer", credentials: "omit" });
    } catch (error) {
      if (signal?.aborted) throw new CancelledError();
      if (init?.signal?.aborted) throw error;
      throw new TroubleOnTheWay(noAnswer(url));
    }
    if (response.ok || response.status === 416) return response;
    await response.body?.cancel();
    const sentence = refusal(response, access);
    throw response.status === 429 || response.status >= 500 ? new TroubleOnTheWay(sentence) : sentence;
  };
}

/** What a search or a repository's description may bring in all; the longest real ones have a few megabytes. */
const mostBytes = 2 ** 25;
const mostAnswers = 100;

/** `fetch` for answers that are read into memory: of one question, no more than that many, and no more bytes in all. */
function measured(fetch: Fetch, host: string): Fetch {
  let [bytes, answers] = [0, 0];
  const tooMuch = (what: string): GraftError => new GraftError({ where: host, what, next: "Search for another model; this hub or mirror is not in order" });
  return async (input, init) => {
    if (++answers > mostAnswers) throw tooMuch(`its list goes on after ${mostAnswers} pages`);
    const response = await fetch(input, init);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const reader = response.body?.getReader();
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {};
      if (done || value === undefined) break;
      bytes += value.byteLength;
      if (bytes > mostBytes) {
        await reader?.cancel();
        throw tooMuch(`its answer has more than ${mostBytes / 2 ** 20} MB`);
      }
      parts.push(value);
    }
    return new Response(new Blob(parts), { status: response.status, headers: response.headers });
  };
}

/**
 * For what is asked once and not again: passing trouble is as final as any other. What the hub's library throws over an answer that
 * is not what it expects is about the hub.
 */
export async function once<T>(access: HubAccess, options: AskOptions, work: (fetch: Fetch, hubUrl: string) => Promise<T>): Promise<T> {
  const hubUrl = hubBase(access);
  const { host } = new URL(hubUrl);
  try {
    return await work(measured(asker(access, options), host), hubUrl);
  } catch (error) {
    if (error instanceof TroubleOnTheWay) throw error.sentence;
    if (error instanceof GraftError || error instanceof CancelledError) throw error;
    if (options.signal?.aborted) throw new CancelledError();
    throw new GraftError({ where: host, what: `its answer is not what a hub answers (${error instanceof Error ? error.message : String(error)})`, wanted: "the routes of huggingface.co", next: "Check the hub's address in its settings" });
  }
}
